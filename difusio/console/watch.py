"""How a page that moves remembers, in the address it polls, what it shows already.  Pure."""

import zlib
from dataclasses import dataclass
from typing import Final, Self

from difusio.reports.funnel import Funnel

EVERY_S: Final = 2
# After the last message left, receipts and replies trickle in: a minute without a change is the end.
STILL_LIMIT: Final = 30
_OVER: Final = frozenset({"completed", "cancelled"})
_TENTH: Final = 10
_COUNTS: Final = 3
# As long as the longest check sum.
_MAX_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class Watch:
    """What a page shows: the campaign's state, how many tenths are accepted, a check sum of all numbers.

    still: how many answers in a row brought nothing new.
    """

    state: str
    tenths: int
    check_sum: int
    still: int = 0

    @classmethod
    def of(cls, funnel: Funnel) -> Self:
        """Describe what a page with this funnel shows."""
        numbers = [funnel.waiting, *(step.n for step in (*funnel.steps, *funnel.rest, funnel.failed))]
        accepted = funnel.step("accepted")
        return cls(
            state=funnel.state,
            tenths=accepted.n * _TENTH // accepted.of if accepted.of else 0,
            check_sum=zlib.crc32(repr(numbers).encode()),
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what ``str`` wrote; None for anything else, since addresses come from outside."""
        match text.split("."):
            case [state, *counts] if len(counts) == _COUNTS and all(map(_is_count, counts)):
                tenths, check_sum, still = map(int, counts)
                return cls(state, tenths, check_sum, still)
            case _:
                return None

    def __str__(self) -> str:
        return f"{self.state}.{self.tenths}.{self.check_sum}.{self.still}"

    def after(self, seen: Self | None) -> "Watch":
        """Count on from what the page showed before."""
        same = seen is not None and seen.check_sum == self.check_sum and seen.state == self.state
        return Watch(self.state, self.tenths, self.check_sum, seen.still + 1 if seen and same else 0)

    def is_news(self, seen: Self | None) -> bool:
        """Tell whether it is worth reading aloud: another state or another tenth, not every number."""
        return seen is None or (seen.state, seen.tenths) != (self.state, self.tenths)


def _is_count(text: str) -> bool:
    return text.isdecimal() and len(text) <= _MAX_DIGITS


def is_over(funnel: Funnel, watch: Watch) -> bool:
    """Tell whether the page may stop asking: all is sent, and nothing moved for a while."""
    return funnel.state in _OVER and funnel.is_finished and watch.still >= STILL_LIMIT
