"""How much may be sent: per second on a number, in real seconds; and to one person, in simulated ones."""

import time
from collections.abc import Callable

from whatsapp_simulator.limits import PairRate, PerSecond, Throughput
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Number

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
