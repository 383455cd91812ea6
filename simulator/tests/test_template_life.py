"""What becomes of templates: review, pauses, quality, pacing, categories; told by webhook, brought by the clock."""

from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import Rules

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]

HOUR_S, DAY_S = 3_600, 86_400
WABA = "102290129340398"
STATUS = "message_template_status_update"
AT_ONCE = Rules(reviews=False)


def body(text: str = "Something for everybody here.", *examples: str) -> dict[str, Any]:
    return {
        "type": "BODY",
        "text": text,
        **({"example": {"body_text": [list(examples)]}} if examples else {}),
    }


def written(*components: dict[str, Any], **facts: Any) -> dict[str, Any]:
    known = {"name": "news", "language": "ca", "category": "MARKETING"}
    return {**known, "components": list(components) or [body()], **facts}


def create(simulator: RunningSimulator, facts: dict[str, Any]) -> Reply:
    return simulator.graph("POST", f"{WABA}/message_templates", facts)


def heard(receiver: Receiver, field: str = STATUS) -> list[dict[str, Any]]:
    changes = [change for webhook in receiver.webhooks for change in webhook.changes]
    return [change["value"] for change in changes if change["field"] == field]


def state(simulator: RunningSimulator, name: str = "plain_ca", language: str = "ca") -> dict[str, Any]:
    shown: dict[str, Any] = simulator.control("GET", f"templates/{name}/{language}")
    return shown


def it_reviews_within_the_hour_and_says_so(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    told = create(simulator, written()).body
    assert send(simulator, name="news", language="ca").code == 132001

    simulator.advance(HOUR_S)

    assert send(simulator, name="news", language="ca").status == 200
    (value,) = heard(receiver)
    assert (value["event"], str(value["message_template_id"]), value["reason"]) == (
        "APPROVED",
        told["id"],
        "NONE",
    )


def it_approves_at_once_where_there_is_no_review(start: Starter, send: Sender) -> None:
    simulator = start(rules=AT_ONCE)

    assert create(simulator, written()).body["status"] == "APPROVED"
    assert send(simulator, name="news", language="ca").status == 200


@pytest.mark.parametrize(
    ("text", "examples", "reason"),
    [
        ("Hello {{1}}{{2}} and welcome to our shop.", ("a", "b"), "INVALID_FORMAT"),
        ("Hello {{1}} {{2}} and welcome to our shop.", ("a", "b"), "INVALID_FORMAT"),
        ("Hello {{na$me}} and welcome to us.", (), "INVALID_FORMAT"),
        ("Hello {{1}} and welcome to {us}} here.", ("a",), "INVALID_FORMAT"),
        ("Please send us your full card number.", (), "SCAM"),
        ("Pay now, or legal action will be taken.", (), "ABUSIVE_CONTENT"),
        ("Something for you.", (), "INVALID_FORMAT"),
    ],
)
def it_rejects_by_the_rules_and_says_why(
    simulator: RunningSimulator, receiver: Receiver, text: str, examples: tuple[str, ...], reason: str
) -> None:
    template_id = create(simulator, written(body(text, *examples))).body["id"]

    simulator.advance(HOUR_S)

    shown = simulator.graph("GET", f"{template_id}?fields=status,rejected_reason").body
    assert (shown["status"], shown["rejected_reason"]) == ("REJECTED", reason)
    (value,) = heard(receiver)
    assert (value["event"], value["reason"]) == ("REJECTED", reason)
    assert set(value["rejection_info"]) == {"reason", "recommendation"}


def it_lets_a_rejected_one_be_edited_and_reviewed_again(start: Starter) -> None:
    simulator = start(rules=AT_ONCE)
    told = create(simulator, written(body("Please send us your full card number."))).body
    assert told["status"] == "REJECTED"

    simulator.graph("POST", told["id"], {"components": [body("Please send us your favourite colour.")]})

    assert simulator.graph("GET", f"{told['id']}?fields=status,rejected_reason").body == {
        "status": "APPROVED",
        "rejected_reason": "NONE",
        "id": told["id"],
    }


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Your order has left our shop.", "UTILITY"),
        ("Your order has left. Use the discount for the next.", "MARKETING"),
        ("La teva comanda ja és aquí, mira les ofertes.", "MARKETING"),
        ("Tu pedido ha salido. Descuento del 20 para ti.", "MARKETING"),
    ],
)
def it_takes_utility_that_reads_as_marketing_as_marketing(
    simulator: RunningSimulator, text: str, category: str
) -> None:
    told = create(simulator, written(body(text), category="UTILITY")).body

    assert told["category"] == category


