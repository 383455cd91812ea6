"""Rows that only grow, kept in a nameless temporary file so that a million of them cost no memory."""

import tempfile
from array import array


class Journal:
    """Append rows of bytes, read them back by number; the first row is number 1.

    In memory stay eight bytes a row.  The file disappears with the process, however it ends.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=1 << 18)  # noqa: SIM115 - lives as long as the journal
        self._ends = array("Q", [0])
        self._dirty = False
        self.cleared = 0
        """How often all rows were forgotten."""

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, row: bytes) -> int:
        """Add a row; answers its number."""
        self._file.write(row)
        self._ends.append(self._ends[-1] + len(row))
        self._dirty = True
        return len(self._ends) - 1

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
            self._dirty = False
        start = self._ends[first]
        self._file.seek(start)
        block = self._file.read(self._ends[last] - start)
        self._file.seek(0, 2)
        return [block[self._ends[n] - start : self._ends[n + 1] - start] for n in range(first, last)]

    def clear(self) -> None:
        """Forget all rows."""
        self.cleared += 1
        self._file.seek(0)
        self._file.truncate()
        self._ends = array("Q", [0])
        self._dirty = False

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
