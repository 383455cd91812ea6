"""One sender per number, whoever is frozen, ended or started twice."""

import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from difusio.outbox.models import Attempt, Lease
from difusio.sending.number_sender import TICK_S
from tests.cast import Shop
from tests.faults.stage import PACE_PER_S, TOP_PACE_PER_S, Platform, epoch_of, states
from tests.processes import wait_until
from tests.size import sized

PEOPLE = 400
NUMBERS = sized(3, full=25)
TAKEOVERS = sized(6, full=1_000)
ENDINGS = sized(1, full=25)


def it_lets_one_of_two_senders_send_and_the_other_take_over_when_the_first_is_frozen(
    platform: Platform,
) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, PEOPLE)
    platform.start("send")
    platform.launch(ona)
    platform.wait_for_accepted(ona, 60)
    first = platform.owner(ona)
    epoch = epoch_of(ona)

    first.freeze()
    wait_until(lambda: epoch_of(ona) > epoch, "the other takes over")
    platform.wait_for_accepted(ona, 160)
    woken_at = time.time()
    first.thaw()
    platform.settle(ona)

    truth = platform.truth(ona)
    assert truth.twice == []
    assert set(truth.received) == set(phones)
    late = [row["token"] for row in truth.campaign if row["real_at"] > woken_at]
    epochs = Attempt.objects.filter(token__in=late).values_list("epoch", flat=True)
    assert len(late) > 50
    assert set(epochs) <= {epoch, epoch + 1}
    # All but what was being written when it was frozen: at most what starts within one turn.
    assert list(epochs).count(epoch) <= 1 + PACE_PER_S * TICK_S
    assert first.is_running


def it_posts_in_the_order_of_the_owners_however_often_they_are_frozen(platform: Platform) -> None:
    # Slow numbers, so that many of them leave the machine's processors room: what is proven is the order.
    shops = [platform.shop(pace_per_s=20) for _ in range(NUMBERS)]
    for shop in shops:
        platform.crowd(shop, sized(200, full=8_000))
    platform.start("send")
    campaigns = [platform.launch(shop) for shop in shops]
    for shop in shops:
        platform.wait_for_accepted(shop, 20)
    began = sum(epoch_of(shop) for shop in shops)

    takeovers = 0
    while takeovers < TAKEOVERS:
        frozen = platform.owner(shops[0])
        frozen.freeze()
        try:
            wait_until(lambda pid=frozen.pid: not _numbers_of(pid, shops), "the other has all of its numbers")  # type: ignore[misc]  # bound now
        finally:
            frozen.thaw()
        takeovers = sum(epoch_of(shop) for shop in shops) - began
    for shop in shops:
        platform.settle(shop)

    late = 0
    for shop, campaign in zip(shops, campaigns, strict=True):
        rows = platform.truth(shop).campaign
        told = _epochs(shop)
        posted = [told[row["token"]] for row in sorted(rows, key=_moment)]
        late += sum(other < one for one, other in pairwise(posted))
        platform.check(shop, campaign, parked_at_most=takeovers)
    # Between its last look at the clock and the first byte a process may be frozen too; what it was about to write
    # leaves when it goes on.
    assert late <= max(1, takeovers // 100)


# The top pace wants both cores: beside other tests requests would miss their scaled deadline, and be parked.
@pytest.mark.parametrize("pace", sized([PACE_PER_S], full=[PACE_PER_S, TOP_PACE_PER_S]))
def it_ends_within_seconds_at_full_pace_and_leaves_nothing_in_doubt(platform: Platform, pace: int) -> None:
    ona = platform.shop(pace_per_s=pace)
    platform.crowd(ona, (ENDINGS + 2) * pace)
    campaign = platform.launch(ona)

    for _ in range(ENDINGS):
        platform.wait_for_accepted(ona, platform.accepted(ona) + pace // 2)
        asked_at = time.monotonic()
        assert platform.the("send").end() == 0
        assert time.monotonic() - asked_at < 5
        assert not {"claimed", "sending", "in_doubt"} & states(ona).keys()
        platform.start("send")
    platform.settle(ona)

    platform.check(ona, campaign)


def _numbers_of(pid: int, shops: Sequence[Shop]) -> list[int]:
    owned = Lease.objects.filter(number__in=[shop.number for shop in shops], owner__endswith=f":{pid}")
    return list(owned.values_list("number_id", flat=True))


def _epochs(of: Shop) -> Mapping[str, int]:
    rows = Attempt.objects.filter(number=of.number).values_list("token", "epoch")
    return {token.hex: epoch for token, epoch in rows}


def _moment(row: Mapping[str, Any]) -> float:
    return float(row["real_at"])