def it_can_be_told_not_to_reject_or_recategorise(start: Starter) -> None:
    simulator = start(rules=Rules(reviews=False, rejects=False, recategorises=False, words_per_variable=0))

    told = create(simulator, written(body("Offer {{1}}{{2}}!", "a", "b"), category="UTILITY")).body

    assert (told["status"], told["category"]) == ("APPROVED", "UTILITY")


def it_tells_an_edited_template_once_it_is_approved_again(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start()
    news = "1689556908129832"
    simulator.graph("POST", news, {"components": [body("Another text for everybody.")]})
    assert send(simulator, name="autumn_newsletter").code == 132001

    simulator.advance(HOUR_S)

    (value,) = heard(receiver, "message_template_components_update")
    assert value["message_template_element"] == "Another text for everybody."
    assert [one["event"] for one in heard(receiver)] == ["APPROVED"]


def it_pauses_for_three_hours_then_for_six_then_disables(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    for hours in (3, 6):
        simulator.control("POST", "templates/plain_ca/ca/quality", {"score": "RED"})
        assert send(simulator).code == 132015
        simulator.advance(hours * HOUR_S - 1)
        assert state(simulator)["status"] == "PAUSED"
        simulator.advance(2)
        assert (state(simulator)["status"], state(simulator)["quality"]) == ("APPROVED", "UNKNOWN")
    simulator.control("POST", "templates/plain_ca/ca/quality", {"score": "RED"})
    simulator.advance(DAY_S)

    assert send(simulator).code == 132016
    told = [(one["event"], one.get("other_info", {}).get("title")) for one in heard(receiver)]
    assert told == [
        ("PAUSED", "FIRST_PAUSE"),
        ("APPROVED", "UNPAUSE"),
        ("PAUSED", "SECOND_PAUSE"),
        ("APPROVED", "UNPAUSE"),
        ("DISABLED", "DISABLED"),
    ]
    assert len(heard(receiver, "message_template_quality_update")) == 3


def it_moves_the_score_by_blocks_and_reads(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(rules=Rules(quality_sample=50, quality_yellow=0.02, quality_red=0.04))
    phones = [f"+346000000{n:02d}" for n in range(50)]
    for phone in phones:
        send(simulator, phone)
    simulator.advance(120)
    assert state(simulator)["quality"] == "GREEN"

    for phone in phones[:2]:
        simulator.control("POST", f"people/{phone}/block")

    assert (state(simulator)["quality"], state(simulator)["status"]) == ("RED", "PAUSED")
    simulator.advance(0)
    moves = heard(receiver, "message_template_quality_update")
    assert [one["new_quality_score"] for one in moves] == ["GREEN", "YELLOW", "RED"]


def _send_many(simulator: RunningSimulator, send: Sender, count: int) -> list[str]:
    answers = [send(simulator, f"+346000000{n:02d}") for n in range(count)]
    return [answer.body["messages"][0]["message_status"] for answer in answers]


PACED = Rules(pacing_after=2, pacing_s=1800, quality_sample=0)


def it_holds_messages_of_a_template_without_a_good_score_and_lets_them_go(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start(rules=PACED)

    told = _send_many(simulator, send, 5)
    simulator.advance(1700)

    assert told == ["accepted"] * 2 + ["held_for_quality_assessment"] * 3
    assert len([one for one in receiver.statuses if one["status"] == "delivered"]) == 2
    simulator.advance(200)
    assert len([one for one in receiver.statuses if one["status"] == "delivered"]) == 5
    assert (state(simulator)["quality"], state(simulator)["held"]) == ("GREEN", 0)
    assert _send_many(simulator, send, 3) == ["accepted"] * 3


def it_drops_held_messages_on_a_bad_sign_and_waits_for_a_hand(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start(rules=PACED)
    _send_many(simulator, send, 4)

    simulator.control("POST", "templates/plain_ca/ca/quality", {"score": "RED"})
    simulator.advance(DAY_S)

    failed = [one["errors"][0]["code"] for one in receiver.statuses if one["status"] == "failed"]
    assert failed == [132015, 132015]
    assert heard(receiver)[0]["other_info"]["title"] == "RATE_LIMITING_PAUSE"
    assert send(simulator).code == 132015
    template_id = state(simulator)["id"]
    assert simulator.graph("POST", f"{template_id}/unpause").body == {"success": True}
    assert send(simulator, "+34600000060").status == 200
    assert simulator.graph("POST", f"{template_id}/unpause").body["success"] is False


def it_paces_neither_green_ones_nor_utility(start: Starter, send: Sender) -> None:
    simulator = start(rules=PACED)
    simulator.control("POST", "templates/plain_ca/ca/quality", {"score": "GREEN"})

    assert _send_many(simulator, send, 4) == ["accepted"] * 4
    utility = [send(simulator, f"+3460000001{n}", "plain_utility", language="en") for n in range(4)]
    assert {one.body["messages"][0]["message_status"] for one in utility} == {"accepted"}


def it_gives_a_day_of_notice_before_a_category_changes(
    simulator: RunningSimulator, receiver: Receiver
) -> None:
    act = {"category": "MARKETING", "notice": True}
    simulator.control("POST", "templates/plain_utility/en/category", act)
    template_id = state(simulator, "plain_utility", "en")["id"]
    shown = simulator.graph("GET", f"{template_id}?fields=category,correct_category").body
    assert (shown["category"], shown["correct_category"]) == ("UTILITY", "MARKETING")

    simulator.advance(DAY_S + 1)

    coming, done = heard(receiver, "template_category_update")
    assert (coming["new_category"], coming["correct_category"]) == ("UTILITY", "MARKETING")
    assert (done["previous_category"], done["new_category"]) == ("UTILITY", "MARKETING")
    shown = simulator.graph("GET", f"{template_id}?fields=category,previous_category,status").body
    assert (shown["category"], shown["previous_category"], shown["status"]) == (
        "MARKETING",
        "UTILITY",
        "APPROVED",
    )


def it_forgets_what_happened_to_templates_on_reset(start: Starter) -> None:
    simulator = start(rules=AT_ONCE)
    create(simulator, written())
    simulator.control("POST", "templates/plain_ca/ca/pause")

    simulator.control("POST", "reset")
    simulator.advance(DAY_S)

    assert "news" not in {row["name"] for row in simulator.control("GET", "templates")["data"]}
    assert (state(simulator)["status"], state(simulator)["pauses"]) == ("APPROVED", 0)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("templates/nothing/ca/pause", "There is no template nothing in ca."),
        ("templates/plain_ca/ca/paint", "The acts here are approve, reject, pause"),
        ("templates/plain_ca/ca/quality", "missing required field `score`"),
        ("numbers/1/quality", "The setup has no number with the id 1."),
        ("account/paint", "The acts here are ban, reinstate"),
    ],
)
def it_says_what_is_wrong_with_an_act(simulator: RunningSimulator, path: str, said: str) -> None:
    with pytest.raises(Exception, match=said):
        simulator.control("POST", path, {})
