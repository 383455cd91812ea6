"""The reference says what the code says."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from difusio.campaigns.models import CampaignState
from difusio.cloud_api.verdicts import TABLE
from difusio.outbox.bounds import QUIET
from difusio.outbox.models import State
from difusio.project.settings import SETTINGS
from difusio.reports.states import COMPLETED
from difusio.rules.packs import WHATSAPP_SPAIN
from difusio.segments.tree import COLUMNS, TESTS
from tests.docs.pages import DOCS, HOUSE, REFERENCE, ROOT, rows, words
from tools.paste_help import PAGES as GENERATED
from tools.paste_help import pasted


@pytest.mark.parametrize("path", list(GENERATED), ids=lambda path: path.name)
def it_is_pasted_anew_when_the_code_changes(path: Path) -> None:
    page = path.read_text("utf-8")

    assert pasted(page, GENERATED[path]) == page, "run: python -m tools.paste_help"


def it_lists_every_setting() -> None:
    text = (REFERENCE / "settings.md").read_text("utf-8")

    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [setting.name for setting in SETTINGS]


def it_lists_every_error_of_metas() -> None:
    text = (REFERENCE / "errors.md").read_text("utf-8")

    assert [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)] == sorted(TABLE)


def it_lists_every_rule() -> None:
    text = (REFERENCE / "rules.md").read_text("utf-8")

    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [rule.key for rule in WHATSAPP_SPAIN.rules]


def it_tells_every_state_of_a_campaign() -> None:
    page = REFERENCE / "states.md"

    assert set(words(page, "A campaign")) == {*CampaignState.values, COMPLETED}


def it_tells_every_state_of_a_delivery_in_the_order_of_the_code() -> None:
    page = REFERENCE / "states.md"

    assert sorted(words(page, "A delivery")) == sorted(State.values)


def it_draws_only_states_that_exist() -> None:
    text = (REFERENCE / "states.md").read_text("utf-8")
    known = {*State.values, *CampaignState.values, COMPLETED}

    drawn = set(re.findall(r"^ +(\w+) -->", text, re.MULTILINE)) | set(
        re.findall(r"--> (\w+)", text, re.MULTILINE)
    )

    assert drawn <= known
    assert set(State.values) <= drawn


def it_tells_every_reason_of_a_skip() -> None:
    assert set(words(REFERENCE / "states.md", "Why somebody was skipped")) == written_reasons()


def written_reasons() -> set[str]:
    """Find the reasons that the code writes beside a skipped delivery."""
    freeze = (HOUSE / "outbox" / "freeze.sql").read_text("utf-8")
    permission = (HOUSE / "consent" / "permission.py").read_text("utf-8")
    claim = (HOUSE / "outbox" / "claim.sql").read_text("utf-8")
    rendering = (HOUSE / "sending" / "rendering.py").read_text("utf-8")
    bounds = (HOUSE / "outbox" / "bounds.py").read_text("utf-8")
    found = set(re.findall(r"THEN '(\w+)'", freeze + permission + bounds)) - {"skipped", "queued", QUIET}
    found |= set(re.findall(r"(?:THEN|ELSE) '(left|window_closed)'", claim))
    return found | set(re.findall(r'return "(\w+)"', rendering))


def it_lists_every_event_in_the_log() -> None:
    listed = {
        (cells[0].strip("`"), cells[1])
        for cells in rows(REFERENCE / "events-in-the-log.md", "Events in the log")
    }

    assert listed == set(logged_events())


def logged_events() -> Iterator[tuple[str, str]]:
    """Find the constant names that the log is called with, and their levels."""
    levels = {"info": "info", "warning": "warning", "error": "error", "exception": "error"}
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=level), args=[ast.Constant(value=str(name)), *_]):
                    if level in levels and re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
                        yield name, levels[level]


def it_tells_every_test_of_a_field() -> None:
    told = [word for cell in words(REFERENCE / "segment-tree.md", "field") for word in cell.split("`, `")]

    assert sorted(told) == sorted(TESTS)
    text = (REFERENCE / "segment-tree.md").read_text("utf-8")
    assert all(f"`{name}`" in text for name in COLUMNS)


def it_draws_the_layers_that_are_enforced() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    enforced = [
        [name.strip() for name in line.split("|") if "(" not in name]
        for line in contracts[0]["layers"]
        if line != "__main__"
    ]

    told = [re.findall(r"`(\w+)`", cells[1]) for cells in rows(DOCS / "architecture.md", "Layers")]

    assert [sorted(line) for line in told] == [sorted(line) for line in enforced if line]


def it_says_the_version_in_the_changelog() -> None:
    from difusio import __version__

    text = (ROOT / "CHANGELOG.md").read_text("utf-8")

    assert f"\n## {__version__} " in text


def it_names_only_tests_of_faults_that_exist() -> None:
    page = (REFERENCE / "failure-matrix.md").read_text("utf-8")
    parts = ("campaigns", "clock", "faults", "outbox", "project", "receiving")
    files = [path for part in parts for path in (ROOT / "tests" / part).glob("test_*.py")]
    there = set(
        re.findall(r"^def (it_\w+)", "".join(path.read_text("utf-8") for path in files), re.MULTILINE)
    )

    named = set(re.findall(r"`(it_\w+)`", page))

    assert len(named) > 20
    assert named - there == set()
