"""Every bench runs, and says the same eight things; how fast is for the reader of its line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from difusio.project.bench import BENCHES

KEYS = ["name", "figure", "unit", "yardstick", "ratio", "peak_mb", "store", "conditions"]


@pytest.mark.parametrize("name", BENCHES)
def it_says_a_figure_its_yardstick_and_the_conditions(name: str) -> None:
    # Of these two a size is a second.
    size = {"pace": "3", "beside": "2"}.get(name, "100")
    said = _bench(name, "--size", size, "--url", os.environ["DATABASE_URL"])

    assert list(said) == KEYS
    assert said["name"] == name
    assert said["figure"] > 0
    assert said["ratio"] == pytest.approx(said["figure"] / said["yardstick"], rel=0.02)
    assert said["conditions"]["cores"] == os.cpu_count()


@pytest.mark.skipif(sys.platform == "win32", reason="the embedded store is for Linux and macOS")
def it_measures_on_a_durable_store_of_its_own_and_leaves_nothing_behind(tmp_path: Path) -> None:
    said = _bench("segment", "--size", "100", TMPDIR=str(tmp_path))

    assert said["store"].startswith("embedded PostgreSQL")
    assert said["conditions"]["fsync"] == "on"
    assert list(tmp_path.glob("difusio-bench-*")) == []


def _bench(*arguments: str, **environment: str) -> dict[str, Any]:
    command = shutil.which("difusio", path=str(Path(sys.executable).parent))
    assert command is not None
    run = subprocess.run(
        [command, "bench", *arguments, "--json"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return said
