"""Rows that only grow, kept in nameless temporary files so that a million of them cost no memory."""

import sys
import tempfile
from array import array
from itertools import pairwise
from os import SEEK_END
from typing import IO

_END_BYTES = 8


class Journal:
    """Append rows of bytes, read them back by number; the first row is number 1.

    In memory stays nothing but buffers.  The files disappear with the process, however it ends.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=1 << 18)  # noqa: SIM115 - lives as long as the journal
        # Where each row ends, in eight bytes; before the first stands a zero.
        self._ends = tempfile.TemporaryFile(buffering=1 << 16)  # noqa: SIM115 - lives as long as the journal
        self._dirty = False
        self.cleared = -1
        """How often all rows were forgotten."""
        self.clear()

    def __len__(self) -> int:
        return self._rows

    def append(self, row: bytes) -> int:
        """Add a row; answers its number."""
        self._file.write(row)
        self._size += len(row)
        self._ends.write(self._size.to_bytes(_END_BYTES, sys.byteorder))
        self._dirty = True
        self._rows += 1
        return self._rows

    def row(self, number: int) -> bytes:
        """Read one row."""
        return self.rows(after=number - 1, limit=1)[0]

    def rows(self, *, after: int, limit: int) -> list[bytes]:
        """Read up to `limit` rows whose number is above `after`, in order."""
        first = max(after, 0)
        last = min(first + limit, len(self))
        if first >= last:
            return []
        if self._dirty:
            self._file.flush()
            self._ends.flush()
            self._dirty = False
        ends = array("Q", _read(self._ends, first * _END_BYTES, (last + 1) * _END_BYTES))
        start = ends[0]
        block = _read(self._file, start, ends[-1])
        return [block[begin - start : end - start] for begin, end in pairwise(ends)]

    def clear(self) -> None:
        """Forget all rows."""
        self.cleared += 1
        for file in (self._file, self._ends):
            file.seek(0)
            file.truncate()
        self._ends.write(bytes(_END_BYTES))
        self._rows = self._size = 0
        self._dirty = True

    def close(self) -> None:
        """Give the files back."""
        self._file.close()
        self._ends.close()


def _read(file: IO[bytes], start: int, end: int) -> bytes:
    """Read a stretch, and leave the file where appending goes on."""
    file.seek(start)
    found = file.read(end - start)
    file.seek(0, SEEK_END)
    return found
