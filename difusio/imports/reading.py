"""Read a CSV file as it comes: find its encoding and delimiter, give its rows with their line numbers.

What a cell means (dates, numbers, people) is for ``shapes`` and the importers.
"""

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from difusio.imports.columns import Column, MissingColumn, Places, place_columns
from difusio.imports.refusal import ImportRefused

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_CHUNK_BYTES: Final = 1 << 20
_HEAD_BYTES: Final = 1 << 16
# A cell longer than this is a quote that was never closed, not a name.
_MAX_CELL: Final = 32_768
# The first bytes of files that people send instead of a CSV.
_MAGIC: Final = {
    b"PK\x03\x04": "a spreadsheet or a zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"SQLite format 3": "a database",
}


_NOTHING: Final = "The file holds nothing but blank lines: export it again."


class FileUnreadable(ImportRefused):
    """The file cannot be opened."""


class FileEmpty(ImportRefused):
    """The file is empty (0 bytes): export it again."""


class NotText(ImportRefused):
    """The file is not a text."""


class EncodingUnknown(ImportRefused):
    """The file is neither UTF-8, nor UTF-16, nor Windows-1252: save it as CSV UTF-8."""


class OnlyHeader(ImportRefused):
    """The file has a header and no rows below it."""


class DelimiterUnknown(ImportRefused):
    """The cells are not parted by comma, semicolon, tab or bar."""


class QuoteOpen(ImportRefused):
    """A quote is opened and never closed."""


class Row(NamedTuple):
    """One row.  line: where it begins in the file, the header on line 1.  fault: why it cannot be used, or empty."""

    line: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file, looked at and found readable.  sha256: of its bytes.  notes: what was decided, as sentences."""

    path: Path
    encoding: str
    delimiter: str
    sha256: bytes
    header: tuple[str, ...]
    places: Places
    notes: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Give the rows below the header in order, blank ones left out; each call reads the file anew.

        Raises QuoteOpen.
        """
        width = len(self.header)
        with self.path.open(encoding=self.encoding, newline="") as file:
            rows = _rows(file, self.delimiter)
            next(rows, None)
            is_wide = self.encoding.startswith("utf-16")
            for row in rows:
                # Other encodings with zero bytes were refused as binaries.
                if is_wide and any("\0" in cell for cell in row.cells):
                    yield row._replace(fault="a cell holds a zero byte")
                elif len(row.cells) == width or row.fault:
                    yield row
                elif not any(row.cells[width:]) and len(row.cells) > width:
                    # Spreadsheets leave empty cells behind the last column.
                    yield Row(row.line, row.cells[:width])
                else:
                    yield row._replace(fault=f"the row has {len(row.cells)} cells, the header {width}")


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, before anybody says what its columns are.  rows: the first ones below the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def look_at(path: Path, *, rows: int) -> Head:
    """Give a file's header and its first rows.  Reads it once.

    Raises FileUnreadable, FileEmpty, NotText, EncodingUnknown, OnlyHeader, QuoteOpen.
    """
    head, _, encoding = _opened(path)
    with path.open(encoding=encoding, newline="") as file:
        found = _rows(file, _delimiter(_head_text(head, encoding)))
        first = [row.cells for _, row in zip(range(rows + 1), found, strict=False)]
    if not first:
        raise FileEmpty(_NOTHING)
    if len(first) == 1:
        raise OnlyHeader(OnlyHeader.__doc__)
    width = len(first[0])
    padded = tuple(tuple([*cells, *[""] * width][:width]) for cells in first[1:])
    return Head(header=tuple(first[0]), rows=padded)


