"""What becomes of an accepted message: the statuses, their prices, and what fails later by webhook."""

from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, PersonFacts

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

START = 1_790_000_000
OCTOBER_2026 = 1_790_812_800
DAY_S = 86_400
ASHA, ASHA_ID = "+34600000001", "ES.10000000000000000101"


def _by_kind(receiver: Receiver) -> dict[str, dict[str, Any]]:
    return {status["status"]: status for status in receiver.statuses}


def it_sends_sent_delivered_and_read_in_their_time(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(habits={"reads": 1})
    wamid = send(simulator, biz_opaque_callback_data="token-1").body["messages"][0]["id"]

    simulator.advance(DAY_S)

    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered", "read"]
    assert {status["id"] for status in receiver.statuses} == {wamid}
    assert {status["biz_opaque_callback_data"] for status in receiver.statuses} == {"token-1"}
    sent, delivered, read = (int(status["timestamp"]) - START for status in receiver.statuses)
    assert 0 <= sent <= 2
    assert sent + 1 <= delivered <= sent + 31
    assert 60 <= read - delivered <= 21_601


def it_names_the_person_and_the_contact(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    send(simulator, ASHA)

    simulator.advance(60)

    status = receiver.statuses[0]
    (change,) = receiver.webhooks[0].changes
    (contact,) = change["value"]["contacts"]
    assert (status["recipient_id"], status["recipient_user_id"]) == ("34600000001", contact["user_id"])
    assert contact["wa_id"] == "34600000001"
    assert change["value"]["metadata"] == {
        "display_phone_number": "15550100100",
        "phone_number_id": "106540352242922",
    }


def it_has_no_phone_for_somebody_known_by_user_id_only(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    send(simulator, None, recipient=ASHA_ID)
    simulator.control("POST", f"people/{ASHA_ID}/write", {"text": "Hola"})
    simulator.control("POST", f"people/{ASHA_ID}/stop", {})

    simulator.advance(60)

    (message,), (preference,) = receiver.messages, receiver.preferences
    contacts = [
        contact
        for webhook in receiver.webhooks
        for c in webhook.changes
        for contact in c["value"]["contacts"]
    ]
    assert not any("recipient_id" in status for status in receiver.statuses)
    assert {status["recipient_user_id"] for status in receiver.statuses} == {ASHA_ID}
    assert ("from" in message, message["from_user_id"]) == (False, ASHA_ID)
    assert ("wa_id" in preference, preference["user_id"]) == (False, ASHA_ID)
    assert not any("wa_id" in contact for contact in contacts)


def it_shows_a_username_on_delivered_and_read_alone(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, username="asha.exemple", reads=False),))
    send(simulator, ASHA)

    simulator.advance(0.1)
    simulator.advance(2)
    simulator.advance(40)

    profiles = [webhook.changes[0]["value"]["contacts"][0]["profile"] for webhook in receiver.webhooks]
    assert [profile.get("username") for profile in profiles] == [None, "asha.exemple"]


def it_knows_the_same_person_by_phone_and_by_user_id(start: Starter, send: Sender) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, user_id=ASHA_ID),))

    send(simulator, ASHA)
    send(simulator, None, recipient=ASHA_ID)

    by_phone, by_id = simulator.control("GET", "accepted")["data"]
    assert by_phone["person"] == by_id["person"]
    assert (by_phone["address"], by_id["address"]) == (ASHA, ASHA_ID)


def it_knows_somebody_again_by_the_user_id_a_webhook_gave(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    send(simulator, ASHA)
    simulator.advance(60)

    send(simulator, None, recipient=receiver.statuses[0]["recipient_user_id"])

    first, second = simulator.control("GET", "accepted")["data"]
    assert first["person"] == second["person"]


def it_hides_the_phone_of_a_username_until_a_message_went_to_it(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, user_id=ASHA_ID, username="asha"),))

    send(simulator, None, recipient=ASHA_ID)
    simulator.advance(60)
    send(simulator, ASHA)
    simulator.advance(60)

    assert [status.get("recipient_id") for status in receiver.statuses] == [
        None,
        None,
        "34600000001",
        "34600000001",
    ]


