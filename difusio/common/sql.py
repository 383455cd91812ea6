"""Named SQL: each query stands in a .sql file beside its module, headed ``-- name: word`` and one sentence."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, LiteralString, Protocol, cast

_HEAD = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


class Cursor(Protocol):
    """What a query needs of a cursor: Django's and psycopg's both have it."""

    @property
    def rowcount(self) -> int: ...

    def execute(self, query: Any, params: Any = None, /) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def fetchone(self) -> Any: ...


class Queries(Mapping[str, LiteralString]):
    """The queries of one .sql file by name; an unknown name is a KeyError at once, not at midnight."""

    def __init__(self, path: Path) -> None:
        parts = _HEAD.split(path.read_text("utf-8"))
        # The text is ours, from our own package: that is what LiteralString promises.
        self._texts = cast("dict[str, LiteralString]", dict(zip(parts[1::2], parts[2::2], strict=True)))

    def __getitem__(self, name: str) -> LiteralString:
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)
