"""Answers and echoes that do not come: nothing is sent again, and only what stays silent for ever is parked."""

import time
from random import Random

from tests.cast import Shop
from tests.faults.stage import PACE_PER_S, TOP_PACE_PER_S, Platform, phones_in, states
from tests.processes import wait_until
from tests.size import sized

PEOPLE = sized(300, full=20_000)
PACE = sized(PACE_PER_S, full=TOP_PACE_PER_S)
# Two hours, scaled as the people are.
WEBHOOKS_DOWN_S = sized(6.0, full=120.0)
RESOLVED_WITHIN_S = 60.0


def it_parks_exactly_those_whose_answer_and_echo_are_both_lost(platform: Platform) -> None:
    ona = platform.shop(pace_per_s=PACE)
    phones = platform.crowd(ona, PEOPLE)
    one_in_a_hundred = PEOPLE // 100
    # Here and there: so many in a row would be taken for Meta being away.
    anywhere = Random(9).sample(phones, len(phones))
    silent, unanswered = anywhere[: 2 * one_in_a_hundred], anywhere[one_in_a_hundred : 5 * one_in_a_hundred]
    number = {"phone_number_id": ona.number.phone_number_id}
    platform.faults(
        {"kind": "withhold_status", "addresses": silent, **number},
        {"kind": "lose_answer", "addresses": unanswered, **number},
    )
    campaign = platform.launch(ona)

    platform.settle(ona)

    both = set(silent) & set(unanswered)
    assert phones_in(ona, "parked") == both
    assert phones_in(ona, "accepted") == set(silent) - both
    platform.check(ona, campaign, parked_at_most=len(both))


def it_sends_nothing_again_while_webhooks_are_away_and_knows_all_when_they_are_back(
    platform: Platform,
) -> None:
    ona = platform.shop(pace_per_s=PACE)
    phones = platform.crowd(ona, PEOPLE)
    unanswered = phones[:: sized(10, full=100)]
    number = {"phone_number_id": ona.number.phone_number_id}
    down = {"kind": "receiver_down"}
    platform.faults(down, {"kind": "lose_answer", "addresses": unanswered, **number})
    campaign = platform.launch(ona)
    platform.wait_for_accepted(ona, PEOPLE)
    since = time.monotonic()
    wait_until(lambda: states(ona).get("in_doubt") == len(unanswered), "all of them are in doubt")
    wait_until(lambda: time.monotonic() - since > WEBHOOKS_DOWN_S, "the webhooks were away", timeout_s=300)
    assert states(ona) == {"accepted": PEOPLE - len(unanswered), "in_doubt": len(unanswered)}

    platform.faults()
    back_at = time.monotonic()
    platform.settle(ona)

    assert time.monotonic() - back_at < RESOLVED_WITHIN_S
    assert platform.accepted(ona) == PEOPLE
    platform.check(ona, campaign)


def it_parks_nobody_when_the_webhooks_go_away_in_the_middle_of_a_campaign(platform: Platform) -> None:
    ona = platform.shop(pace_per_s=PACE)
    phones = platform.crowd(ona, PEOPLE)
    unanswered = phones[PEOPLE // 2 :: sized(10, full=100)]
    lost = {"kind": "lose_answer", "addresses": unanswered, "phone_number_id": ona.number.phone_number_id}
    platform.faults(lost)
    campaign = platform.launch(ona)
    wait_until(lambda: _echoed(ona) > PEOPLE // 20, "the first ones are echoed")

    platform.faults({"kind": "receiver_down"}, lost)
    platform.wait_for_accepted(ona, PEOPLE)
    since = time.monotonic()
    wait_until(lambda: time.monotonic() - since > WEBHOOKS_DOWN_S, "the webhooks were away", timeout_s=300)
    assert states(ona).get("parked", 0) == 0
    assert states(ona)["in_doubt"] >= len(unanswered) // 2

    platform.faults()
    platform.settle(ona)

    assert platform.accepted(ona) == PEOPLE
    platform.check(ona, campaign)


def it_is_in_doubt_when_an_answer_takes_too_long(platform: Platform) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, 120)
    number = {"phone_number_id": ona.number.phone_number_id}
    # Longer than a request may take, and nobody tells of it for so long.
    late = phones[:6]
    platform.faults(
        {"kind": "slow", "seconds": 3, "addresses": late, **number},
        {"kind": "receiver_down"},
    )
    campaign = platform.launch(ona)
    wait_until(lambda: states(ona).get("in_doubt") == len(late), "the late ones are in doubt")

    platform.faults()
    platform.settle(ona)

    assert phones_in(ona, "parked") == set()
    platform.check(ona, campaign)


def _echoed(ona: Shop) -> int:
    """Count those of whom Meta said something, however far they have come since."""
    found = states(ona)
    return sum(found.get(state, 0) for state in ("sent", "delivered", "read"))
