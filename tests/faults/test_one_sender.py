"""One sender per number, whoever is frozen, ended or started twice."""

import time

from difusio.outbox.models import Attempt
from tests.faults.stage import Platform, epoch_of, states, wait_until

PEOPLE = 400


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
    assert set(epochs) == {epoch + 1}
    assert first.is_running


def it_ends_within_seconds_at_full_pace_and_leaves_nothing_in_doubt(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, 240)
    platform.launch(ona)
    platform.wait_for_accepted(ona, 80)

    asked_at = time.monotonic()
    code = platform.the("send").end()

    assert code == 0
    assert time.monotonic() - asked_at < 5
    assert not {"claimed", "sending", "in_doubt"} & states(ona).keys()
    platform.start("send")
    platform.settle(ona)
    assert platform.truth(ona).twice == []
    assert set(platform.truth(ona).received) == set(phones)
