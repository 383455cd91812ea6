"""The filters that a merge field may use; each is made once from its arguments and changes one text into another."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from liquid.builtin.expressions import KeywordArgument, PositionalArgument, StringLiteral
from liquid.builtin.expressions.primitive import IntegerLiteral

from difusio.cloud_api.values import fitted
from difusio.message_templates.errors import MessageTemplateError

Change = Callable[[str], str]
Argument = KeywordArgument | PositionalArgument

_LONGEST = 1024
_LIQUIDS_LENGTH = 50  # what Liquid's own truncate takes without an argument
_DATE_FORMAT = re.compile(r"(?:%-?[dmYyHM]|[^%{}])+")


class BadFilterError(MessageTemplateError):
    """%(name)s cannot stand here: write default: "friend", upcase, downcase, capitalize, truncate: 20 or date."""


def _default(arguments: Sequence[Argument]) -> Change:
    (instead,) = _arguments("default", arguments, (str,))
    text = fitted(str(instead))
    return lambda value: value or text


def _upcase(arguments: Sequence[Argument]) -> Change:
    _arguments("upcase", arguments, ())
    return str.upper


def _downcase(arguments: Sequence[Argument]) -> Change:
    _arguments("downcase", arguments, ())
    return str.lower


def _capitalize(arguments: Sequence[Argument]) -> Change:
    _arguments("capitalize", arguments, ())
    return str.capitalize


def _truncate(arguments: Sequence[Argument]) -> Change:
    """Cut after so many characters, the end mark included, as Liquid does."""
    allowed: tuple[type, ...] = (int, str)
    length, end = [
        *_arguments("truncate", arguments, allowed[: len(arguments)]),
        *(_LIQUIDS_LENGTH, "...")[len(arguments) :],
    ]
    if not isinstance(length, int) or not 1 <= length <= _LONGEST:
        raise BadFilterError(name=f"truncate: {length}")
    mark = fitted(str(end))
    kept = max(length - len(mark), 0)
    return lambda value: value if len(value) <= length else (value[:kept] + mark)


def _date(arguments: Sequence[Argument]) -> Change:
    """Write an ISO date in another order; what is no ISO date stays as it is written.

    Figures only: the names of days and months would need a language.
    """
    (pattern,) = _arguments("date", arguments, (str,))
    if not isinstance(pattern, str) or not _DATE_FORMAT.fullmatch(pattern):
        raise BadFilterError(name=f"date: {pattern}")
    pieces = re.split(r"(%-?[dmYyHM])", pattern)

    def change(value: str) -> str:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return value
        return "".join([_date_part(at, piece) if piece.startswith("%") else piece for piece in pieces])

    return change


def _date_part(at: datetime, directive: str) -> str:
    # Not strftime: %-d is not known on every system, and %Y of the year 33 differs between them.
    figures = {
        "d": f"{at.day:02}",
        "m": f"{at.month:02}",
        "Y": f"{at.year:04}",
        "y": f"{at.year % 100:02}",
        "H": f"{at.hour:02}",
        "M": f"{at.minute:02}",
    }
    text = figures[directive[-1]]
    return text.lstrip("0") or "0" if "-" in directive else text


def _arguments(name: str, arguments: Sequence[Argument], kinds: tuple[type, ...]) -> list[str | int]:
    """Read the literal arguments; anything else than these kinds in this number is refused."""
    found: list[str | int] = []
    for argument in arguments:
        literal = argument.value
        if isinstance(argument, PositionalArgument) and isinstance(literal, StringLiteral | IntegerLiteral):
            found.append(literal.value)
    if len(found) != len(arguments) or [type(value) for value in found] != [*kinds]:
        raise BadFilterError(name=name)
    return found


FILTERS: Final[Mapping[str, Callable[[Sequence[Argument]], Change]]] = MappingProxyType(
    {
        "default": _default,
        "upcase": _upcase,
        "downcase": _downcase,
        "capitalize": _capitalize,
        "truncate": _truncate,
        "date": _date,
    }
)
