"""Meta cannot be reached, says too fast, or keeps messages back: nobody is lost by it, nothing is in doubt."""

import time
from urllib.parse import urlsplit

from tests.faults.gate import Gate
from tests.faults.scale import SCALE
from tests.faults.stage import PACE_PER_S, Platform, counters, states
from tests.processes import free_port, wait_until
from tests.size import FULL, sized

STORM_S = sized(3, full=60)
PACE = sized(200, full=PACE_PER_S)
# What leaves while the pace climbs back, and for half a minute more.
PEOPLE = sized(450, full=PACE_PER_S * 110)
FALLS_WITHIN_S = 2
DOUBT_S = float(SCALE["DIFUSIO_DOUBT_SECONDS"])


def it_waits_with_everything_while_meta_cannot_be_reached(platform: Platform) -> None:
    simulator = urlsplit(platform.simulator_url).port
    assert simulator is not None
    with Gate(free_port(), simulator).standing() as gate:
        ona = platform.shop(api_url=gate.url)
        platform.crowd(ona, 80)
        campaign = platform.launch(ona)
        wait_until(lambda: _tried(ona.number.pk) > 5, "some were tried")
        assert states(ona).keys() <= {"queued", "claimed", "sending"}
        assert platform.accepted(ona) == 0

        gate.open()
        platform.settle(ona)

    assert counters(ona)["accepted"] == 80
    platform.check(ona, campaign)


def it_slows_down_in_a_storm_of_refusals_and_comes_back(platform: Platform) -> None:
    ona = platform.shop(pace_per_s=PACE)
    platform.crowd(ona, PEOPLE)
    number = {"phone_number_id": ona.number.phone_number_id}
    storm = {"kind": "refuse", "code": 130429, "clock": "real", "until": STORM_S, **number}
    launched_at = time.time()
    campaign = platform.launch(ona)
    platform.wait_for_accepted(ona, PACE // 8)
    platform.faults(storm)

    platform.settle(ona)

    seconds = platform.control("GET", "counts/per-second")["data"]
    asked = {row["second"]: row["accepted"] + row["refused"] for row in seconds}
    first = min(row["second"] for row in seconds if row["refused"] and row["second"] >= launched_at)
    stormy = [n for second, n in asked.items() if first + FALLS_WITHIN_S <= second < first + STORM_S]
    assert max(stormy, default=0) < PACE * 0.6
    if FULL:
        assert max(asked.get(first + STORM_S + later, 0) for later in range(60, 90)) >= PACE * 0.9
    platform.check(ona, campaign)


def it_lets_the_clock_of_doubt_rest_while_meta_checks_a_template(platform: Platform) -> None:
    ona = platform.shop()
    platform.crowd(ona, 60)
    rules = platform.control("GET", "rules")
    platform.control("POST", "templates/autumn/ca/quality", {"score": "UNKNOWN"})
    # What earlier tests sent must not tell the template's quality, which would end the trial.
    trial = {"pacing_after": 10, "pacing_s": 86_400, "quality_sample": 0}
    platform.control("PUT", "rules", {**rules, **trial})
    try:
        campaign = platform.launch(ona)
        platform.wait_for_accepted(ona, 60)
        # Ten went out, and their echoes are long back: the fifty others are held, accepted, and not parked.
        wait_until(lambda: states(ona).get("accepted") == 50, "what was sent on arrived")
        echoed_at = time.monotonic()
        wait_until(lambda: time.monotonic() > echoed_at + DOUBT_S + 2, "whoever is in doubt is parked by now")
        assert states(ona)["accepted"] == 50
    finally:
        platform.control("PUT", "rules", rules)
        platform.control("POST", "templates/autumn/ca/quality", {"score": "GREEN"})
        # The simulator is idle only when the end of its trial has come, too.
        platform.control("POST", "clock/advance", {"seconds": 86_400})
    platform.settle(ona)

    assert "accepted" not in states(ona)
    platform.check(ona, campaign)


def _tried(number_id: int) -> int:
    from difusio.outbox.models import Attempt

    return Attempt.objects.filter(number_id=number_id).count()
