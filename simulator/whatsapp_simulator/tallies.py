"""What really happened, by template and by number, as analytics tell it: counted per day and half hour.

Everything is counted under the time it happened at; a template's reads and clicks only in the week after sending.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

DAY_S = 86_400
HALF_HOUR_S = 1_800
_WEEK_S = 7 * DAY_S
_OLDEST_DAYS = 400
_JUDGED_EVERY = 50


@dataclass(slots=True)
class Day:
    """One template on one day of the world's clock, in UTC."""

    sent: int = 0
    delivered: int = 0
    read: int = 0
    blocks: int = 0
    cost: float = 0.0
    clicks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind of button and its label."""


class Stretch(NamedTuple):
    """What half an hour of an account's messages is told by."""

    start: int
    phone: str
    country: str
    category: str
    pricing_type: str


@dataclass(slots=True)
class Amount:
    """How many messages, and what they cost."""

    sent: int = 0
    delivered: int = 0
    cost: float = 0.0


@dataclass(slots=True)
class Counted:
    """A message as far as counting goes."""

    template_id: str
    phone: str
    country: str
    category: str
    sent_at: float


class Tallies:
    """All counters for analytics and quality."""

    def __init__(self) -> None:
        self._days: dict[str, dict[int, Day]] = defaultdict(dict)
        self.stretches: dict[Stretch, Amount] = {}
        self._recent: dict[str, dict[int, Day]] = defaultdict(dict)

    def forget(self) -> None:
        """Forget everything."""
        self._days.clear()
        self.stretches.clear()
        self._recent.clear()

    def sent(self, message: Counted, at: float) -> None:
        """Count a message that was sent."""
        self._amount(message, at, "").sent += 1
        if message.template_id:
            self._day(self._days, message.template_id, at).sent += 1

    def delivered(self, message: Counted, at: float, *, price: float, pricing_type: str) -> bool:
        """Count a message that arrived; price: what it costs.  Tell whether it is time to judge the template."""
        amount = self._amount(message, at, pricing_type)
        amount.delivered += 1
        amount.cost += price
        if not message.template_id:
            return False
        day = self._day(self._days, message.template_id, at)
        day.delivered += 1
        day.cost += price
        recent = self._day(self._recent, message.template_id, at)
        recent.delivered += 1
        return recent.delivered % _JUDGED_EVERY == 0

    def read(self, message: Counted, at: float) -> None:
        """Count a message that was read."""
        if message.template_id and at < message.sent_at + _WEEK_S:
            self._day(self._days, message.template_id, at).read += 1
            self._day(self._recent, message.template_id, at).read += 1

    def clicked(self, template_id: str, at: float, *, kind: str, label: str) -> None:
        """Count a tap on a button."""
        self._day(self._days, template_id, at).clicks[kind, label] += 1

    def blocked(self, template_id: str, at: float) -> None:
        """Count somebody who blocked the business because of a template."""
        for days in (self._days, self._recent):
            self._day(days, template_id, at).blocks += 1

    def judge_anew(self, template_id: str) -> None:
        """Leave what was before out of the template's quality."""
        self._recent.pop(template_id, None)

    def days(self, template_id: str, *, start: float, end: float) -> Iterator[tuple[int, Day]]:
        """List a template's days that begin in a span, oldest first: (seconds since 1970, day)."""
        for number, day in sorted(self._days.get(template_id, {}).items()):
            if start <= number * DAY_S < end:
                yield number * DAY_S, day

    def week(self, template_id: str, at: float) -> Day:
        """Add up the last seven days, as far as they count for quality."""
        total, first = Day(), int(at - _WEEK_S) // DAY_S
        for number, day in self._recent.get(template_id, {}).items():
            if number > first:
                total.delivered += day.delivered
                total.read += day.read
                total.blocks += day.blocks
        return total

    @staticmethod
    def _day(by_template: dict[str, dict[int, Day]], template_id: str, at: float) -> Day:
        days, number = by_template[template_id], int(at) // DAY_S
        day = days.get(number)
        if day is None:
            day = days[number] = Day()
            for old in [known for known in days if known < number - _OLDEST_DAYS]:
                del days[old]
        return day

    def _amount(self, message: Counted, at: float, pricing_type: str) -> Amount:
        start = int(at) // HALF_HOUR_S * HALF_HOUR_S
        stretch = Stretch(start, message.phone, message.country, message.category, pricing_type)
        amount = self.stretches.get(stretch)
        if amount is None:
            amount = self.stretches[stretch] = Amount()
        return amount
