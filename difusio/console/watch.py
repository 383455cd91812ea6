"""How a page that moves remembers, in the address it polls, what it shows already.  Pure."""

import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from difusio.reports.funnel import Funnel

EVERY_S: Final = 2
# After the last message left, receipts and replies trickle in: a minute without a change is the end.
STILL_LIMIT: Final = 30
_OVER: Final = frozenset({"completed", "cancelled"})
_TENTH: Final = 10
_COUNTS: Final = 5
# The pace is measured over so long, so that it does not jump with every answer.
_MEASURED_S: Final = 10
# As long as the longest check sum.
_MAX_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class Watch:
    """What a page shows: the campaign's state, how many tenths are accepted, a check sum of all numbers.

    still: how many answers in a row brought nothing new.  accepted, at: how many were accepted at which second of the
    clock, to measure the pace from; at 0: not measured.
    """

    state: str
    tenths: int
    check_sum: int
    still: int = 0
    accepted: int = 0
    at: int = 0

    @classmethod
    def of(cls, funnel: Funnel, *, at: datetime | None = None) -> Self:
        """Describe what a page with this funnel shows, at a moment."""
        numbers = [funnel.waiting, *(step.n for step in (*funnel.steps, *funnel.rest, funnel.failed))]
        accepted = funnel.step("accepted")
        return cls(
            state=funnel.state,
            tenths=accepted.n * _TENTH // accepted.of if accepted.of else 0,
            check_sum=zlib.crc32(repr(numbers).encode()),
            accepted=accepted.n,
            at=int(at.timestamp()) if at else 0,
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what ``str`` wrote; None for anything else, since addresses come from outside."""
        match text.split("."):
            case [state, *counts] if len(counts) == _COUNTS and all(map(_is_count, counts)):
                return cls(state, *map(int, counts))
            case _:
                return None

    def __str__(self) -> str:
        return f"{self.state}.{self.tenths}.{self.check_sum}.{self.still}.{self.accepted}.{self.at}"

    def after(self, seen: Self | None) -> "Watch":
        """Count on from what the page showed before."""
        same = seen is not None and seen.check_sum == self.check_sum and seen.state == self.state
        still = seen.still + 1 if seen and same else 0
        if seen is not None and seen.at and 0 <= self.at - seen.at < _MEASURED_S:
            # Not long enough ago: the pace goes on being measured from there.
            return Watch(self.state, self.tenths, self.check_sum, still, seen.accepted, seen.at)
        return replace(self, still=still)

    def pace(self, seen: Self | None) -> int | None:
        """Give how many were accepted a second since then; None where nothing was measured."""
        if seen is None or not seen.at or self.at <= seen.at or self.accepted < seen.accepted:
            return None
        return round((self.accepted - seen.accepted) / (self.at - seen.at))

    def is_news(self, seen: Self | None) -> bool:
        """Tell whether it is worth reading aloud: another state or another tenth, not every number."""
        return seen is None or (seen.state, seen.tenths) != (self.state, self.tenths)


def _is_count(text: str) -> bool:
    return text.isdecimal() and len(text) <= _MAX_DIGITS


def is_over(funnel: Funnel, watch: Watch) -> bool:
    """Tell whether the page may stop asking: all is sent, and nothing moved for a while."""
    return funnel.state in _OVER and funnel.is_finished and watch.still >= STILL_LIMIT
