"""Pages hold together: links lead somewhere, examples can be read, each folder says what it is for."""

import json
import re
from pathlib import Path

import pytest

from difusio.segments.tree import parse
from tests.docs.pages import DOCS, HOUSE, NAMES, PAGES, REFERENCE, ROOT, fenced, prose

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PICTURE = re.compile(r'<img src="([^"]+)"')
_APPS = sorted(path.parent for path in HOUSE.glob("*/__init__.py"))


def anchors(path: Path) -> set[str]:
    """Give the names that a page's headings can be linked by."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def it_links_to_what_is_there(path: Path) -> None:
    for link in _LINK.findall(prose(path)) + _PICTURE.findall(prose(path)):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), link
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), link


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def it_shows_json_that_can_be_read(path: Path) -> None:
    for example in fenced(path, "json"):
        for line in example.splitlines() if example.count("\n{") else [example]:
            json.loads(line)


@pytest.mark.parametrize("example", fenced(REFERENCE / "segment-tree.md", "json"))
def it_shows_segments_that_can_be_asked(example: str) -> None:
    parse(json.loads(example))


def it_shows_a_segment_in_the_how_to_that_can_be_asked() -> None:
    examples = fenced(DOCS / "how-to" / "import-orders.md", "json")

    assert len(examples) == 1
    parse(json.loads(examples[0]))


@pytest.mark.parametrize("folder", _APPS, ids=[path.name for path in _APPS])
def it_says_in_ten_lines_or_so_what_each_folder_is_for(folder: Path) -> None:
    readme = folder / "README.md"

    assert readme.exists()
    text = readme.read_text("utf-8")
    assert text.startswith(f"# {folder.name}\n")
    assert len(text.splitlines()) <= 40


@pytest.mark.parametrize("folder", _APPS, ids=[path.name for path in _APPS])
def it_names_modules_that_exist(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8")

    for name in re.findall(r"`([a-z_/]+\.(?:py|sql))`", text):
        assert (folder / name).exists() or list(folder.rglob(name)), name
    for module, act in re.findall(r"`([a-z_]+)\.([A-Za-z_]+)`", text):
        if act not in {"py", "sql"} and (folder / f"{module}.py").exists():
            assert re.search(rf"\b{act}\b", (folder / f"{module}.py").read_text("utf-8")), f"{module}.{act}"


def it_lists_every_decision() -> None:
    folder = DOCS / "decisions"
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text("utf-8"))

    assert listed == sorted(path.name for path in folder.glob("0*.md"))


@pytest.mark.parametrize("path", sorted((DOCS / "decisions").glob("0*.md")), ids=lambda path: path.stem)
def it_keeps_a_decision_on_a_page(path: Path) -> None:
    text = path.read_text("utf-8")

    assert len(text.splitlines()) <= 60
    assert re.search(r"^Date: \d{4}-\d{2}-\d{2} · Status: \w+", text, re.MULTILINE)
    positions = [text.index(f"## {part}") for part in ("Context", "Decision", "Consequences")]
    assert positions == sorted(positions)


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def it_names_files_of_the_house_that_exist(path: Path) -> None:
    for name in re.findall(r"`((?:difusio|simulator|tools|tests)/[\w/.]+)`", prose(path)):
        assert (ROOT / name).exists(), name


def it_names_files_in_the_architecture_that_exist() -> None:
    folders = {path.name for path in _APPS}
    for name in re.findall(r"`([a-z_]+/[\w/.]+)`", prose(DOCS / "architecture.md")):
        if name.split("/")[0] in folders:
            assert (HOUSE / name).exists(), name


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def it_raises_its_voice_nowhere(path: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", prose(path)).replace("![", "[").replace("<!--", "")

    assert "!" not in text
    assert "successfully" not in text.lower()
