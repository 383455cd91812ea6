"""Meta's example requests, answers and webhooks, which live outside the repository."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "DIFUSIO_CLOUD_API_EXAMPLES"


def examples() -> Path:
    """Return the folder of examples; without one the test is skipped, and on CI it fails."""
    folder = os.environ.get(VARIABLE, "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    message = f"{VARIABLE} names no folder with Meta's examples"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@cache
def example(path: str) -> Any:
    """Return one example as JSON."""
    return json.loads((examples() / path).read_text("utf-8"))


def webhook(name: str) -> bytes:
    """Return one example webhook as the bytes of a POST."""
    return json.dumps(example(f"webhooks/{name}.json")).encode()


def webhook_names() -> list[str]:
    """Name every example webhook."""
    return sorted(path.stem for path in (examples() / "webhooks").glob("*.json"))