def open_table(
    path: Path,
    columns: Sequence[Column],
    *,
    one_of: Sequence[str] = (),
    chosen: Mapping[int, str] = MappingProxyType({}),
) -> Table:
    """Look at a file: encoding, delimiter, header, columns.  Reads it once, a megabyte at a time.

    one_of: keys of columns of which the file needs at least one.  chosen: see ``place_columns``.

    Raises FileUnreadable, FileEmpty, NotText, EncodingUnknown, DelimiterUnknown, OnlyHeader, QuoteOpen,
    MissingColumn, ColumnTwice.
    """
    head, sha256, encoding = _opened(path)
    text = _head_text(head, encoding)
    delimiter = _delimiter(text)
    with path.open(encoding=encoding, newline="") as file:
        rows = _rows(file, delimiter)
        header = next(rows, None)
        first = next(rows, None)
    if header is None:
        raise FileEmpty(_NOTHING)
    places = _places(header.cells, columns, one_of, chosen)
    if first is None:
        raise OnlyHeader(OnlyHeader.__doc__)
    notes = [f"The file was read as {_SPOKEN[encoding]}, its cells parted by {DELIMITERS[delimiter]}."]
    return Table(
        path=path,
        encoding=encoding,
        delimiter=delimiter,
        sha256=sha256,
        header=tuple(header.cells),
        places=places,
        notes=tuple(notes),
    )


def _opened(path: Path) -> tuple[bytes, bytes, str]:
    try:
        return _look(path)
    except OSError as error:
        raise FileUnreadable(f"The file {path.name} cannot be opened: {error.strerror}.") from None


def _look(path: Path) -> tuple[bytes, bytes, str]:
    """Give the first bytes, the hash of all, and the encoding that all of them fit."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head:
            raise FileEmpty(FileEmpty.__doc__)
        for magic, name in _MAGIC.items():
            if head.startswith(magic):
                raise NotText(f"The file is {name}, not a CSV: open it and save it as CSV UTF-8.")
        wide = _wide_encoding(head)
        candidates = [wide] if wide else ["utf-8-sig", "cp1252"]
        decoders = {name: codecs.getincrementaldecoder(name)() for name in candidates}
        chunk = head
        while chunk:
            digest.update(chunk)
            if not wide and _is_binary(chunk):
                raise NotText("The file is not a text but a binary: save it as CSV UTF-8.")
            _decode(decoders, chunk)
            chunk = file.read(_CHUNK_BYTES)
        _decode(decoders, b"", is_last=True)
    return head, digest.digest(), next(iter(decoders))


def _decode(decoders: dict[str, codecs.IncrementalDecoder], chunk: bytes, *, is_last: bool = False) -> None:
    """Drop the encodings that the bytes do not fit.  Raises EncodingUnknown when none is left."""
    for name in list(decoders):
        try:
            decoders[name].decode(chunk, is_last)
        except UnicodeDecodeError:
            del decoders[name]
    if not decoders:
        raise EncodingUnknown(EncodingUnknown.__doc__)


def _wide_encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: in Western text every other byte of UTF-16 is zero.
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half and odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    if half and even > half * 0.7 and odd < half * 0.1:
        return "utf-16-be"
    return ""


_SPOKEN: Final = {
    "utf-8-sig": "UTF-8",
    "cp1252": "Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1a"))


def _is_binary(chunk: bytes) -> bool:
    """Tell bytes that no text holds: control characters, zero before all."""
    return len(chunk.translate(None, _CONTROLS)) != len(chunk)


def _head_text(head: bytes, encoding: str) -> str:
    # The last character may be cut in two by the end of the head.
    return codecs.getincrementaldecoder(encoding)().decode(head)


def _delimiter(text: str) -> str:
    """Choose the delimiter that parts the header into most cells."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {mark: len(next(csv.reader([first], delimiter=mark), [])) for mark in DELIMITERS}
    return max(counts, key=lambda mark: counts[mark])


def _places(
    header: list[str], columns: Sequence[Column], one_of: Sequence[str], chosen: Mapping[int, str]
) -> Places:
    try:
        return place_columns(header, columns, one_of=one_of, chosen=chosen)
    except MissingColumn:
        if len(header) > 1:
            raise
        seen = header[0].strip()[:60]
        raise DelimiterUnknown(
            f"The header is one single cell, {seen!r}: part the cells with a comma, a semicolon, a tab or a bar."
        ) from None


def _rows(file: io.TextIOBase, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(_MAX_CELL)
    # Strict, because a quote that is never closed would swallow the rest of the file as one cell.
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "expected after" not in str(error):
                raise QuoteOpen(
                    f"A quote is opened on line {begins} and never closed: everything below would be one cell."
                ) from None
            yield Row(begins, [], "a quote stands inside a quoted cell: write it twice")
        else:
            if any(cell.strip() for cell in cells):
                yield Row(begins, cells)
        begins = reader.line_num + 1
