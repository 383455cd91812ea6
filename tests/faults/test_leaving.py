"""People leave while a campaign runs: they get nothing more, and one confirmation."""

import time

from tests.faults.stage import Platform, counters, states

PEOPLE = 480
LEAVE_S = 5.0
WORDS = ["BAIXA", "BAJA", "STOP", "baixa!", "Stop."]


def it_sends_nothing_to_people_who_left_and_confirms_each_leaving_once(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, PEOPLE)
    writers, tappers, switchers = phones[-40:-25], phones[-25:-20], phones[-20:-15]
    number = {"phone_number_id": ona.number.phone_number_id}
    platform.launch(ona)
    platform.wait_for_accepted(ona, 10)

    for place, phone in enumerate(writers):
        platform.control("POST", f"people/{phone}/write", {"text": WORDS[place % len(WORDS)], **number})
    for phone in tappers:
        platform.control("POST", f"people/{phone}/tap", {"text": "No en vull rebre més", **number})
    for phone in switchers:
        platform.control("POST", f"people/{phone}/stop", number)
    left_at = time.time()
    for phone in writers[:5]:
        platform.control("POST", f"people/{phone}/write", {"text": "STOP", **number})
    platform.settle(ona)

    truth = platform.truth(ona)
    leavers = {*writers, *tappers, *switchers}
    late = [row for row in truth.campaign if row["address"] in leavers and row["real_at"] > left_at + LEAVE_S]
    assert late == []
    # They stood at the end of a queue of six seconds, so that nearly nobody can have got it before.
    assert len(leavers & truth.received.keys()) <= 2
    assert set(phones) - leavers <= truth.received.keys()
    assert sorted(row["address"] for row in truth.texts) == sorted({*writers, *tappers})
    assert all("no t'enviarà més promocions" in row["content"] for row in truth.texts)
    told = counters(ona)
    assert told["skipped left"] == len(leavers - truth.received.keys())
    assert sum(states(ona).values()) == PEOPLE + len(writers) + len(tappers)
