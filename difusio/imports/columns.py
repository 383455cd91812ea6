"""Find a file's columns by the names that shops and spreadsheets give them, in English, Spanish and Catalan."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from difusio.imports.refusal import ImportRefused


class MissingColumn(ImportRefused):
    """The file lacks a column that the import needs."""


class ColumnTwice(ImportRefused):
    """Two columns of the file mean the same."""


# What a column may be besides one of the known things: a field of the person, or nothing to us.
FIELD: Final = "field"
LEFT_OUT: Final = "left_out"


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that a file may tell.  names: how it may be headed, the first is the one we ask for."""

    key: str
    names: tuple[str, ...]
    is_needed: bool = False

    @classmethod
    def named(cls, key: str, names: str, *, is_needed: bool = False) -> "Column":
        """Make a column whose headings stand in one text, parted by commas."""
        return cls(key, tuple(names.split(", ")), is_needed)


@dataclass(frozen=True, slots=True)
class Places:
    """Where in a row each thing stands.  others: the columns that no name claims, by their heading."""

    known: Mapping[str, int]
    others: Mapping[str, int]

    def __contains__(self, key: str) -> bool:
        return key in self.known

    def cell(self, cells: Sequence[str], key: str) -> str:
        """Give the cell without the blanks around it; empty when the file has no such column."""
        place = self.known.get(key)
        return cells[place].strip() if place is not None else ""


def keys_of(header: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Say what each column of a file is by its heading: a key, or FIELD."""
    by_name = {plain(name): column.key for column in columns for name in column.names}
    return [by_name.get(plain(heading), FIELD) for heading in header]


def place_columns(
    header: Sequence[str],
    columns: Sequence[Column],
    *,
    one_of: Sequence[str] = (),
    chosen: Mapping[int, str] = MappingProxyType({}),
) -> Places:
    """Match the header with the columns, at least one of ``one_of`` among them.

    chosen: what a person said a column is (by its place): a key, FIELD, or LEFT_OUT.
    Raises MissingColumn and ColumnTwice.
    """
    known: dict[str, int] = {}
    others: dict[str, int] = {}
    for place, (heading, named) in enumerate(zip(header, keys_of(header, columns), strict=True)):
        key = chosen.get(place, named)
        if key == LEFT_OUT:
            continue
        if key == FIELD:
            if heading.strip():
                others[heading.strip()] = place
        elif key in known:
            raise ColumnTwice(
                f"The columns {header[known[key]]!r} and {heading!r} mean the same: leave one of them."
            )
        else:
            known[key] = place
    missing = [column.names[0] for column in columns if column.is_needed and column.key not in known]
    if not missing and one_of and not known.keys() & set(one_of):
        missing = [" or ".join(column.names[0] for column in columns if column.key in one_of)]
    if missing:
        found = ", ".join(repr(heading.strip()[:40]) for heading in header[:20])
        raise MissingColumn(f"The column {', '.join(missing)} is missing; the file has: {found}.")
    return Places(known=known, others=others)


def plain(heading: str) -> str:
    """Write a heading without case, accents, blanks and signs: ``Núm. client`` becomes ``numclient``."""
    letters = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(letter for letter in letters if letter.isalnum())
