"""How much may be sent: per second on a number, in real seconds; and to one person, in simulated ones."""

import asyncio
import time
from collections.abc import Callable

import pytest
from whatsapp_simulator.limits import PairRate, PerSecond, Throughput
from whatsapp_simulator.quota import Hour
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Number
from whatsapp_simulator.wakefulness import Wakefulness

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

NUMBER = Number(phone_number_id="106540352242922", display_phone_number="+15550100100", mps=20)


def it_refuses_what_is_too_much_for_a_second_with_http_400(start: Starter, send: Sender) -> None:
    simulator = start(setup={"numbers": (NUMBER,)})

    answers = [send(simulator, f"+3460000{i:04d}") for i in range(200)]

    refused = [answer for answer in answers if answer.status != 200]
    assert refused[0].status == 400
    assert refused[0].body["error"]["message"] == "(#130429) Rate limit hit"
    assert (
        refused[0].body["error"]["error_data"]["details"] == "Cloud API message throughput has been reached."
    )
    assert simulator.control("GET", "counts")["refused"] == {"130429": len(refused)}


def it_counts_real_seconds_even_when_the_clock_runs_fast(start: Starter, send: Sender) -> None:
    simulator = start(setup={"numbers": (NUMBER,)}, clock=ClockFacts(rate=1_000_000))
    begin = time.monotonic()

    accepted = sum(send(simulator, f"+3460000{i:04d}").status == 200 for i in range(200))

    assert accepted <= 20 + 20 * (time.monotonic() - begin) + 1
    assert accepted < 200


def it_lets_messages_of_people_use_the_same_second(start: Starter, send: Sender) -> None:
    slow = Number(
        phone_number_id=NUMBER.phone_number_id, display_phone_number="+15550100100", mps=0.01, burst_s=500
    )
    simulator = start(setup={"numbers": (slow,)})

    for _ in range(4):
        simulator.control("POST", "people/+34600000001/write", {"text": "Hola"})

    assert [send(simulator).status for _ in range(2)] == [200, 400]


def it_refuses_the_forty_sixth_message_to_one_person_at_once(
    simulator: RunningSimulator, send: Sender
) -> None:
    answers = [send(simulator, "+34600000001") for _ in range(46)]

    assert [answer.status for answer in answers] == [200] * 45 + [400]
    assert answers[-1].code == 131056
    assert send(simulator, "+34600000002").status == 200


def it_lets_one_more_through_after_six_seconds(simulator: RunningSimulator, send: Sender) -> None:
    for _ in range(45):
        send(simulator, "+34600000001")

    simulator.advance(6)

    assert [send(simulator, "+34600000001").code for _ in range(2)] == [None, 131056]


def it_tells_the_pair_rate_before_the_throughput_and_that_before_the_template(
    start: Starter, send: Sender
) -> None:
    slow = Number(
        phone_number_id=NUMBER.phone_number_id, display_phone_number="+15550100100", mps=0.01, burst_s=4500
    )
    simulator = start(setup={"numbers": (slow,)})
    for _ in range(45):
        send(simulator, "+34600000001")

    assert send(simulator, "+34600000001", "nothing").code == 131056
    assert send(simulator, "+34600000002", "nothing").code == 130429


def it_never_lets_more_than_depth_and_rate_through_any_span() -> None:
    bucket = Throughput(per_second=80, burst_s=1)
    passed = []

    for step in range(10_000):
        now = 1000 + step / 1000
        if bucket.has_room(now):
            bucket.take()
            passed.append(now)

    assert len(passed) == 80 + 80 * 10 - 1 or len(passed) == 80 + 80 * 10
    assert sum(1002 < now <= 1003 for now in passed) == 80


def it_forgets_pairs_without_debt() -> None:
    pairs = PairRate()

    for person in range(60_000):
        pairs.take(person, now=person * 1.0)

    assert all(pairs.has_room(person, now=60_000.0) for person in range(60_000))
    assert len(pairs._paid_at) < 50_010


def it_measures_the_busiest_sliding_second() -> None:
    busiest = PerSecond()

    for now in (0.0, 0.9, 0.95, 1.0, 1.05, 3.0):
        busiest.count(now)

    assert busiest.most == 4


def it_counts_together_only_what_came_within_a_second_for_certain() -> None:
    busiest = PerSecond()

    # A process that stood still from 0.5 on finds four at 1.2: nobody knows when each of them came.
    for now, since in ((0.1, 0.1), (0.3, 0.3), *[(1.2, 0.5)] * 4, (1.45, 1.45), (1.55, 1.55)):
        busiest.count(now, since=since)

    assert busiest.most == 5


def it_knows_since_when_it_did_not_look() -> None:
    async def standing_still() -> tuple[float, float, float, float]:
        wakefulness = Wakefulness()
        watching = asyncio.create_task(wakefulness.run())
        await asyncio.sleep(0.02)
        began = time.monotonic()
        awake = wakefulness.since(began)
        time.sleep(0.3)  # noqa: ASYNC251  # the whole process stands still
        found = time.monotonic()
        waited = wakefulness.since(found)
        await asyncio.sleep(0.6)
        later = time.monotonic()
        watching.cancel()
        return began - awake, waited - began, found - began, later - wakefulness.since(later)

    was_awake, began, found, is_awake = asyncio.run(standing_still())

    assert began == pytest.approx(0, abs=0.1)
    assert found >= 0.3
    assert was_awake < 0.1
    assert is_awake < 0.1


def it_knows_that_what_was_read_in_one_turn_is_counted_in_the_next() -> None:
    async def standing_still_twice() -> float:
        wakefulness = Wakefulness()
        watching = asyncio.create_task(wakefulness.run())
        await asyncio.sleep(0.02)
        began = time.monotonic()
        for _ in range(2):
            time.sleep(0.2)  # noqa: ASYNC251  # the whole process stands still
            await asyncio.sleep(0.005)
        waited = wakefulness.since(time.monotonic())
        watching.cancel()
        return waited - began

    assert asyncio.run(standing_still_twice()) == pytest.approx(0, abs=0.1)


def it_counts_no_management_calls_where_nothing_limits_them() -> None:
    hour = Hour()

    assert all(hour.count(float(now), 0) for now in range(1000))
    assert not hour.times
    assert [hour.count(1000.0, 2) for _ in range(3)] == [True, True, False]
