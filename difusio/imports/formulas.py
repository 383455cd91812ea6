"""Cells that a spreadsheet would run instead of showing them.

A cell that can only be a formula is refused.  Everything else is text for us and never evaluated; what we write into
CSV files of our own goes through ``neutral``.
Source: owasp.org/www-community/attacks/CSV_Injection (general knowledge, not read again).
"""

import re
from typing import Final

# Nobody's name begins so.
_ALWAYS: Final = re.compile(r"[=\t\r]")
# Phones, negative numbers and handles begin so too; a call, a pipe or a sheet makes it a formula.
_WITH_CALL: Final = re.compile(r"[+\-@][^\d\s].*[(|!]|[+\-]\d+[+\-*/^].*[(|!]", re.DOTALL)
_RUN_BY_SPREADSHEETS: Final = ("=", "+", "-", "@", "\t", "\r")


def is_formula(cell: str) -> bool:
    """Tell a formula from text that merely begins like one (``+34 600 123 456``, ``-5``, ``@anna``)."""
    # Nearly every cell begins with a letter or a digit; this is asked for each cell of a million rows.
    if not cell.startswith(_RUN_BY_SPREADSHEETS):
        return False
    return bool(_ALWAYS.match(cell) or _WITH_CALL.match(cell))


def neutral(cell: str) -> str:
    """Put an apostrophe before whatever a spreadsheet might run."""
    return f"'{cell}" if cell.startswith(_RUN_BY_SPREADSHEETS) else cell
