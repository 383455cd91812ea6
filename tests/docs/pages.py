"""The pages under test, and how to read them."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
DOCS: Final = ROOT / "docs"
REFERENCE: Final = DOCS / "reference"
HOUSE: Final = ROOT / "difusio"

PAGES: Final = sorted(
    path
    for path in [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *HOUSE.glob("*/README.md"),
        ROOT / "difusio_checker" / "README.md",
        ROOT / "simulator" / "README.md",
        *(ROOT / "simulator" / "docs").glob("*.md"),
    ]
    if path.exists()
)
NAMES: Final = [str(path.relative_to(ROOT)) for path in PAGES]

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def fenced(path: Path, kind: str) -> list[str]:
    """Give the fenced examples of a page, of one kind."""
    return [text for found, text in _FENCE.findall(path.read_text("utf-8")) if found == kind]


def prose(path: Path) -> str:
    """Give a page without its fenced examples."""
    return _FENCE.sub("", path.read_text("utf-8"))


def rows(path: Path, heading: str) -> list[list[str]]:
    """Give the cells of the first table below a heading."""
    part = path.read_text("utf-8").split(f"# {heading}\n", 1)[1].split("\n## ", 1)[0]
    table = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in table[2:]]


def words(path: Path, heading: str) -> list[str]:
    """Give the first column of a table, without its code marks."""
    return [cells[0].strip("`") for cells in rows(path, heading)]
