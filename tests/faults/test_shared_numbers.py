"""Several senders share the numbers: who comes gets some, and what somebody leaves is taken up by the others."""

import time
from collections import Counter

import pytest

from difusio.common.clock import now
from difusio.numbers.models import Number
from difusio.outbox.models import Lease
from tests.cast import Shop
from tests.faults.stage import Platform, phones_in
from tests.processes import wait_until

NUMBERS = 6
PEOPLE = 800
PACE_PER_S = 20
# What one commit of intents holds at most at this pace.
MOST_INTENDED = 2
# Six campaigns of 40 s each, on a machine that does other things as well.
_PATIENCE_S = 240.0


@pytest.mark.timeout(600)
def it_shares_the_numbers_out_again_whenever_a_sender_comes_or_goes(platform: Platform) -> None:
    shops = [platform.shop(pace_per_s=PACE_PER_S) for _ in range(NUMBERS)]
    # The other tests' numbers would be shared out as well.
    Number.objects.exclude(pk__in=[of.number.pk for of in shops]).update(stopped_for="368")
    everybody = [set(platform.crowd(of, PEOPLE)) for of in shops]
    for of in shops:
        platform.launch(of)
    wait_until(lambda: list(_owners(platform, shops).values()) == [NUMBERS], "one sends for all")

    platform.start("send")
    third = platform.start("send")
    wait_until(lambda: sorted(_owners(platform, shops).values()) == [2, 2, 2], "three share six numbers")
    _all_go_on(platform, shops)

    third.kill()
    wait_until(
        lambda: sorted(_owners(platform, shops).values()) == [3, 3], "two share them when one was killed"
    )
    _all_go_on(platform, shops)

    platform.running("send")[1].end()
    wait_until(lambda: list(_owners(platform, shops).values()) == [NUMBERS], "one sends for all again")
    for of, phones in zip(shops, everybody, strict=True):
        platform.settle(of, timeout_s=_PATIENCE_S)
        truth = platform.truth(of)
        # What the killed one had intended and not yet posted is parked, and nothing else.
        parked = phones_in(of, "parked")
        assert truth.twice == []
        assert set(truth.received) | parked == phones
        assert set(truth.received) & parked == set()
        assert len(parked) <= MOST_INTENDED


def _owners(platform: Platform, shops: list[Shop]) -> Counter[int]:
    """Count the shops' numbers by the process that sends for them now."""
    running = {sender.pid for sender in platform.running("send")}
    owners = Lease.objects.filter(number__in=[of.number for of in shops], expires_at__gt=now())
    return Counter(
        pid
        for owner in owners.values_list("owner", flat=True)
        if (pid := int(owner.rpartition(":")[2])) in running
    )


def _all_go_on(platform: Platform, shops: list[Shop]) -> None:
    """See messages leave from every number."""
    so_far = [platform.accepted(of) for of in shops]
    began_at = time.monotonic()
    wait_until(
        lambda: all(platform.accepted(of) >= n + PACE_PER_S for of, n in zip(shops, so_far, strict=True)),
        "every number goes on",
    )
    assert time.monotonic() - began_at < 15