def it_tells_the_price_once_per_message(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    for i in range(40):
        send(simulator, f"+3460000{i:04d}")

    simulator.advance(60)

    priced = [status for status in receiver.statuses if "pricing" in status]
    assert len(priced) == len({status["id"] for status in priced}) == 40
    assert {status["status"] for status in priced} == {"sent", "delivered"}
    assert priced[0]["pricing"] == {
        "billable": True,
        "pricing_model": "PMP",
        "type": "regular",
        "category": "marketing",
    }


@pytest.mark.parametrize(
    ("name", "endpoint", "onboarding", "category"),
    [
        ("plain_ca", "messages", "ONBOARDED", "marketing"),
        ("plain_ca", "marketing_messages", "ONBOARDED", "marketing_lite"),
        ("plain_ca", "marketing_messages", "ELIGIBLE", "marketing"),
        ("plain_utility", "messages", "ONBOARDED", "utility"),
        ("plain_code", "messages", "ONBOARDED", "authentication"),
    ],
)
def it_prices_by_category_and_endpoint(
    start: Starter,
    receiver: Receiver,
    send: Sender,
    *,
    name: str,
    endpoint: str,
    onboarding: str,
    category: str,
) -> None:
    simulator = start(setup={"marketing_messages_onboarding_status": onboarding})
    send(simulator, name=name, endpoint=endpoint)

    simulator.advance(60)

    (pricing,) = (status["pricing"] for status in receiver.statuses if "pricing" in status)
    assert pricing["category"] == category


def it_gives_the_first_service_messages_of_a_month_for_free(
    start: Starter, receiver: Receiver, write_text: Sender
) -> None:
    simulator = start(habits={"free_service_messages": 1}, clock=ClockFacts(rate=0, start=OCTOBER_2026))
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    for _ in range(2):
        write_text(simulator, ASHA)
        simulator.advance(60)

    kinds = [status["pricing"]["type"] for status in receiver.statuses if "pricing" in status]
    assert kinds == ["free_customer_service", "regular"]


def it_fails_a_text_outside_the_window_of_24_hours(
    simulator: RunningSimulator, receiver: Receiver, write_text: Sender
) -> None:
    assert write_text(simulator, ASHA).status == 200
    simulator.advance(60)
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.advance(DAY_S - 100)
    write_text(simulator, ASHA)
    simulator.advance(100)
    write_text(simulator, ASHA)
    simulator.advance(60)

    assert [status["status"] for status in receiver.statuses] == ["failed", "sent", "delivered", "failed"]
    (error,) = receiver.statuses[0]["errors"]
    assert error == {
        "code": 131047,
        "title": "Re-engagement message",
        "message": "Re-engagement message",
        "error_data": {
            "details": "Message failed to send because more than 24 hours have passed "
            "since the customer last replied to this number."
        },
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    }


@pytest.mark.parametrize(
    ("trait", "code"), [("unreachable", 131026), ("capped", 131049), ("experiment", 130472)]
)
def it_fails_marketing_to_people_who_cannot_get_it(
    start: Starter, receiver: Receiver, send: Sender, trait: str, code: int
) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, **{trait: True}),))  # type: ignore[arg-type] # a trait is a bool
    assert send(simulator, ASHA).status == 200

    simulator.advance(60)

    (status,) = receiver.statuses
    assert (status["status"], status["errors"][0]["code"]) == ("failed", code)
    assert "recipient_user_id" not in status
    assert "contacts" not in receiver.webhooks[0].changes[0]["value"]
    assert simulator.control("GET", "counts")["failed_later"] == {str(code): 1}


def it_lets_utility_pass_where_only_marketing_is_held_back(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, capped=True, experiment=True),))
    simulator.control("POST", f"people/{ASHA}/stop")

    send(simulator, ASHA, "plain_utility")
    simulator.advance(60)

    assert list(_by_kind(receiver)) == ["sent", "delivered"]


def it_fails_marketing_after_the_native_stop_until_resumed(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    simulator.control("POST", f"people/{ASHA}/stop")
    send(simulator, ASHA)
    simulator.advance(60)
    simulator.control("POST", f"people/{ASHA}/resume")
    send(simulator, ASHA)
    simulator.advance(60)

    assert [status["status"] for status in receiver.statuses] == ["failed", "sent", "delivered"]
    assert receiver.statuses[0]["errors"][0]["code"] == 131050
    assert [preference["value"] for preference in receiver.preferences] == ["stop", "resume"]
    assert isinstance(receiver.preferences[0]["timestamp"], int)


def it_fails_marketing_to_the_united_states_while_meta_pauses_it(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start()
    send(simulator, "+12025550101")
    send(simulator, None, recipient="US.10000000000000000109")
    send(simulator, "+14165550101")
    send(simulator, "+12025550102", "plain_utility")
    simulator.advance(60)

    failed = [status for status in receiver.statuses if status["status"] == "failed"]
    told = [(status.get("recipient_id"), status["errors"][0]["code"]) for status in failed]
    assert sorted(told, key=str) == [("12025550101", 131049), (None, 131049)]


def it_can_switch_that_pause_off(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(habits={"us_marketing_paused": False})
    send(simulator, "+12025550101")

    simulator.advance(60)

    assert list(_by_kind(receiver)) == ["sent", "delivered"]


def it_delivers_late_or_never_as_often_as_told(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(habits={"delivered": 0.5, "delivered_late": 0.3})
    for i in range(200):
        send(simulator, f"+3460000{i:04d}")

    simulator.advance(60)
    early = sum(status["status"] == "delivered" for status in receiver.statuses)
    simulator.advance(DAY_S)
    delivered = sum(status["status"] == "delivered" for status in receiver.statuses)

    assert 70 < early < 130
    assert 130 < delivered < 190
    assert simulator.control("GET", "idle")["idle"] is True


def it_stays_at_sent_for_somebody_who_blocks_the_business(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    simulator.control("POST", f"people/{ASHA}/block")
    send(simulator, ASHA)

    simulator.advance(DAY_S)

    assert list(_by_kind(receiver)) == ["sent"]
