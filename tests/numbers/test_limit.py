"""What Meta says of a portfolio's messaging limit holds from then on."""

from datetime import timedelta
from itertools import permutations

import pytest

from difusio.accounts.models import AuditEntry
from difusio.cloud_api.news import UNLIMITED
from difusio.numbers.limit import hear_limit
from difusio.numbers.models import Portfolio
from tests.cast import NOON, shop

pytestmark = pytest.mark.django_db


def it_keeps_to_another_limit_and_writes_the_change_down_once() -> None:
    portfolio = shop().number.portfolio
    Portfolio.objects.update(messaging_limit=250, rests_until=NOON, counts_since=NOON)

    for _ in range(2):
        hear_limit([portfolio.pk], 2_000, at=NOON)

    portfolio.refresh_from_db()
    assert (portfolio.messaging_limit, portfolio.rests_until, portfolio.counts_since) == (2_000, None, NOON)
    (entry,) = AuditEntry.objects.filter(act="portfolio.limit_changed")
    assert (entry.actor, entry.details) == ("Meta", {"portfolio": portfolio.pk, "before": 250, "now": 2_000})


def it_counts_anew_after_a_time_without_limit() -> None:
    portfolio = shop().number.portfolio
    Portfolio.objects.update(messaging_limit=250, counts_since=NOON)

    hear_limit([portfolio.pk], UNLIMITED, at=NOON)

    portfolio.refresh_from_db()
    assert (portfolio.messaging_limit, portfolio.counts_since) == (None, None)


def it_gives_the_same_limit_for_any_order_and_repetition_of_news() -> None:
    portfolio = shop().number.portfolio
    told = [(250, 0), (10_000, 2), (2_000, 1), (UNLIMITED, 2)]
    for order in permutations(told):
        Portfolio.objects.update(messaging_limit=250, limit_told_at=None)

        for limit, hours in (*order, *order[:2]):
            hear_limit([portfolio.pk], limit, at=NOON, told_at=NOON + timedelta(hours=hours))

        portfolio.refresh_from_db()
        assert portfolio.messaging_limit == 10_000
