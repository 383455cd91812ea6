"""How many more people a portfolio may write to within Meta's messaging limit.

Meta counts the different people that all numbers of a portfolio open a conversation with in a moving 24 hours.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits (read 2026-11-22).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, Sum

from difusio.numbers.models import Number
from difusio.outbox.models import Tally

_WINDOW: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Headroom:
    """limit: people a day, None: unlimited.  used: at most so many of them, since counters do not know people apart."""

    limit: int | None
    used: int

    @property
    def left(self) -> int | None:
        """How many more people Meta surely takes now; None: any number."""
        return None if self.limit is None else max(0, self.limit - self.used)


def headroom(number: Number, *, at: datetime) -> Headroom:
    """Add up what the number's portfolio sent as templates in batches of the last day or still under way.

    number: with its portfolio at hand.  Cost: 1 query over counters; none without a limit.
    """
    limit = number.portfolio.messaging_limit
    if limit is None:
        return Headroom(None, 0)
    used = Tally.objects.filter(
        Q(batch__created_at__gt=at - _WINDOW) | Q(batch__is_open=True),
        batch__number__portfolio=number.portfolio_id,
        batch__template__isnull=False,
        measure="accepted",
    ).aggregate(n=Sum("n"))["n"]
    return Headroom(limit, int(used or 0))
