"""A person pauses, resumes or cancels while a campaign runs."""

import time

from difusio.campaigns.cancel import cancel
from difusio.campaigns.pause import pause
from difusio.campaigns.resume import resume
from difusio.common.clock import now
from tests.faults.stage import Platform, states
from tests.processes import wait_until

PEOPLE = 240
STOPS_WITHIN_S = 2.0


def it_stops_within_two_seconds_of_a_pause_and_repeats_nobody_when_it_goes_on(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, PEOPLE)
    campaign = platform.launch(ona)
    platform.wait_for_accepted(ona, 80)

    pause(campaign, by="test", at=now())
    paused_at = time.time()
    wait_until(lambda: time.time() > paused_at + STOPS_WITHIN_S + 1, "three seconds have passed")
    while_paused = platform.accepted(ona)
    resumed_at = time.time()
    resume(campaign, by="test", at=now())
    platform.settle(ona)

    truth = platform.truth(ona)
    assert while_paused < PEOPLE
    between = [row for row in truth.campaign if paused_at + STOPS_WITHIN_S < row["real_at"] < resumed_at]
    assert between == []
    assert truth.twice == []
    assert set(truth.received) == set(phones)


def it_ends_what_has_not_started_when_it_is_cancelled(platform: Platform) -> None:
    ona = platform.shop()
    platform.crowd(ona, PEOPLE)
    campaign = platform.launch(ona)
    platform.wait_for_accepted(ona, 80)

    ended = cancel(campaign, by="test", at=now())
    cancelled_at = time.time()
    platform.settle(ona)

    truth = platform.truth(ona)
    assert [row for row in truth.campaign if row["real_at"] > cancelled_at + STOPS_WITHIN_S] == []
    assert len(truth.received) + ended.deliveries == PEOPLE
    assert states(ona)["cancelled"] == ended.deliveries
    assert cancel(campaign, by="test", at=now()).deliveries == 0
