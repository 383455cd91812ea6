"""What a caller wants to see: `fields=a,b{c},d.start(1).end(2)`, and pages with cursors.

Source: https://developers.facebook.com/docs/graph-api/guides/field-expansion (read 2026-11-22)
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from whatsapp_simulator.graph.errors import Problem, RefusedError, parameter, refused
from whatsapp_simulator.reading import whole

_DEFAULT_LIMIT = 25
_HIGHEST_LIMIT = 1000
_CURSOR_MARK = "row:"
_NAME = re.compile(r"[A-Za-z0-9_]+")
_NOT_IN_NEXT = frozenset({"after", "before", "access_token", "appsecret_proof"})
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Field:
    """A field that was asked for, with what stands in brackets behind it."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    fields: tuple["Field", ...] | None = None


Lazy = Callable[[Field], Any]
"""A fact that is worked out only when somebody asks; the field holds its arguments."""


def asked(text: str) -> tuple[Field, ...]:
    """Read `fields`; raises RefusedError where it is not written as Graph wants it."""
    read, end = _read_fields(text, 0, 0)
    if end != len(text):
        raise _syntax(text)
    return read


def chosen(
    facts: Mapping[str, Any], fields: tuple[Field, ...], *, shown: tuple[str, ...], node: str
) -> dict[str, Any]:
    """Choose the facts that were asked for, or those shown to who asks for none; `id` is always there.

    A fact that is None is left out.  Raises RefusedError for a field that the node does not have.
    """
    wanted = fields or tuple(Field(name) for name in shown)
    for one in wanted:
        if one.name not in facts:
            raise parameter(f"(#100) Tried accessing nonexisting field ({one.name}) on node type ({node})")
    found: dict[str, Any] = {}
    for one in (*wanted, Field("id")):
        if one.name in found or one.name not in facts:
            continue
        value = facts[one.name]
        value = value(one) if callable(value) else _within(value, one.fields)
        if value is not None:
            found[one.name] = value
    return found


def page(rows: list[Any], query: Mapping[str, str], url: str) -> dict[str, Any]:
    """Cut one page out of the rows, with the cursors to go on and back."""
    limit = whole(query.get("limit", _DEFAULT_LIMIT), most=_HIGHEST_LIMIT)
    if not limit:
        raise parameter(f"(#100) Param limit must be a number between 1 and {_HIGHEST_LIMIT}")
    if "before" in query and "after" not in query:
        end = max(_row_of(query["before"]) - 1, 0)
        start = max(end - limit, 0)
    else:
        start = _row_of(query["after"]) if "after" in query else 0
        end = start + limit
    cut = rows[start:end]
    if not cut:
        return {"data": []}
    after = _cursor(start + len(cut))
    paging: dict[str, Any] = {"cursors": {"before": _cursor(start + 1), "after": after}}
    if start + len(cut) < len(rows):
        kept = {name: value for name, value in query.items() if name not in _NOT_IN_NEXT}
        paging["next"] = f"{url}?{urlencode({**kept, 'after': after})}"
    return {"data": cut, "paging": paging}


def _read_fields(text: str, start: int, depth: int) -> tuple[tuple[Field, ...], int]:
    if depth > _DEEPEST:
        raise _syntax(text)
    read: list[Field] = []
    while start < len(text) and text[start] != "}":
        if text[start] in ", \t\r\n":
            start += 1
            continue
        found = _NAME.match(text, start)
        if found is None:
            raise _syntax(text)
        start, arguments = found.end(), {}
        while start < len(text) and text[start] == ".":
            word = _NAME.match(text, start + 1)
            end = text.find(")", start)
            if word is None or end < 0 or text[word.end() : word.end() + 1] != "(":
                raise _syntax(text)
            arguments[word[0]] = text[word.end() + 1 : end]
            start = end + 1
        within: tuple[Field, ...] | None = None
        if start < len(text) and text[start] == "{":
            within, start = _read_fields(text, start + 1, depth + 1)
            if start >= len(text):
                raise _syntax(text)
            start += 1
        read.append(Field(found[0], arguments, within))
    return tuple(read), start


def _syntax(text: str) -> RefusedError:
    return RefusedError(Problem(2500, 400, f'Syntax error "Expected name." in fields: {text[:80]}'))


def _within(value: Any, fields: tuple[Field, ...] | None) -> Any:
    """Cut an object inside a fact down to the fields asked for; those it does not have are left out."""
    if not fields:
        return value
    if isinstance(value, list):
        return [_within(one, fields) for one in value]
    if isinstance(value, dict):
        return {one.name: _within(value[one.name], one.fields) for one in fields if one.name in value}
    return value


def _cursor(row: int) -> str:
    return base64.urlsafe_b64encode(f"{_CURSOR_MARK}{row}".encode()).decode().rstrip("=")


def _row_of(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, UnicodeDecodeError):
        text = ""
    row = whole(text.removeprefix(_CURSOR_MARK)) if text.startswith(_CURSOR_MARK) else None
    if row is None:
        raise refused(131059, "The cursor is corrupt or has expired.")
    return row
