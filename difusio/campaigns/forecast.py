"""How a launch would go: who waits for the morning, who had enough, when it is done, who comes too late.  Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from difusio.campaigns.models import CampaignKind
from difusio.outbox.freeze import Judged

# How long a campaign is of use when nobody says otherwise.
USUAL_LIFE: Final[Mapping[CampaignKind, timedelta]] = {
    CampaignKind.LAUNCH: timedelta(days=3),
    CampaignKind.OFFER: timedelta(days=3),
    CampaignKind.SERVICE_ALERT: timedelta(hours=12),
}

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """finish_at: when the last of them has left.  asleep: how many of them wait for the end of their quiet hours.

    had_enough: how many the cap or the topic's promise leaves out, as things stand.  ends_at: what has not left by then
    does not leave any more; late: how many that will be.
    """

    finish_at: datetime
    asleep: int
    had_enough: int
    ends_at: datetime
    late: int


def ends_at(kind: str, not_after: datetime | None, *, leaves_at: datetime) -> datetime:
    """Say when a campaign that leaves at ``leaves_at`` is of no use any more."""
    return not_after or leaves_at + USUAL_LIFE[CampaignKind(kind)]


def forecast(
    eligible: Iterable[Judged],
    *,
    leaves_at: datetime,
    pace_per_s: float,
    ends_at: datetime,
    at_once: int = 0,
    a_day: int | None = None,
) -> Forecast:
    """Let everybody leave in their turn, at the number's pace, none before their quiet hours end.

    a_day: to how many people a day Meta lets us write after the first ``at_once``; None: to any number.
    """
    waiting: Counter[datetime] = Counter()
    asleep = had_enough = 0
    for row in eligible:
        had_enough += row.had_enough
        asleep += row.people if row.asleep_until else 0
        waiting[row.asleep_until or leaves_at] += row.people - row.had_enough
    at, late = leaves_at, 0
    for begins, people in sorted(waiting.items()):
        at = max(at, begins)
        in_time = max(0, int((ends_at - at).total_seconds() * pace_per_s))
        late += max(0, people - in_time)
        at += timedelta(seconds=people / pace_per_s)
    if a_day is not None:
        days = max(0, (ends_at - leaves_at) // _DAY)
        late = max(late, waiting.total() - at_once - days * a_day)
    return Forecast(finish_at=at, asleep=asleep, had_enough=had_enough, ends_at=ends_at, late=late)
