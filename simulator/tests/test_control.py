"""The control plane: set up, look, move the clock, count, start again."""

from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.clock import Clock
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import ControlError, Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

ASHA, ASHA_ID = "+34600000001", "ES.10000000000000000101"
NUMBER = "106540352242922"
START = 1_790_000_000.0
PLAIN = {"name": "a", "language": "ca", "components": [{"type": "BODY", "text": "Hola"}]}


def it_is_healthy(simulator: RunningSimulator) -> None:
    health = simulator.control("GET", "health")

    assert (health["status"], health["seed"], health["broken_events"]) == ("ok", 7, 0)


def it_replaces_the_setup(simulator: RunningSimulator, send: Sender) -> None:
    setup = simulator.control("GET", "setup")
    paused = [{**template, "status": "PAUSED"} for template in setup["templates"]]

    told = simulator.control("PUT", "setup", {**setup, "templates": paused})

    assert told == simulator.control("GET", "setup") == {**setup, "templates": paused}
    assert send(simulator).code == 132015


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"numbers": [{"phone_number_id": "1"}]},
            "missing required field `display_phone_number`, at `$.numbers[0]`",
        ),
        ({"numbers": [{"phone_number_id": "1", "display_phone_number": "+15550100100", "mps": 0}]}, "> 0"),
        ({"waba_id": NUMBER}, "must all differ"),
        ({"templates": [{"name": "No Way"}]}, "Template 1: `name` must be"),
        ({"templates": [{"name": "a", "language": "ca"}]}, "Template a: `components` must be a list"),
        ({"templates": [{"name": "a", "language": "ca", "components": []}]}, "needs a BODY component"),
        (
            {"templates": [{**PLAIN, "status": ["APPROVED"]}]},
            "Template a: `status` ['APPROVED'] is not one of",
        ),
        ({"templates": [{**PLAIN, "category": {}}]}, "Template a: `category` {} is not one of"),
        ({"templates": [{**PLAIN, "quality_score": "GREEN"}]}, "`quality_score` must be an object"),
        (
            {"templates": [{**PLAIN, "quality_score": {"score": ["RED"]}}]},
            "`quality_score` must be an object",
        ),
        (
            {"templates": [{**PLAIN, "quality_score": {"date": None}}]},
            "must be whole seconds since 1970, not None",
        ),
        (
            {"templates": [{**PLAIN, "quality_score": {"date": "May"}}]},
            "must be whole seconds since 1970, not 'May'",
        ),
        ({"colour": "green"}, "unknown field `colour`"),
    ],
)
def it_says_what_is_wrong_with_a_setup(
    simulator: RunningSimulator, change: dict[str, Any], sentence: str
) -> None:
    setup = simulator.control("GET", "setup")

    with pytest.raises(ControlError) as told:
        simulator.control("PUT", "setup", {**setup, **change})

    assert sentence in str(told.value)
    assert simulator.control("GET", "setup") == setup


def it_refuses_the_same_template_twice(simulator: RunningSimulator) -> None:
    setup = simulator.control("GET", "setup")

    with pytest.raises(ControlError, match="stands there twice"):
        simulator.control("PUT", "setup", {**setup, "templates": setup["templates"] * 2})


def it_replaces_habits_for_people_met_from_then_on(simulator: RunningSimulator, send: Sender) -> None:
    send(simulator, ASHA)
    simulator.control("PUT", "habits", {"reads": 1, "has_username": 0})
    send(simulator, "+34600000002")

    reads = {person["phone"]: person["reads"] for person in simulator.control("GET", "people")["data"]}
    assert reads == {ASHA: False, "+34600000002": True}


def it_adds_people_and_lists_them_in_pages(simulator: RunningSimulator) -> None:
    phones = [f"+3460000000{i}" for i in range(5)]
    simulator.control("POST", "people", {"people": [{"phone": phone} for phone in phones]})

    first = simulator.control("GET", "people?limit=3")
    second = simulator.control("GET", f"people?limit=3&after={first['after']}")
    last = simulator.control("GET", f"people?after={second['after']}")

    assert {person["phone"] for person in first["data"] + second["data"]} == set(phones)
    assert (len(first["data"]), first["total"], last["data"], last["after"]) == (3, 5, [], None)


