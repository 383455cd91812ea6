"""Meta's messaging limit, counted from outside: the simulator turns down whoever is too many in any moving day."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F

from difusio.numbers.models import Number, Portfolio
from difusio.outbox.models import Reached
from tests.cast import Shop
from tests.faults.stage import Platform, counters
from tests.processes import wait_until

LIMIT = 250
PEOPLE = 320
A_DAY_LATER = timedelta(hours=25)


@pytest.fixture
def limited(platform: Platform) -> Iterator[Platform]:
    """Let Meta keep the lowest limit, and raise it only when the test says so."""
    platform.control("PUT", "limits", {"raises": False})
    platform.control("PUT", "messaging-limit", {"step": "TIER_250"})
    yield platform
    platform.control("PUT", "messaging-limit", {"step": "TIER_UNLIMITED"})
    platform.control("PUT", "limits", {})


def it_never_writes_to_more_people_than_meta_allows_and_goes_on_with_the_days_and_with_the_limit(
    limited: Platform,
) -> None:
    ona = limited.shop()
    Portfolio.objects.filter(pk=ona.number.portfolio_id).update(messaging_limit=LIMIT)
    beside = _second_number(limited, ona)
    limited.crowd(ona, PEOPLE)

    # Two campaigns to the same people, from two numbers at once: they share the room and the people in it.
    limited.launch(ona)
    limited.launch(beside)
    wait_until(lambda: _got_both(limited, ona, beside) == LIMIT, "everybody with a place got both messages")
    assert limited.control("GET", "messaging-limit")["used"] == _reached(ona) == LIMIT

    # The clocks move on by a day, at Meta's and here: the places are free again.
    limited.control("POST", "clock/advance", {"seconds": A_DAY_LATER.total_seconds()})
    Reached.objects.filter(portfolio=ona.number.portfolio_id).update(at=F("at") - A_DAY_LATER)
    wait_until(lambda: _got_both(limited, ona, beside) == PEOPLE, "the others got both messages too")
    limited.settle(ona)
    assert limited.truth(ona).twice == limited.truth(beside).twice == []

    # Another campaign uses up the room; then Meta tells by webhook that the limit is higher.
    limited.launch(ona)
    wait_until(lambda: _reached(ona) == LIMIT, "the room is used up")
    limited.control("PUT", "messaging-limit", {"step": "TIER_2K"})
    limited.settle(ona)
    assert set(limited.truth(ona).received.values()) == {2}

    assert not [name for name in counters(ona) if name.startswith("failed")]


def _second_number(platform: Platform, of: Shop) -> Shop:
    """Give the shop another number of the simulator's, in the same account and portfolio."""
    account = str(platform.control("GET", "setup")["waba_id"])
    other = platform.shop().number
    Number.objects.filter(pk=other.pk).update(workspace=of.workspace, portfolio=of.number.portfolio_id)
    Number.objects.filter(pk__in=(of.number.pk, other.pk)).update(waba_id=account)
    of.template.waba_id = account
    of.template.save()
    of.number.refresh_from_db()
    other.refresh_from_db()
    return Shop(of.workspace, other, of.offers, of.alerts, of.template)


def _reached(of: Shop) -> int:
    return Reached.objects.filter(portfolio=of.number.portfolio_id).count()


def _got_both(platform: Platform, *shops: Shop) -> int:
    """Count the people who got a message from each number."""
    return len(set.intersection(*(set(platform.truth(of).received) for of in shops)))
