"""A sender that is killed again and again loses nobody and writes to nobody twice."""

from random import Random

from tests.faults.stage import PACE_PER_S, TOP_PACE_PER_S, Platform, counters, epoch_of, phones_in, states
from tests.size import sized

PEOPLE = sized(300, full=100_000)
KILLS = sized(5, full=100)
PACE = sized(PACE_PER_S, full=TOP_PACE_PER_S)
# Of the requests: answers lost, 500 after Meta took it, 500 before.
LOST, ERROR_AFTER, ERROR_BEFORE = sized((0.03, 0.03, 0.02), full=(0.005, 0.005, 0.005))
# The requests that start within one tick of the sender share a commit; a busy machine makes a tick a little longer.
ONE_COMMIT = sized(8, full=60)


def it_loses_nobody_and_repeats_nobody_however_often_the_sender_is_killed(platform: Platform) -> None:
    ona = platform.shop(pace_per_s=PACE)
    phones = platform.crowd(ona, PEOPLE)
    on_this_number = {"phone_number_id": ona.number.phone_number_id}
    platform.faults(
        {"kind": "lose_answer", "rate": LOST, **on_this_number},
        {"kind": "error_after", "rate": ERROR_AFTER, **on_this_number},
        {"kind": "error_before", "rate": ERROR_BEFORE, **on_this_number},
    )
    dice = Random(20261122)
    moments = sorted(dice.sample(range(5, PEOPLE - PACE), KILLS))
    platform.start("send")  # a second one waits, and takes over when the first is gone
    campaign = platform.launch(ona)

    for moment in moments:
        platform.wait_for_accepted(ona, moment)
        platform.owner(ona).kill()
        platform.start("send")
    platform.settle(ona)

    # Each kill changes hands; sharing numbers out among senders may, too.
    assert epoch_of(ona) > KILLS
    truth = platform.truth(ona)
    parked = phones_in(ona, "parked")
    assert truth.twice == []
    assert set(truth.received) | parked == set(phones)
    assert set(truth.received) & parked == set()
    found = states(ona)
    assert sum(found.values()) == PEOPLE
    assert found.get("parked", 0) == len(parked)
    assert set(found) <= {"sent", "delivered", "read", "parked"}
    told = counters(ona)
    assert told["audience"] == PEOPLE
    assert told["accepted"] == len(truth.received)
    assert told.get("in_doubt", 0) == 0
    before = platform.control("GET", "counts")["faults"].get("error_before", 0)
    # Whatever Meta refused with a 500 is parked, and nothing else but the intents of the moments of the kills.
    assert before <= len(parked) <= before + KILLS * ONE_COMMIT
    platform.check(ona, campaign, kills=KILLS, parked_at_most=before + KILLS * ONE_COMMIT)
