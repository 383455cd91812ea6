"""The people: out of the seed, with habits; they read, reply, leave, and then are silent."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.people import read_phone
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import ControlError, Reply, RunningSimulator
from whatsapp_simulator.scenario import PersonFacts
from whatsapp_simulator.words import LEAVING, REPLIES, means_leaving

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

ASHA = "+34600000001"
DAY_S = 86_400
EVERYBODY_DOES_SOMETHING = {
    "reads": 0.8, "replies": 0.3, "leaves": 0.3, "unreachable": 0.1, "capped": 0.1, "has_username": 0.3,
    "receipts_off": 0.2, "delivered": 0.9, "delivered_late": 0.05, "duplicate": 0.1, "swap": 0.1,
    "missing_delivered": 0.1, "delivered_and_failed": 0.05, "taps": 0.3, "blocks": 0.1, "changes_number": 0.1,
}  # fmt: skip


def _story(simulator: RunningSimulator, receiver: Receiver, send: Sender) -> list[Any]:
    """Tell everything that happened to a hundred people, without ids that are fresh each time."""
    for i in range(100):
        send(simulator, f"+3460000{i:04d}", ("plain_ca", "plain_es", "plain_en")[i % 3])
    simulator.advance(2 * DAY_S)
    story: list[tuple[Any, ...]] = [
        (status["recipient_id"], status["status"], status["timestamp"], json.dumps(status.get("pricing")))
        for status in receiver.statuses
    ]
    story += [
        (message["from"], message["type"], message["timestamp"], json.dumps(message.get(message["type"])))
        for message in receiver.messages
    ]
    story += [(preference["wa_id"], preference["timestamp"]) for preference in receiver.preferences]
    return sorted(map(str, story))


def it_tells_the_same_story_for_the_same_seed(start: Starter, receiver: Receiver, send: Sender) -> None:
    first = _story(start(habits=EVERYBODY_DOES_SOMETHING), receiver, send)
    receiver.webhooks.clear()
    second = _story(start(habits=EVERYBODY_DOES_SOMETHING), receiver, send)
    receiver.webhooks.clear()
    other = _story(start(habits=EVERYBODY_DOES_SOMETHING, seed=8), receiver, send)

    assert first == second
    assert first != other
    assert len(first) > 250


def it_makes_people_the_same_whatever_the_order_they_are_met_in(start: Starter, send: Sender) -> None:
    forth, back = start(habits=EVERYBODY_DOES_SOMETHING), start(habits=EVERYBODY_DOES_SOMETHING)
    phones = [f"+3460000{i:04d}" for i in range(50)]

    for phone in phones:
        send(forth, phone)
    for phone in reversed(phones):
        send(back, phone)

    assert forth.control("GET", "people") == back.control("GET", "people")


def it_gives_traits_as_often_as_told(start: Starter, send: Sender) -> None:
    simulator = start(habits=EVERYBODY_DOES_SOMETHING)
    for i in range(400):
        send(simulator, f"+3460000{i:04d}")

    people = simulator.control("GET", "people?limit=1000")["data"]

    assert 280 < sum(person["reads"] for person in people) < 360
    assert 80 < sum(person["leaves"] != "no" for person in people) < 160
    assert {person["leaves"] for person in people} == {"no", "word", "native", "button"}
    assert 80 < sum(person["username"] is not None for person in people) < 160


def it_sends_no_read_for_people_with_receipts_off(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, reads=True, read_receipts=False, replies=True),))
    send(simulator, ASHA)

    simulator.advance(DAY_S)

    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered"]
    assert len(receiver.messages) == 1


@pytest.mark.parametrize(("name", "language"), [("plain_ca", "ca"), ("plain_es", "es"), ("plain_en", "en")])
def it_replies_in_the_language_of_the_message(
    start: Starter, receiver: Receiver, send: Sender, name: str, language: str
) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, reads=True, replies=True),))
    wamid = send(simulator, ASHA, name).body["messages"][0]["id"]

    simulator.advance(DAY_S)

    (message,) = receiver.messages
    assert message["text"]["body"] in REPLIES[language]
    assert message["context"] == {"from": "15550100100", "id": wamid}
    assert (message["from"], message["type"]) == ("34600000001", "text")


@pytest.mark.parametrize(("name", "language"), [("plain_ca", "ca"), ("plain_es", "es"), ("plain_en", "en")])
def it_leaves_with_a_word_in_the_language_of_the_message(
    start: Starter, receiver: Receiver, send: Sender, name: str, language: str
) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, reads=True, leaves="word"),))
    send(simulator, ASHA, name)

    simulator.advance(DAY_S)

    (message,) = receiver.messages
    assert message["text"]["body"] in LEAVING[language]
    assert simulator.control("GET", "counts")["stops"] == {"word": 1}


def it_leaves_with_the_native_switch(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, reads=True, leaves="native"),))
    send(simulator, ASHA)

    simulator.advance(DAY_S)

    (preference,) = receiver.preferences
    assert (preference["value"], preference["category"]) == ("stop", "marketing_messages")
    assert receiver.messages == []


def it_leaves_by_the_button_that_offers_it(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, reads=True, leaves="button"),))
    components = [
        {"type": "body", "parameters": [{"type": "text", "text": "Ona"}, {"type": "text", "text": "X"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "r/1"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "1",
            "parameters": [{"type": "payload", "payload": "out"}],
        },
    ]
    wamid = send(simulator, ASHA, "autumn_newsletter", components=components).body["messages"][0]["id"]

    simulator.advance(DAY_S)

    (message,) = receiver.messages
    assert (message["type"], message["button"]) == ("button", {"payload": "out", "text": "Atura promocions"})
    assert message["context"] == {"from": "15550100100", "id": wamid}


def it_leaves_with_a_word_where_no_button_offers_it(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, reads=True, leaves="button"),))
    send(simulator, ASHA)

    simulator.advance(DAY_S)

    assert receiver.messages[0]["text"]["body"] in LEAVING["ca"]


def it_is_silent_after_leaving_whatever_comes(
    start: Starter, receiver: Receiver, send: Sender, write_text: Sender
) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, reads=True, replies=True, leaves="word"),))
    send(simulator, ASHA)
    simulator.advance(DAY_S)
    write_text(simulator, ASHA, "T'hem donat de baixa.")
    send(simulator, ASHA)
    simulator.advance(DAY_S)

    person = simulator.control("GET", f"people/{ASHA}")
    assert len(receiver.messages) == 1
    assert (person["has_left"], person["confirmed"]) == (True, True)
    assert simulator.control("GET", "counts")["confirmations"] == 1


def it_does_not_answer_answers(start: Starter, receiver: Receiver, send: Sender, write_text: Sender) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, reads=True, replies=True),))
    send(simulator, ASHA)
    simulator.advance(DAY_S / 2)

    for _ in range(3):
        write_text(simulator, ASHA, "Gràcies a tu")
        send(simulator, ASHA, "plain_utility")
        simulator.advance(DAY_S / 8)

    assert len(receiver.messages) == 1


def it_says_what_it_is_told_to_say(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(
        people=(
            PersonFacts(phone="+34600000001", reads=True, replies=True, reply_text="Quin preu té?"),
            PersonFacts(phone="+34600000002", reads=True, leaves="word", leaving_text="no em molesteu"),
        )
    )
    send(simulator, "+34600000001")
    send(simulator, "+34600000002")

    simulator.advance(DAY_S)

    assert {message["text"]["body"] for message in receiver.messages} == {"Quin preu té?", "no em molesteu"}
    assert simulator.control("GET", "counts")["stops"] == {"word": 1}


def it_opens_a_window_when_somebody_writes(
    simulator: RunningSimulator, receiver: Receiver, write_text: Sender
) -> None:
    simulator.control("POST", f"people/{ASHA}/tap", {"text": "Sí", "payload": "yes"})
    write_text(simulator, ASHA)

    simulator.advance(60)

    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered"]
    assert receiver.messages[0]["button"] == {"payload": "yes", "text": "Sí"}


@pytest.mark.parametrize(
    "bad", [{}, {"phone": "call me"}, {"user_id": "nobody"}, {"phone": ASHA, "shoe_size": 42}]
)
def it_refuses_people_without_a_right_address(simulator: RunningSimulator, bad: dict[str, Any]) -> None:
    with pytest.raises(ControlError):
        simulator.control("POST", "people", {"people": [{"phone": "+34600000009"}, bad]})

    assert simulator.control("GET", "people")["total"] == 0


def it_refuses_two_people_at_one_address(simulator: RunningSimulator) -> None:
    with pytest.raises(ControlError, match="is there already"):
        simulator.control("POST", "people", {"people": [{"phone": ASHA}, {"phone": "+34 600 000 001"}]})


@pytest.mark.parametrize("text", [word for words in LEAVING.values() for word in words])
def it_knows_its_own_words_for_leaving(text: str) -> None:
    assert means_leaving(text)


@pytest.mark.parametrize(
    "text", [reply for replies in REPLIES.values() for reply in replies] + ["", "stop it there"]
)
def it_takes_nothing_else_for_leaving(text: str) -> None:
    assert not means_leaving(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("+34 600-000.001", "34600000001"),
        ("(600) 000 001", "34600000001"),
        ("+1", None),
        ("+34x", None),
        ("", None),
    ],
)
def it_reads_phones_as_meta_does(written: str, read: str | None) -> None:
    address = read_phone(written, own_digits="34931234567")

    assert (address.phone if address else None) == read
