"""The file of refused rows: its line, the reason, and the row as it was, made harmless for spreadsheets."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from difusio.imports.formulas import neutral
from difusio.imports.reading import Table

_LINE: Final = "line"


def refused_path(source: Path) -> Path:
    """Say where refused rows go when nobody says otherwise: beside the file."""
    return source.with_name(f"{source.stem}.refused.csv")


def draft_of(target: Path) -> Path:
    """Name the draft that becomes ``target`` once the import is committed."""
    return target.with_name(f".{target.name}.{os.getpid()}.draft")


def write_refused(table: Table, refused: Iterable[tuple[int, str]], path: Path) -> None:
    """Write the refused rows of a file.  refused: line and reason, sorted by line.  Reads the file once.

    The file holds what people sent us, phones and names too: only its owner may read it.
    """
    waiting = iter(refused)
    wanted = next(waiting, None)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # A byte-order mark and the delimiter of the original: whoever opened that one can open this one.
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=table.delimiter, lineterminator="\r\n")
        writer.writerow([_LINE, "reason", *(neutral(heading) for heading in table.header)])
        for row in table.rows():
            if wanted is None:
                return
            if row.line == wanted[0]:
                writer.writerow([row.line, wanted[1], *(neutral(cell) for cell in row.cells)])
                wanted = next(waiting, None)


def delimiter_of(refused: str) -> str:
    """Tell what parts the cells of such a file: it stands right behind the first heading, which is ours."""
    return refused[len(_LINE)]
