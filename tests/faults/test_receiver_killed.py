"""A receiver and a drain that are killed again and again lose no webhook and count none twice."""

from random import Random

from tests.faults.stage import PACE_PER_S, TOP_PACE_PER_S, Platform, counters, phones_in, states
from tests.processes import wait_until
from tests.size import sized

PEOPLE = sized(320, full=60_000)
KILLS = sized(6, full=100)
PACE = sized(PACE_PER_S, full=TOP_PACE_PER_S)
# A hundred processes that start within two minutes keep a small machine so busy that some requests miss their deadline,
# which is a tenth of the real one; Meta never took these.
PARKED_AT_MOST = sized(0, full=PEOPLE // 200)


def it_folds_in_every_webhook_once_however_often_receiver_and_drain_are_killed(platform: Platform) -> None:
    ona = platform.shop(pace_per_s=PACE)
    phones = platform.crowd(ona, PEOPLE)
    before = platform.statuses_made()
    dice = Random(5)
    moments = sorted(dice.sample(range(10, PEOPLE - 20), KILLS))
    campaign = platform.launch(ona)

    for place, moment in enumerate(moments):
        platform.wait_for_accepted(ona, moment)
        name = ("receive", "drain")[place % 2]
        platform.the(name).kill()
        platform.start(name)
    wait_until(platform.receiver_answers, "the receiver answers")
    platform.settle(ona)

    made = platform.statuses_made() - before
    truth, parked = platform.truth(ona), phones_in(ona, "parked")
    told = counters(ona)
    assert truth.twice == []
    assert set(truth.received) | parked == set(phones)
    assert set(truth.received) & parked == set()
    assert states(ona).keys() <= {"delivered", "read", "parked"}
    assert told["accepted"] == told["sent"] == len(truth.received)
    assert told["sent"] + told["delivered"] + told["read"] == made
    platform.check(ona, campaign, kills=KILLS, parked_at_most=PARKED_AT_MOST)
