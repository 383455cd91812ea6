"""The messaging limit: how many people a portfolio may reach outside windows in a moving day, and how it rises.

Source: DOC/messaging-limits (read September 2026); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections.abc import Callable, Hashable
from typing import Any

from whatsapp_simulator.limits import RollingSpan
from whatsapp_simulator.scenario import Limits, MessagingStep, Number
from whatsapp_simulator.schedule import Schedule

STEPS: dict[MessagingStep, int | None] = {
    "TIER_250": 250,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": None,
}
_ORDER = tuple(STEPS)
_DAY_S = 86_400.0
# The first step is left by reaching as many people as the second one holds, within thirty days.
_FIRST, _FIRST_SPAN_S, _FIRST_PEOPLE = "TIER_250", 30 * _DAY_S, 2_000
_UNLIMITED = -1


class Portfolio:
    """The step of the portfolio, shared by its numbers, and whom they reached.

    is_healthy: tells whether quality is high on all numbers.  changed: is told the new step.
    """

    def __init__(
        self,
        *,
        limits: Callable[[], Limits],
        schedule: Schedule,
        is_healthy: Callable[[], bool],
        changed: Callable[[MessagingStep], None],
    ) -> None:
        self._limits = limits
        self._schedule = schedule
        self._is_healthy = is_healthy
        self._changed = changed
        self.begin("TIER_UNLIMITED")

    def begin(self, step: MessagingStep) -> None:
        """Start with a step and without anybody reached."""
        self.step: MessagingStep = step
        self._day = RollingSpan(_DAY_S)
        self._month = RollingSpan(_FIRST_SPAN_S)
        self._rise_is_due = False

    @property
    def most(self) -> int | None:
        """How many people a day; None without limit."""
        return STEPS[self.step]

    def used(self, now: float) -> int:
        """Count the people reached in the last day; of a portfolio without limit nobody is counted."""
        return self._day.used(now)

    def lets_through(self, person: Hashable, now: float, *, counts: bool = True) -> bool:
        """Tell whether a message outside a window may reach the person, and count it; simulated seconds.

        counts: false for one that will never arrive.
        """
        most = self.most
        if most is None or not self._limits().messaging_limit:
            return True
        if not self._day.has_room(person, now, most):
            return False
        if counts:
            self._day.take(person, now)
            self._rise_later(person, now, most)
        return True

    def change(self, step: MessagingStep) -> None:
        """Put the portfolio on another step; it is told if it is another one."""
        if step == self.step:
            return
        self.step = step
        self._rise_is_due = False
        self._changed(step)

    def _rise_later(self, person: Hashable, now: float, most: int) -> None:
        if self._rise_is_due or not self._limits().raises:
            return
        if self.step == _FIRST:
            self._month.take(person, now)
            has_earned = self._month.used(now) >= _FIRST_PEOPLE
        else:
            has_earned = self._day.used(now) * 2 >= most
        if has_earned:
            self._rise_is_due = True
            self._schedule.at(now + self._limits().raise_after_s, self._rise, self.step)

    def _rise(self, _due: float, step: MessagingStep) -> None:
        self._rise_is_due = False
        if self.step == step and self._limits().raises and self._is_healthy():
            self.change(_ORDER[_ORDER.index(step) + 1])


def highest(numbers: tuple[Number, ...]) -> MessagingStep:
    """Find the step of a portfolio: the highest of its numbers', as when Meta joined them in October 2025."""
    return max((number.messaging_limit for number in numbers), key=_ORDER.index, default="TIER_UNLIMITED")


def capability(step: MessagingStep) -> dict[str, Any]:
    """Write `business_capability_update`; a portfolio without limit has -1."""
    most = STEPS[step]
    numbers = {"max_phone_numbers_per_business": 2} if step == _FIRST else {"max_phone_numbers_per_waba": 25}
    return {"max_daily_conversations_per_business": _UNLIMITED if most is None else most, **numbers}
