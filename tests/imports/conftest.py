"""The cast of the imports' tests: one shop with one topic, and files written on the spot."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from difusio.accounts.models import Workspace
from difusio.consent.models import Topic, TopicKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

Write = Callable[..., Path]


@pytest.fixture
def shop(db: None) -> Workspace:
    shop = Workspace.objects.create(name="Shop", created_at=NOW)
    Topic.objects.create(workspace=shop, key="offers", name="Offers", kind=TopicKind.MARKETING)
    return shop


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*lines: str, name: str = "file.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
        return path

    return written
