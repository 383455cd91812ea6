"""What the pages for strangers show really works, and the reference names every path there is."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from whatsapp_simulator.control import Control
from whatsapp_simulator.life import Life
from whatsapp_simulator.simulator import Simulator

DOCS = Path(__file__).resolve().parent.parent / "docs"

pytest_plugins = ["pytester"]


def _sample(page: str, kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def it_shows_a_test_for_pytest_that_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_shown=_sample("how-to-pytest.md", "python"))

    pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:django").assert_outcomes(passed=1)


def it_shows_a_test_for_node_that_passes(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        missing = "Node is missing (on Debian: apt-get install nodejs)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    (tmp_path / "whatsapp.test.mjs").write_text(_sample("how-to-node.md", "js"))
    commands = str(Path(sys.executable).parent)

    ended = subprocess.run(
        [node, "--test", "whatsapp.test.mjs"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "pass 2" in ended.stdout


def it_names_every_path_of_the_control_plane() -> None:
    table = (DOCS / "reference.md").read_text("utf-8").split("## Control plane", 1)[1].split("\n### ", 1)[0]

    async def look() -> list[str]:
        async with Simulator() as simulator:
            return list(Control(simulator.world, Life(simulator.world))._acts)

    paths = asyncio.run(look())

    assert [path for path in paths if not re.search(rf"`{re.escape(path)}[`?]", table)] == []