@pytest.mark.parametrize("name", [ASHA, "34600000001", "%2B34%20600%20000%20001", ASHA_ID])
def it_finds_a_person_by_any_address_and_shows_the_chat(
    simulator: RunningSimulator, send: Sender, name: str
) -> None:
    simulator.control("POST", "people", {"people": [{"phone": ASHA, "user_id": ASHA_ID}]})
    send(simulator, ASHA)
    simulator.control("POST", f"people/{ASHA_ID}/write", {"text": "Gràcies"})

    person = simulator.control("GET", f"people/{name}")

    assert [(said["from"], said.get("content") or said.get("text")) for said in person["chat"]] == [
        ("business", "Something for you."),
        ("person", "Gràcies"),
    ]
    assert simulator.control("GET", f"people/{person['key']}") == person


def it_lets_somebody_write_who_was_never_met(simulator: RunningSimulator, receiver: Receiver) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola", "context": "wamid.x"})
    simulator.advance(0)

    (message,) = receiver.messages
    assert (message["from"], message["text"], message["context"]["id"]) == (
        "34600000001",
        {"body": "Hola"},
        "wamid.x",
    )


def it_taps_the_quick_reply_that_was_sent(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    components = [
        {"type": "body", "parameters": [{"type": "text", "text": "Ona"}, {"type": "text", "text": "X"}]},
        {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "r"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": 1,
            "parameters": [{"type": "payload", "payload": "out:42"}],
        },
    ]
    send(simulator, ASHA, "autumn_newsletter", components=components)

    simulator.control("POST", f"people/{ASHA}/tap", {})
    simulator.advance(0)

    assert receiver.messages[0]["button"] == {"payload": "out:42", "text": "Atura promocions"}
    assert simulator.control("GET", "counts")["stops"] == {"button": 1}


def it_lists_what_people_did(simulator: RunningSimulator) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.control("POST", f"people/{ASHA}/tap", {"text": "Sí", "payload": "yes"})
    simulator.control("POST", f"people/{ASHA}/stop")
    simulator.control("POST", f"people/{ASHA}/resume")

    page = simulator.control("GET", "inbound")

    assert [(row["seq"], row["kind"], row["text"], row["payload"]) for row in page["data"]] == [
        (1, "text", "Hola", None),
        (2, "button", "Sí", "yes"),
        (3, "stop", "", None),
        (4, "resume", "", None),
    ]
    assert {row["address"] for row in page["data"]} == {ASHA}


def it_lists_what_was_accepted_in_pages(simulator: RunningSimulator, send: Sender) -> None:
    for i in range(5):
        send(simulator, f"+3460000{i:04d}")

    first = simulator.control("GET", "accepted?limit=3")
    second = simulator.control("GET", f"accepted?limit=3&after={first['after']}")
    last = simulator.control("GET", f"accepted?after={second['after']}")

    assert [row["seq"] for row in first["data"] + second["data"]] == [1, 2, 3, 4, 5]
    assert (second["after"], last["data"], last["after"], last["total"]) == (5, [], 5, 5)
    assert set(first["data"][0]) == {
        "seq", "at", "real_at", "wamid", "phone_number_id", "token", "address", "person", "type", "template",
        "language", "category", "content", "content_hash", "endpoint", "shown",
    }  # fmt: skip


def it_counts(simulator: RunningSimulator, send: Sender) -> None:
    for i in range(3):
        send(simulator, f"+3460000{i:04d}")
    send(simulator, name="nothing")
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Stop."})
    simulator.advance(60)

    assert simulator.control("GET", "counts") == {
        "requests": 4,
        "accepted": 3,
        "refused": {"132001": 1},
        "statuses": {"sent": 3, "delivered": 3},
        "failed_later": {},
        "inbound": 1,
        "stops": {"word": 1},
        "confirmations": 0,
        "webhooks": simulator.control("GET", "counts")["webhooks"],
        "per_second_max": 3,
        "numbers": {
            NUMBER: {"accepted": 3, "inbound": 1, "per_second_max": 3, "per_second_max_with_inbound": 4},
        },
        "faults": {},
        "people": 3,
        "webhooks_pending": 0,
    }
    seconds = simulator.control("GET", "counts/per-second")["data"]
    assert sum(second["accepted"] for second in seconds) == 3
    assert sum(second["refused"] for second in seconds) == 1
    assert sum(second["inbound"] for second in seconds) == 1


def it_tells_when_nothing_will_happen_any_more(simulator: RunningSimulator, send: Sender) -> None:
    idle = {"idle": True, "settled": True, "pending_events": 0, "pending_webhooks": 0, "next_due_s": None}
    assert simulator.control("GET", "idle") == idle

    send(simulator)
    waiting = simulator.control("GET", "idle")
    assert (waiting["idle"], waiting["settled"], waiting["pending_events"]) == (False, True, 1)
    assert 0.2 <= waiting["next_due_s"] <= 2

    simulator.advance(60)
    assert simulator.control("GET", "idle") == idle


def it_starts_again_after_a_reset(simulator: RunningSimulator, receiver: Receiver, send: Sender) -> None:
    simulator.control("PUT", "faults", {"faults": [{"kind": "receiver_down"}]})
    send(simulator)
    simulator.control("POST", f"people/{ASHA}/stop")
    simulator.control("POST", "clock/advance", {"seconds": 1})

    simulator.control("POST", "reset")

    counts = simulator.control("GET", "counts")
    assert (counts["accepted"], counts["people"], counts["webhooks_pending"], counts["faults"]) == (
        0,
        0,
        0,
        {},
    )
    assert simulator.control("GET", "idle")["idle"] is True
    assert simulator.control("GET", "accepted") == {"data": [], "after": 0, "total": 0}
    send(simulator)
    simulator.advance(60)
    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered"]


def it_forgets_webhooks_that_wait_for_the_callback_and_goes_on(start: Starter, receiver: Receiver) -> None:
    receiver.verify_token = "another"
    simulator = start(habits={"webhook_batch": 1})
    for i in range(100):
        simulator.control("POST", f"people/{ASHA}/write", {"text": f"before {i}"})

    simulator.control("POST", "reset")
    receiver.verify_token = simulator.scenario.setup.verify_token
    simulator.control("POST", f"people/{ASHA}/write", {"text": "after"})
    simulator.wait_until("idle")

    assert [message["text"]["body"] for message in receiver.messages] == ["after"]
    assert simulator.control("GET", "idle")["pending_webhooks"] == 0


def it_moves_and_shows_the_clock(simulator: RunningSimulator) -> None:
    assert simulator.control("GET", "clock")["now"] == START

    assert simulator.control("POST", "clock/advance", {"seconds": 90})["now"] == START + 90

    assert simulator.control("PUT", "clock", {"rate": 1000})["rate"] == 1000


def it_plays_by_itself_when_the_clock_runs(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(clock=ClockFacts(rate=100_000), habits={"reads": 1})
    send(simulator)

    simulator.wait_until("idle")

    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered", "read"]


def it_wakes_up_when_the_clock_begins_to_run(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    send(simulator)

    simulator.control("PUT", "clock", {"rate": 10_000})
    simulator.wait_until("idle")

    assert len(receiver.statuses) == 2


def it_runs_the_clock_at_a_rate_without_jumps() -> None:
    real = 100.0
    clock = Clock(start=START, rate=2, monotonic=lambda: real)

    real = 110.0
    assert clock.now() == START + 20
    clock.set_rate(0)
    real = 200.0
    assert clock.now() == START + 20
    assert clock.real_seconds_until(START + 21) is None
    clock.advance(5)
    clock.set_rate(10)
    real = 201.0
    assert clock.now() == START + 35
    assert clock.real_seconds_until(START + 45) == 1.0


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("GET", "nothing", None, "There is no /_control/nothing"),
        ("DELETE", "setup", None, "takes GET and PUT, not DELETE"),
        ("PUT", "clock", {"rate": -1}, ">= 0"),
        ("PUT", "clock", b"{", "it is not JSON"),
        ("PUT", "clock", b"\xff", "it is not JSON"),
        ("PUT", "clock", [1], "Expected `object`, got `array`"),
        ("POST", "clock/advance", {"seconds": -1}, ">= 0"),
        ("POST", "clock/advance", {"seconds": "x"}, "Expected `float`"),
        ("GET", "accepted?after=x", None, "`after` must be a whole number"),
        ("GET", f"people/{ASHA}", None, "Nobody with the address"),
        ("POST", "people/nobody/write", {"text": "x"}, "neither a person's key nor a phone"),
        ("POST", f"people/{ASHA}/dance", {}, "People can write, send"),
        ("POST", f"people/{ASHA}/write", {}, "missing required field `text`"),
        ("POST", f"people/{ASHA}/write", {"text": "x", "phone_number_id": "1"}, "no number with the id 1"),
        ("POST", f"people/{ASHA}/tap", {}, "has no message with quick replies"),
    ],
)
def it_says_what_is_wrong_with_a_request(
    simulator: RunningSimulator, method: str, path: str, body: Any, sentence: str
) -> None:
    with pytest.raises(ControlError) as told:
        simulator.control(method, path, body)

    assert sentence in str(told.value)
