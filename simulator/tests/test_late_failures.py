"""What was accepted and fails all the same: the limits as a sender meets them, one row each."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import ControlError, Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Crowd, Limits, Number, PersonFacts

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

NUMBER, OTHER_NUMBER = "106540352242922", "106540352242923"
OCTOBER_2026 = 1_790_812_800
DAY_S = 86_400
ASHA, KENJI, RIYA = "+34600000001", "+819012345678", "+919876543210"


def _number(phone_number_id: str = NUMBER, **facts: Any) -> Number:
    digits = "+1 555-010-0100" if phone_number_id == NUMBER else "+1 555-010-0101"
    return Number(phone_number_id=phone_number_id, display_phone_number=digits, mps=1000, **facts)


def _failed(simulator: RunningSimulator) -> dict[str, int]:
    failed: dict[str, int] = simulator.control("GET", "counts")["failed_later"]
    return failed


def it_reaches_so_many_people_a_day_over_all_numbers_of_the_portfolio(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    numbers = (_number(messaging_limit="TIER_250"), _number(OTHER_NUMBER, messaging_limit="TIER_250"))
    simulator = start(setup={"numbers": numbers})
    template = {"name": "plain_ca", "language": {"code": "ca"}}
    for i in range(300):
        to = {"messaging_product": "whatsapp", "to": f"+3460000{i:04d}", "type": "template"}
        path = f"{(NUMBER, OTHER_NUMBER)[i % 2]}/messages"
        assert simulator.graph("POST", path, {**to, "template": template}).status == 200
    send(simulator, "+34600000000")
    simulator.advance(60)

    assert _failed(simulator) == {"131048": 50}
    assert simulator.control("GET", "messaging-limit") == {"step": "TIER_250", "most": 250, "used": 250}
    simulator.advance(DAY_S)
    assert simulator.control("GET", "messaging-limit")["used"] == 0
    send(simulator, "+34600000299")
    simulator.advance(60)
    assert _failed(simulator) == {"131048": 50}


@pytest.mark.parametrize(
    ("limits", "failed"),
    [
        (Limits(), {"131048": 3}),
        (Limits(over_messaging_limit=131049), {"131049": 3}),
        (Limits(messaging_limit=False), {}),
    ],
)
def it_fails_over_the_limit_with_the_code_it_is_told(
    start: Starter, send: Sender, limits: Limits, failed: dict[str, int]
) -> None:
    simulator = start(limits=limits, setup={"numbers": (_number(messaging_limit="TIER_250"),)})
    for i in range(253):
        send(simulator, f"+3460000{i:04d}")

    simulator.advance(60)

    assert _failed(simulator) == failed


def it_counts_nobody_inside_a_window_and_nobody_who_gets_nothing(start: Starter, send: Sender) -> None:
    simulator = start(
        setup={"numbers": (_number(messaging_limit="TIER_250"),)},
        people=(
            PersonFacts(phone=ASHA),
            PersonFacts(phone=KENJI, unreachable=True),
            PersonFacts(phone=RIYA),
        ),
    )
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.control("POST", f"people/{RIYA}/block")

    for phone in (ASHA, KENJI, RIYA):
        send(simulator, phone)

    assert simulator.control("GET", "messaging-limit")["used"] == 0


def it_rises_by_itself_and_by_order_and_tells_both(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(setup={"numbers": (_number(messaging_limit="TIER_2K"),)})
    for i in range(1000):
        send(simulator, f"+3460000{i:04d}")

    simulator.advance(6 * 3600 + 10)
    simulator.control("PUT", "messaging-limit", {"step": "TIER_UNLIMITED"})
    simulator.advance(0)

    told = [change for webhook in receiver.webhooks for change in webhook.changes]
    told = [change["value"] for change in told if change["field"] == "business_capability_update"]
    assert told == [
        {"max_daily_conversations_per_business": most, "max_phone_numbers_per_waba": 25}
        for most in (10_000, -1)
    ]
    shown = simulator.graph("GET", f"{NUMBER}?fields=whatsapp_business_manager_messaging_limit").body
    assert shown["whatsapp_business_manager_messaging_limit"] == "TIER_UNLIMITED"


@pytest.mark.parametrize(
    ("phone", "business", "codes"),
    [
        (RIYA, "+91 99999 99999", {"131049": 3}),
        (ASHA, "+91 99999 99999", {}),  # Spain is in the EEA
        (KENJI, "+91 99999 99999", {}),
        (RIYA, "+34 931 234 567", {}),  # … on either side
        ("+12125550101", "+91 99999 99999", {"131049": 5}),  # no marketing at all
    ],
)
def it_measures_marketing_by_country(
    start: Starter, send: Sender, phone: str, business: str, codes: dict[str, int]
) -> None:
    number = Number(phone_number_id=NUMBER, display_phone_number=business, mps=1000)
    simulator = start(setup={"numbers": (number,)}, limits=Limits(marketing_per_person=2))

    for _ in range(5):
        send(simulator, phone)
    simulator.advance(60)

    assert _failed(simulator) == codes


@pytest.mark.parametrize(
    ("phone", "business", "wrote", "codes"),
    [
        (RIYA, "+91 99999 99999", False, {"131049": 1}),
        (RIYA, "+91 99999 99999", True, {}),  # inside a window nothing is counted
        (RIYA, "+34 931 234 567", False, {}),
        (ASHA, "+91 99999 99999", False, {}),
    ],
)
def it_lets_people_have_had_enough_only_where_marketing_is_counted(
    start: Starter, send: Sender, phone: str, business: str, *, wrote: bool, codes: dict[str, int]
) -> None:
    number = Number(phone_number_id=NUMBER, display_phone_number=business, mps=1000)
    simulator = start(setup={"numbers": (number,)}, habits={"capped": 1})
    if wrote:
        simulator.control("POST", f"people/{phone}/write", {"text": "Namaste"})

    send(simulator, phone)
    simulator.advance(60)

    assert _failed(simulator) == codes


def it_does_not_measure_marketing_inside_a_window(start: Starter, send: Sender) -> None:
    simulator = start(limits=Limits(marketing_per_person=1))
    simulator.control("POST", f"people/{RIYA}/write", {"text": "Namaste"})

    for _ in range(3):
        send(simulator, RIYA)
    simulator.advance(60)

    assert _failed(simulator) == {}


def it_fails_some_templates_of_a_red_number_as_spam(start: Starter, send: Sender) -> None:
    simulator = start(setup={"numbers": (_number(quality_rating="RED"),)}, limits=Limits(spam_at_red=0.3))
    for i in range(300):
        send(simulator, f"+3460000{i:04d}")

    simulator.advance(60)

    assert 60 < _failed(simulator)["131048"] < 120


def it_delivers_what_is_free_without_a_payment_method(
    start: Starter, receiver: Receiver, send: Sender, write_text: Sender
) -> None:
    simulator = start(
        setup={"has_payment_method": False},
        habits={"free_service_messages": 1},
        clock=ClockFacts(rate=0, start=OCTOBER_2026),
    )
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    send(simulator, KENJI)
    for _ in range(2):
        write_text(simulator, ASHA)
        simulator.advance(60)

    assert _failed(simulator) == {"131042": 2}
    assert Counter(status["status"] for status in receiver.statuses) == {
        "failed": 2,
        "sent": 1,
        "delivered": 1,
    }


@pytest.mark.parametrize(
    ("start_at", "window", "name", "price"),
    [
        (OCTOBER_2026 - DAY_S, True, "plain_utility", ("free_customer_service", "utility")),
        (OCTOBER_2026 - DAY_S, False, "plain_utility", ("regular", "utility")),
        (OCTOBER_2026, True, "plain_utility", ("regular", "utility")),
        (OCTOBER_2026 - DAY_S, True, "plain_ca", ("regular", "marketing")),
        (OCTOBER_2026 - DAY_S, True, "plain_code", ("regular", "authentication")),
        (OCTOBER_2026 - DAY_S, True, "", ("free_customer_service", "service")),
        (OCTOBER_2026, True, "", ("regular", "service")),
    ],
)
def it_tells_prices_by_date_kind_and_window(
    start: Starter, receiver: Receiver, send: Sender, write_text: Sender,
    *, start_at: int, window: bool, name: str, price: tuple[str, str],
) -> None:  # fmt: skip
    simulator = start(habits={"free_service_messages": 0}, clock=ClockFacts(rate=0, start=start_at))
    if window:
        simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    answer = send(simulator, ASHA, name) if name else write_text(simulator, ASHA)
    assert answer.status == 200, answer.body
    simulator.advance(60)

    (told,) = (status["pricing"] for status in receiver.statuses if "pricing" in status)
    assert (told["type"], told["category"], told["billable"]) == (*price, price[0] == "regular")


def it_makes_everything_free_for_three_days_after_an_ad(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start(habits={"us_marketing_paused": False})
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola", "referral": {}})
    for days in (0, 2, 2):
        simulator.advance(days * DAY_S)
        send(simulator, ASHA)
        simulator.advance(60)

    prices = [status["pricing"]["type"] for status in receiver.statuses if "pricing" in status]
    assert prices == ["free_entry_point", "free_entry_point", "regular"]


def it_says_what_is_wrong_with_limits(simulator: RunningSimulator) -> None:
    for limits, sentence in (
        ({"over_messaging_limit": 7}, "7 is not a documented error code."),
        ({"charged_inside_windows_from": "October"}, "Invalid RFC3339 encoded date"),
        ({"pair_burst": 0}, "`$.pair_burst`"),
    ):
        with pytest.raises(ControlError) as refusal:
            simulator.control("PUT", "limits", limits)
        assert sentence in str(refusal.value)
    assert simulator.control("GET", "limits")["over_messaging_limit"] == 131048


def it_slows_a_number_shared_with_the_business_app(start: Starter, send: Sender) -> None:
    simulator = start(setup={"numbers": (_number(is_on_biz_app=True),)}, limits=Limits(shared_number_mps=0.5))

    assert [send(simulator, f"+3460000000{i}").code for i in range(3)][:2] == [None, 130429]


def it_lets_people_tap_block_and_move_as_often_as_told(start: Starter, send: Sender) -> None:
    simulator = start(
        crowd=Crowd(size=100, countries={"IN": 1}),
        habits={"reads": 1, "taps": 0.5, "blocks": 0.2, "changes_number": 0.2, "reply_s": (1, 2)},
    )
    people = simulator.control("GET", "people?limit=1000")["data"]
    for person in people:
        send(
            simulator, person["phone"], "autumn_newsletter", endpoint="marketing_messages",
            components=[
                {"type": "body", "parameters": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
                {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "r"}]},
            ],
        )  # fmt: skip
    simulator.advance(7 * DAY_S)

    kinds = Counter(row["kind"] for row in simulator.control("GET", "inbound?limit=1000")["data"])
    now = simulator.control("GET", "people?limit=1000")["data"]
    traits = {
        trait: sum(person[trait] for person in people) for trait in ("taps", "blocks", "changes_number")
    }
    assert 15 < kinds["marketing_messages_link_click"] < traits["taps"]
    assert kinds["landing_page_view"] == kinds["marketing_messages_link_click"]
    assert kinds["user_changed_number"] + kinds["user_changed_user_id"] == traits["changes_number"]
    assert sum(person["blocks_business"] for person in now) == traits["blocks"]
    assert len(now) == 100 + traits["changes_number"]


def it_finds_nobody_at_an_address_somebody_left(start: Starter, receiver: Receiver, send: Sender) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, user_id="ES.1"),))
    send(simulator, ASHA)
    told = simulator.control("POST", f"people/{ASHA}/change-number", {"phone": "+34600000009"})

    assert (told["phone"], len(told["chat"])) == ("+34600000009", 2)
    for to in ({"to": ASHA}, {"to": None, "recipient": "ES.1"}, {"to": "+34600000009"}):
        send(simulator, **to)
    simulator.advance(60)

    assert _failed(simulator) == {"131026": 2}
    assert simulator.control("GET", "people/+34600000009")["received"] == 2
    with pytest.raises(ControlError, match="is there already"):
        simulator.control("POST", "people/+34600000009/change-number", {"phone": ASHA})
