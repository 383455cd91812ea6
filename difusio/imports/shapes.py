"""How a file writes dates and numbers: decided once for the whole file from its cells, then held to.  Pure.

A file that contradicts itself is refused: half of its dates would be wrong, and nobody could tell which half.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Final, Literal

from difusio.imports.refusal import ImportRefused

DateOrder = Literal["iso", "d/m/Y", "m/d/Y"]

_DATE: Final = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})"
    r"(?:[ T]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*([AaPp]\.?[Mm]\.?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_YEAR_DIGITS: Final = 4
_MONTHS: Final = 12
_NOON: Final = 12

# Number forms: unmistakably decimal comma, unmistakably decimal point, and what each allows.
_SURE_COMMA: Final = re.compile(r"-?(\d{1,3}(\.\d{3})+,\d+|\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3}){2,})")
_SURE_POINT: Final = re.compile(r"-?(\d{1,3}(,\d{3})+\.\d+|\d+\.(\d{1,2}|\d{4,})|\d{1,3}(,\d{3}){2,})")
_WITH_COMMA: Final = re.compile(r"-?(\d{1,15}|\d{1,3}(\.\d{3}){1,4})(,\d{1,10})?")
_WITH_POINT: Final = re.compile(r"-?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,10})?")
# Blanks of every width, currency signs and words around a number.
_AROUND_NUMBER: Final = re.compile(r"[\s\u00a0\u202f'’€$£]|EUR|USD|GBP", re.IGNORECASE)


class DatesContradict(ImportRefused):
    """The file writes the day first in one place and the month first in another."""


class NumbersContradict(ImportRefused):
    """The file writes a decimal comma in one place and a decimal point in another."""


class UnreadableCellError(ValueError):
    """A cell holds no date or number of the file's shape; the message is the reason for the row."""


@dataclass(slots=True)
class DateShape:
    """Collects evidence from each date cell, then decides.  order: given by the person, or "" to find out."""

    order: DateOrder | Literal[""] = ""
    _day_first: tuple[int, str] | None = None
    _month_first: tuple[int, str] | None = None
    _is_open: bool = False

    def see(self, text: str, line: int) -> None:
        """Look at a cell; what is no date is left to ``read``."""
        match = _DATE.fullmatch(text)
        if not match or len(match[1]) == _YEAR_DIGITS:
            return
        first, second = int(match[1]), int(match[2])
        if first > _MONTHS >= second:
            self._day_first = self._day_first or (line, text)
        elif second > _MONTHS >= first:
            self._month_first = self._month_first or (line, text)
        else:
            self._is_open = True

    def decide(self, *, prefers_day_first: bool) -> str:
        """Settle the order and say it in a sentence, empty when there was nothing to settle.

        prefers_day_first: what the rest of the file or the workspace suggests when no date tells.
        Raises DatesContradict.
        """
        if self.order:
            return f"Dates were read as {self.order}, as asked."
        if self._day_first and self._month_first:
            (a_line, a_text), (b_line, b_text) = self._day_first, self._month_first
            raise DatesContradict(
                f"Line {a_line} writes the day first ({a_text}), line {b_line} the month first ({b_text}): "
                "write all dates alike, best as 2026-03-31."
            )
        if self._day_first:
            self.order = "d/m/Y"
            return f"Dates were read as day/month/year: line {self._day_first[0]} can be nothing else."
        if self._month_first:
            self.order = "m/d/Y"
            return f"Dates were read as month/day/year: line {self._month_first[0]} can be nothing else."
        if self._is_open:
            self.order = "d/m/Y" if prefers_day_first else "m/d/Y"
            words = "day/month/year" if prefers_day_first else "month/day/year"
            return (
                f"Dates were read as {words}; no date of the file tells it from the other order: check one."
            )
        self.order = "iso"
        return ""

    def read(self, text: str, zone: tzinfo) -> datetime:
        """Read one cell; without an offset it is local time in ``zone``.  Raises UnreadableCellError."""
        match = _DATE.fullmatch(text)
        if not match:
            raise UnreadableCellError("is no date")
        first, second, third, hour, minute, seconds, half, offset = match.groups()
        if len(first) == _YEAR_DIGITS:
            year, month, day = first, second, third
        elif self.order == "m/d/Y":
            year, month, day = third, first, second
        else:
            year, month, day = third, second, first
        try:
            return datetime(
                _year(year),
                int(month),
                int(day),
                _hour(int(hour or 0), half or ""),
                int(minute or 0),
                int(seconds or 0),
                tzinfo=_offset(offset) if offset else zone,
            )
        except ValueError:
            raise UnreadableCellError("is no date of the calendar in this file's order") from None


@dataclass(slots=True)
class NumberShape:
    """Collects evidence from each number cell, then decides between decimal comma and decimal point."""

    comma: bool = False
    _sure_comma: tuple[int, str] | None = None
    _sure_point: tuple[int, str] | None = None
    _shape: re.Pattern[str] = field(default=_WITH_POINT, repr=False)

    def see(self, text: str, line: int) -> None:
        """Look at a cell; what is no number is left to ``read``."""
        # Most cells are plain digits and tell nothing.
        if text.isdigit():
            return
        bare = _AROUND_NUMBER.sub("", text)
        if _SURE_COMMA.fullmatch(bare):
            self._sure_comma = self._sure_comma or (line, text)
        elif _SURE_POINT.fullmatch(bare):
            self._sure_point = self._sure_point or (line, text)

    def decide(self, *, prefers_comma: bool) -> str:
        """Settle the sign and say it in a sentence.  Raises NumbersContradict."""
        if self._sure_comma and self._sure_point:
            (a_line, a_text), (b_line, b_text) = self._sure_comma, self._sure_point
            raise NumbersContradict(
                f"Line {a_line} writes a decimal comma ({a_text}), line {b_line} a decimal point ({b_text}): "
                "write all numbers alike."
            )
        self.comma = bool(self._sure_comma) or (prefers_comma and not self._sure_point)
        self._shape = _WITH_COMMA if self.comma else _WITH_POINT
        return f"Numbers were read with a decimal {'comma' if self.comma else 'point'}."

    def read(self, text: str) -> Decimal:
        """Read one cell.  Raises UnreadableCellError."""
        bare = text if text.isdigit() else _AROUND_NUMBER.sub("", text)
        if not bare.isascii() or not self._shape.fullmatch(bare):
            raise UnreadableCellError("is no number as this file writes them")
        if self.comma:
            return Decimal(bare.replace(".", "").replace(",", "."))
        return Decimal(bare.replace(",", ""))


def _year(text: str) -> int:
    if len(text) == _YEAR_DIGITS:
        return int(text)
    if len(text) == _YEAR_DIGITS // 2:
        return 2000 + int(text)
    raise ValueError(text)


def _hour(hour: int, half: str) -> int:
    if not half:
        return hour
    if not 1 <= hour <= _NOON:
        raise ValueError(half)
    return hour % _NOON + (_NOON if half[0] in "Pp" else 0)


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if text[0] == "-" else span)
