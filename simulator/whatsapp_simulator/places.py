"""Where a member stands in a text of JSON, for whoever has to mend it."""

import re
from collections.abc import Iterator
from json import JSONDecoder

_PATH = re.compile(r"at `\$([^`]*)`")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_SPACE = re.compile(r"[ \t\n\r]*")


def place_of(text: str, complaint: str) -> str:
    """Find what a complaint of msgspec's is about: "line 3, column 10"; text: right JSON.

    Where the path goes on through a free object, the object is told.
    """
    path = _PATH.search(complaint)
    at = _past_space(text, 0)
    for name, index in _STEP.findall(path[1] if path else ""):
        within = _items(text, at) if index else _members(text, at)
        at = next((value for known, _, value in within if known == (index or name)), at)
    unknown = _UNKNOWN.search(complaint)
    if unknown is not None:
        at = next((key for name, key, _ in _members(text, at) if name == unknown[1]), at)
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """List an object's members: name, and where name and value begin."""
    if text[at] != "{":
        return
    while True:
        key = _past_space(text, at + 1)
        if text[key] != '"':
            return
        name, after = JSONDecoder().raw_decode(text, key)
        value = _past_space(text, _past_space(text, after) + 1)
        yield name, key, value
        at = _end(text, value)
        if text[at] != ",":
            return


def _items(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """List an array's items, as above; the name is the number."""
    if text[at] != "[":
        return
    number, value = 0, _past_space(text, at + 1)
    while text[value] != "]":
        yield str(number), value, value
        end = _end(text, value)
        number, value = number + 1, _past_space(text, end + 1) if text[end] == "," else end


def _end(text: str, value: int) -> int:
    """Find the comma or bracket behind a value."""
    return _past_space(text, JSONDecoder().raw_decode(text, value)[1])


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
