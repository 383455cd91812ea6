"""What Meta refuses for good stops what it concerns, and nothing else."""

from difusio.consent.models import Entry
from difusio.outbox.models import Batch
from tests.faults.stage import UNDER_WAY, Platform, counters, states
from tests.processes import wait_until

# Known to the simulator, not to us: what people do there reaches us under nobody's name.
# The last that the simulator knows, which no shop here is given.
FOREIGN_NUMBER = "700000000000259"
STOPS_WITHIN_S = 5.0


def it_stops_a_number_whose_token_is_refused_while_the_others_go_on(platform: Platform) -> None:
    bad = platform.shop(access_token="EAA-revoked-4714")
    good = platform.shop()
    phones = platform.crowd(good, 160)
    platform.crowd(bad, 160)
    platform.launch(bad)
    platform.launch(good)

    def is_stopped() -> bool:
        bad.number.refresh_from_db()
        return bad.number.stopped_for == "190"

    wait_until(is_stopped, "the number is stopped for its token", timeout_s=STOPS_WITHIN_S)
    platform.settle(good)
    assert set(platform.truth(good).received) == set(phones)
    assert platform.accepted(bad) == 0
    # Nothing is used up: with a new token everybody still gets it.
    wait_until(lambda: states(bad) == {"queued": 160}, "everybody waits in the queue")


def it_pauses_the_campaign_of_a_template_that_meta_paused(platform: Platform) -> None:
    ona = platform.shop()
    platform.crowd(ona, 160)
    platform.faults(
        {"kind": "refuse", "code": 132015, "phone_number_id": ona.number.phone_number_id},
    )
    platform.launch(ona)

    def is_paused() -> bool:
        return Batch.objects.get(workspace=ona.workspace).pause_reason == "132015"

    wait_until(is_paused, "the batch is paused for its template", timeout_s=STOPS_WITHIN_S)
    wait_until(lambda: states(ona) == {"queued": 160}, "everybody waits in the queue")
    assert platform.accepted(ona) == 0


def it_withdraws_the_consent_of_people_who_turn_out_to_have_stopped_at_meta(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, 40)
    for phone in phones[:3]:
        platform.control("POST", f"people/{phone}/stop", {"phone_number_id": FOREIGN_NUMBER})
    platform.launch(ona)

    platform.settle(ona)

    assert counters(ona)["failed 131050"] == 3
    assert Entry.objects.filter(workspace=ona.workspace, act="withdrawn").count() == 3
    assert not set(UNDER_WAY) & states(ona).keys()


def it_gives_up_on_one_person_without_holding_up_the_others(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, 40)
    number = ona.number.phone_number_id
    platform.faults(
        {"kind": "refuse", "code": 130403, "addresses": phones[:2], "phone_number_id": number},
        {"kind": "refuse", "code": 130429, "times": 5, "phone_number_id": number},
    )
    platform.launch(ona)

    platform.settle(ona)

    truth = platform.truth(ona)
    assert truth.twice == []
    assert set(truth.received) == set(phones[2:])
    assert counters(ona)["refused 130403"] == 2
