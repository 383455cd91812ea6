"""A campaign's first share goes out alone; the rest follows what Meta and the people make of it."""

import pytest
from pytest_django import Settings

from difusio.campaigns.canary import go_on
from difusio.campaigns.models import Canary
from difusio.common.clock import now
from tests.faults.stage import Platform, counters
from tests.processes import wait_until

PEOPLE = 160


@pytest.fixture(autouse=True)
def from_a_hundred_people_on(settings: Settings) -> None:
    settings.DIFUSIO_CANARY_FROM = 100


def it_lets_the_rest_follow_by_itself_when_all_is_well(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, PEOPLE)

    campaign = platform.launch(ona, has_canary=True)
    canary = Canary.objects.get(round__campaign=campaign)
    platform.settle(ona)

    truth = platform.truth(ona)
    assert set(truth.received) == set(phones)
    assert truth.twice == []
    canary.refresh_from_db()
    assert (canary.state, canary.decided_by) == ("passed", "clock")
    assert 20 < canary.people < 100
    assert counters(ona)["audience"] == counters(ona)["delivered"] == PEOPLE


def it_holds_the_rest_when_the_first_messages_fail_until_a_person_lets_it_go(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, PEOPLE)
    platform.faults(
        {"kind": "fail_later", "rate": 1.0, "code": 131026, "phone_number_id": ona.number.phone_number_id}
    )

    campaign = platform.launch(ona, has_canary=True)
    canary = Canary.objects.get(round__campaign=campaign)

    def is_decided() -> bool:
        canary.refresh_from_db()
        return canary.state != "waiting"

    wait_until(is_decided, "the canary is judged")
    assert (canary.state, canary.seen["why"]) == ("held", ["failed"])
    assert platform.accepted(ona) == canary.people

    platform.faults()
    go_on(campaign, by="test", at=now())
    platform.settle(ona)

    truth = platform.truth(ona)
    assert set(truth.received) == set(phones)
    assert truth.twice == []
    assert counters(ona)["failed 131026"] == canary.people
