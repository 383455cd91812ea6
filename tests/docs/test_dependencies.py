"""The page names exactly the packages that the two pyproject.toml name, each with the licence it states of itself."""

import re
import tomllib
from importlib.metadata import files, metadata
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "reference" / "dependencies.md"


def _rows(heading: str) -> dict[str, str]:
    """Read a table: package → licence."""
    section = _PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {row[0]: row[2] for row in rows if row[0] != "Package"}


def _project(folder: str) -> dict[str, Any]:
    return tomllib.loads((_ROOT / folder / "pyproject.toml").read_text("utf-8"))


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", requirement)[0].lower() for requirement in requirements}


RUNNING = _rows("What runs")
BUILDING = _rows("What builds, checks and tests")


def it_names_what_runs() -> None:
    named: set[str] = set()
    for folder in (".", "simulator"):
        project = _project(folder)["project"]
        named |= _names(project["dependencies"])
        for extra in project.get("optional-dependencies", {}).values():
            named |= _names(extra)

    assert set(RUNNING) == named


def it_names_what_builds_and_tests() -> None:
    assert set(BUILDING) == _names(_project(".")["dependency-groups"]["dev"])


def it_names_every_package_in_order() -> None:
    for table in (RUNNING, BUILDING):
        assert list(table) == sorted(table)


@pytest.mark.parametrize(("package", "licence"), sorted({**RUNNING, **BUILDING}.items()))
def it_states_the_licence_that_the_package_states(package: str, licence: str) -> None:
    facts = metadata(package)
    texts = [file.read_text("utf-8") for file in files(package) or [] if file.name == "LICENSE"]
    stated = [
        line.rpartition(" :: ")[2]
        for field in ("License-Expression", "License", "Classifier")
        for line in facts.get_all(field) or []
        if field != "Classifier" or line.startswith("License")
    ] or [text.partition("\n")[0] for text in texts]

    assert any(licence in statement for statement in stated)
