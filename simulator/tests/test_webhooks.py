"""How webhooks travel: signed over their exact bytes, escaped as Meta does, in batches, again until taken."""

import json
from collections import Counter
from collections.abc import Callable

import pytest
from whatsapp_simulator.payloads import escaped
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import ControlError, Reply, RunningSimulator
from whatsapp_simulator.scenario import PersonFacts, Setup

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

SECRET = Setup().app_secret


def it_signs_the_exact_bytes(simulator: RunningSimulator, receiver: Receiver, send: Sender) -> None:
    send(simulator)
    simulator.control("POST", "people/+34600000001/write", {"text": "Núria diu: 🌸 a/b"})
    simulator.advance(60)

    assert receiver.webhooks
    assert all(webhook.is_signed_with(SECRET) for webhook in receiver.webhooks)
    assert not any(webhook.is_signed_with("another secret") for webhook in receiver.webhooks)


def it_escapes_letters_emoji_and_slashes_as_meta_does(
    simulator: RunningSimulator, receiver: Receiver
) -> None:
    simulator.control("POST", "people/+34600000001/write", {"text": 'Núria 🌸 a/b "c" \\ \n'})
    simulator.advance(0)

    (webhook,) = receiver.webhooks
    assert rb'"body":"N\u00faria \ud83c\udf38 a\/b \"c\" \\ \n"' in webhook.body
    assert receiver.messages[0]["text"]["body"] == 'Núria 🌸 a/b "c" \\ \n'


def it_escapes_without_changing_the_meaning() -> None:
    value = {"à/é": ["\u007f", "\u0080", "\uffff", "\U0001f338", "\\u00e9", "</script>"]}

    body = escaped(json.dumps(value, ensure_ascii=False).encode())

    assert body.isascii()
    assert json.loads(body) == value


def it_sends_statuses_in_batches_of_at_most_a_thousand(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start(habits={"webhook_flush_s": 1})
    for i in range(600):
        send(simulator, f"+3460000{i:04d}")

    simulator.advance(3600)

    sizes = [
        sum(len(change["value"]["statuses"]) for change in webhook.changes) for webhook in receiver.webhooks
    ]
    assert (sum(sizes), max(sizes), len(sizes)) == (1200, 1000, 2)


def it_cuts_a_batch_that_would_be_larger_than_three_megabytes(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    # Six bytes a letter, once they are escaped: 3.6 MB of answers that fall due together.
    phones = [f"+3460000{i:04d}" for i in range(150)]
    wordy = {"replies": True, "reads": True, "leaves": "no", "reply_text": "ї" * 4000}
    people = tuple(PersonFacts(phone=phone, **wordy) for phone in phones)  # type: ignore[arg-type] # as told
    simulator = start(people=people, habits={"webhook_flush_s": 1, "read_s": (1, 2), "reply_s": (1, 2)})
    for phone in phones:
        send(simulator, phone)

    simulator.advance(86_400)

    sizes = [len(webhook.body) for webhook in receiver.webhooks if b'"messages":' in webhook.body]
    assert (sum(sizes) > 3_600_000, max(sizes) < 3_000_000, len(sizes)) == (True, True, 2)
    assert sorted(message["from"] for message in receiver.messages) == [phone[1:] for phone in phones]


def it_tries_again_until_the_receiver_answers_200(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    receiver.answers_with = 503
    for i in range(20):
        send(simulator, f"+3460000{i:04d}")
    simulator.control("POST", "clock/advance", {"seconds": 60})
    while len(receiver.refused) < 4:
        simulator.control("POST", "clock/advance", {"seconds": 600})
    assert simulator.control("GET", "counts")["webhooks_pending"] == 40

    receiver.answers_with = 200
    while not simulator.control("GET", "idle")["idle"]:
        simulator.control("POST", "clock/advance", {"seconds": 3600})

    assert len(receiver.statuses) == 40
    assert len({(status["id"], status["status"]) for status in receiver.statuses}) == 40
    assert simulator.control("GET", "counts")["webhooks"]["retries"] >= 1


@pytest.mark.parametrize("status", [201, 204, 302, 404])
def it_takes_nothing_but_200_for_an_answer(
    simulator: RunningSimulator, receiver: Receiver, status: int
) -> None:
    receiver.answers_with = status
    simulator.control("POST", "people/+34600000001/write", {"text": "Hola"})
    while not receiver.refused:
        simulator.control("GET", "idle")
    assert receiver.webhooks == []

    receiver.answers_with = 200
    while not simulator.control("GET", "idle")["idle"]:
        simulator.control("POST", "clock/advance", {"seconds": 10})

    assert receiver.webhooks[0].body == receiver.refused[0].body


def it_gives_up_after_seven_days(start: Starter, receiver: Receiver) -> None:
    simulator = start(habits={"webhook_retry_longest_s": 86_400})
    receiver.answers_with = 500
    simulator.control("POST", "people/+34600000001/write", {"text": "Hola"})

    while not simulator.control("GET", "idle")["idle"]:
        simulator.control("POST", "clock/advance", {"seconds": 86_400})

    counts = simulator.control("GET", "counts")
    assert (counts["webhooks"]["abandoned"], counts["webhooks_pending"]) == (1, 0)


def it_sends_nothing_where_nobody_is_subscribed(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(setup={"callback_url": ""})
    send(simulator)

    simulator.advance(60)

    assert receiver.webhooks == []
    assert simulator.control("GET", "counts")["webhooks"] == {"unsubscribed": 2}


def it_waits_with_webhooks_until_the_callback_has_answered_the_challenge(
    start: Starter, receiver: Receiver
) -> None:
    receiver.verify_token = "another"
    simulator = start()
    simulator.control("POST", "people/+34600000001/write", {"text": "Hola"})
    assert simulator.control("GET", "health")["callback_verified"] is False
    assert receiver.webhooks == []

    receiver.verify_token = Setup().verify_token
    simulator.wait_until("idle")

    assert len(receiver.messages) == 1


def it_asks_a_new_callback_for_the_challenge(simulator: RunningSimulator, receiver: Receiver) -> None:
    setup = simulator.control("GET", "setup")

    with pytest.raises(ControlError, match="did not answer the challenge: HTTP 403"):
        simulator.control("PUT", "setup", {**setup, "verify_token": "another"})
    with pytest.raises(ControlError, match="could not be reached"):
        simulator.control("PUT", "setup", {**setup, "callback_url": "http://127.0.0.1:1/hook"})

    assert simulator.control("GET", "setup") == setup


def it_brings_duplicates_swaps_and_gaps_as_often_as_told(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start(
        habits={
            "duplicate": 0.2,
            "swap": 0.3,
            "missing_delivered": 0.2,
            "delivered_and_failed": 0.1,
            "reads": 1,
        }
    )
    for i in range(300):
        send(simulator, f"+3460000{i:04d}")

    simulator.advance(30_000)

    kinds = Counter((status["id"], status["status"]) for status in receiver.statuses)
    by_kind = Counter(kind for _, kind in kinds)
    repeated = sum(count - 1 for count in kinds.values())
    assert (by_kind["sent"], by_kind["read"]) == (300, 300)
    assert 200 < by_kind["delivered"] < 280
    assert 10 < by_kind["failed"] < 60
    assert 30 < repeated < 90
    order = [status["status"] for status in receiver.statuses if status["status"] in ("sent", "delivered")]
    assert order != sorted(order, reverse=True)
