"""Every webhook of Meta's samples that is about people and messages: ours has the same shape, or says why not.

The samples of management fields are compared where those are tested.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as structs_replace
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Fault, Group, Limits, Number, PersonFacts

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

NUMBER = "106540352242922"
ASHA, ASHA_ID, CHEN_ID = "+12025550101", "US.10000000000000000101", "US.10000000000000000103"
SHARED = Number(phone_number_id=NUMBER, display_phone_number="+1 555-010-0100", is_on_biz_app=True)
OCTOBER_2026 = 1_790_812_800
PLAIN = Number(phone_number_id=NUMBER, display_phone_number="+1 555-010-0100", mps=1000)
TEXT_TO_ASHA = {"messaging_product": "whatsapp", "to": ASHA, "type": "text", "text": {"body": "Hola"}}
OLD = {"setup": {"webhook_version": "v23.0"}}
ON_THE_PHONE = {"setup": {"numbers": (SHARED,)}}

# How to bring each about: an act of a person, and how the simulator is started.
_Act = tuple[str, dict[str, Any], dict[str, Any]]
INBOUND: dict[str, _Act] = {
    "text": ("write", {"text": "Hola"}, {}),
    "text.reply": ("write", {"text": "Hola", "context": "wamid.x"}, {}),
    "text.forwarded": ("write", {"text": "Mira", "forwarded": True}, {}),
    "text.frequently-forwarded": ("write", {"text": "Mira", "frequently_forwarded": True}, {}),
    "text.ad-referral": ("write", {"text": "Hola", "referral": {}}, {}),
    "text.product-enquiry": (
        "write",
        {
            "text": "En queda?",
            "context": "wamid.x",
            "product": {"catalog_id": "1", "product_retailer_id": "2"},
        },
        {},
    ),
    "text.stop-keyword": ("write", {"text": "STOP"}, {}),
    "text.username-no-phone": ("write", {"text": "Hola"}, {"hidden": True}),
    "text.pre-2026-no-bsuid": ("write", {"text": "Hola"}, OLD),
    "group-text": ("write", {"text": "Hola", "group_id": "Y2FwaV9ncm91cDpFWEFNUExF"}, {}),
    "image": ("send", {"type": "image", "image": {"caption": "Mira"}}, {}),
    "video": ("send", {"type": "video", "video": {"caption": "Mira"}}, {}),
    "audio.voice": ("send", {"type": "audio", "audio": {"voice": True}}, {}),
    "document": ("send", {"type": "document", "document": {"caption": "x", "filename": "x.pdf"}}, {}),
    "sticker": ("send", {"type": "sticker", "sticker": {"animated": True}}, {}),
    "media-too-big": ("send", {"type": "video", "too_big": True}, {}),
    "unsupported": ("send", {"type": "unsupported"}, {}),
    "location": (
        "send",
        {
            "type": "location",
            "location": {"latitude": 41.4, "longitude": 2.2, "name": "x", "address": "y", "url": "https://z"},
        },
        {},
    ),
    "location.request-reply": (
        "send",
        {"type": "location", "context": "wamid.x", "location": {"latitude": 41.4, "longitude": 2.2}},
        {},
    ),
    "contacts": (
        "send",
        {
            "type": "contacts",
            "contacts": [
                {
                    "name": {"first_name": "Pere", "last_name": "Mostra", "formatted_name": "Pere Mostra"},
                    "phones": [{"phone": "+1 202 555 0102", "wa_id": "12025550102", "type": "CELL"}],
                }
            ],
        },
        {},
    ),
    "contacts.request-contact-info": ("share-number", {"wamid": "wamid.x"}, {"hidden": True}),
    "order": (
        "send",
        {
            "type": "order",
            "context": "wamid.x",
            "order": {"catalog_id": "1", "text": "x", "product_items": [{"product_retailer_id": "sku-001"}]},
        },
        {},
    ),
    "button.template-quick-reply": ("tap", {"text": "Stop", "wamid": "wamid.x"}, {}),
    "interactive.nfm_reply": ("fill", {"response": {"flow_token": "x"}, "wamid": "wamid.x"}, {}),
    "interactive.call_permission_reply": ("allow-calls", {"wamid": "wamid.x"}, {}),
    "reaction": ("react", {"wamid": "wamid.x"}, {}),
    "reaction.removed": ("react", {"wamid": "wamid.x", "emoji": ""}, {}),
    "edit.coexistence": ("edit", {"wamid": "wamid.x", "text": "Hola"}, ON_THE_PHONE),
    "revoke.coexistence": ("revoke", {"wamid": "wamid.x"}, ON_THE_PHONE),
    "system.customer_identity_changed": ("change-identity", {}, {}),
    "system.user_changed_number": ("change-number", {"phone": "+12025550103"}, {}),
    "system.user_changed_user_id": ("change-user-id", {"user_id": CHEN_ID}, {"hidden": True}),
}
OTHER: dict[str, _Act] = {
    "user_preferences.stop": ("stop", {}, {}),
    "user_preferences.resume": ("resume", {}, {}),
    "user_preferences.signup": ("signup", {}, {}),
    "messages.user_actions.landing-page-view": ("click", {"product_id": "sku-001"}, {}),
    "messages.user_actions.link-click": ("click", {"product_id": "sku-001", "sees_page": False}, {}),
}


BUTTONS = {
    "type": "button",
    "body": {"text": "Vols rebre-ho?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Sí"}}]},
}
ROWS = [
    {"id": "events", "title": "Actes", "description": "Un cop al mes"},
    {"id": "offers", "title": "Ofertes"},
]
LIST = {
    "type": "list",
    "body": {"text": "Què vols rebre?"},
    "action": {"button": "Tria", "sections": [{"title": "Temes", "rows": ROWS}]},
}
TAPPED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "messages.inbound.interactive.button_reply": (BUTTONS, {"id": "yes"}),
    "messages.inbound.interactive.list_reply": (LIST, {"text": "Actes"}),
}

# What is done to bring a status about: how the simulator is started, what is sent, which acts come before.
STATUSES: dict[str, dict[str, Any]] = {
    "sent": {},
    "sent.no-pricing": {},
    "sent.v23-with-conversation": OLD,
    "delivered": {},
    "delivered.utility": {"name": "plain_utility"},
    "delivered.marketing_lite": {"endpoint": "marketing_messages"},
    "delivered.to-bsuid-no-phone": {"hidden": True, "to": None, "recipient": ASHA_ID},
    "delivered.free-entry-point": {"acts": [("write", {"text": "Hola", "referral": {}})]},
    "delivered.service-free-tier": {"acts": [("write", {"text": "Hola"})], "text": True, "token": None},
    "delivered.service-billable-from-2026-10": {
        "acts": [("write", {"text": "Hola"})], "text": True, "token": None,
        "habits": {"free_service_messages": 0},
    },
    "read": {},
    "played": {"acts": [("write", {"text": "Hola"})], "voice": True, "token": None},
    "group-read": {"group": True, "token": None},
    "failed.130472-experiment": {"traits": {"experiment": True}},
    "failed.131000-unknown": {"faults": (Fault(kind="fail_later", code=131000),)},
    "failed.131026-undeliverable": {"traits": {"unreachable": True}},
    "failed.131042-payment": {"setup": {"has_payment_method": False}},
    "failed.131047-window-closed": {"text": True},
    "failed.131048-spam": {"red": True},
    "failed.131049-ecosystem": {"traits": {"capped": True}},
    "failed.131050-user-stopped-marketing": {"acts": [("stop", {})]},
    "failed.131053-media": {"faults": (Fault(kind="fail_later", code=131053),)},
    "failed.132015-pacing-drop": {"faults": (Fault(kind="fail_later", code=132015),)},
}  # fmt: skip
# Where ours has another shape, and why: members that only one of the two has.
DIFFERENCES: dict[str, tuple[str, set[str]]] = {
    "delivered.marketing_lite": (
        "The sheet: from v24 on only a free entry point has a conversation; the sample is older.",
        {"conversation"},
    ),
}


def shape(value: Any) -> Any:
    """Keep members and kinds, drop values; a number is a number."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in sorted(value.items())}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return "number" if type(value) in (int, float) else type(value).__name__


@pytest.mark.parametrize("name", [*(f"messages.inbound.{kind}" for kind in INBOUND), *OTHER])
def it_writes_what_people_do_as_meta_does(
    samples: Path, start: Starter, receiver: Receiver, *, name: str
) -> None:
    act, said, parts = INBOUND.get(name.removeprefix("messages.inbound.")) or OTHER[name]
    parts = dict(parts)
    hidden = parts.pop("hidden", False)
    asha = PersonFacts(phone=ASHA, user_id=ASHA_ID, username="ona.exemple" if hidden else None)
    simulator = start(people=(asha,), **parts)

    simulator.control("POST", f"people/{ASHA_ID}/{act}", said)
    simulator.advance(0)

    sample = json.loads((samples / f"webhooks/{name}.json").read_text())
    told = json.loads(receiver.webhooks[0].body)
    if "landing" in name:
        del told["entry"][0]["changes"][0]["value"]["user_actions"][0]
    assert shape(told) == shape(sample)
    assert receiver.webhooks[0].changes[0]["field"] == sample["entry"][0]["changes"][0]["field"]


@pytest.mark.parametrize("name", TAPPED)
def it_writes_a_tap_as_meta_does(
    samples: Path, start: Starter, receiver: Receiver, send: Sender, *, name: str
) -> None:
    interactive, tapped = TAPPED[name]
    simulator = start(people=(PersonFacts(phone=ASHA, user_id=ASHA_ID),))
    send(simulator, ASHA, type="interactive", template=None, interactive=interactive)

    person = simulator.control("POST", f"people/{ASHA}/tap", tapped)
    simulator.advance(0)

    sample = json.loads((samples / f"webhooks/{name}.json").read_text())
    assert shape(json.loads(receiver.webhooks[0].body)) == shape(sample)
    assert person["chat"][-1]["kind"] == name.rpartition(".")[2]
    assert person["chat"][-1]["message"] == receiver.messages[0]


def _start(start: Starter, told: dict[str, Any]) -> RunningSimulator:
    hidden = told.get("hidden", False)
    asha = PersonFacts(
        phone=None if hidden else ASHA,
        user_id=ASHA_ID,
        username="ona.exemple" if hidden else None,
        reads=True,
        **told.get("traits", {}),
    )
    setup = told.get("setup", {})
    if told.get("red"):
        setup = {"numbers": (structs_replace(PLAIN, quality_rating="RED"),)}
    if told.get("group"):
        setup = {"groups": (Group(group_id="Y2FwaV9ncm91cDpFWEFNUExF", participants=(ASHA,)),)}
    return start(
        people=(asha,),
        setup=setup,
        faults=told.get("faults", ()),
        limits=Limits(spam_at_red=1 if told.get("red") else 0),
        habits={"us_marketing_paused": False, **told.get("habits", {})},
        clock=ClockFacts(rate=0, start=OCTOBER_2026),
    )


def _send(simulator: RunningSimulator, send: Sender, told: dict[str, Any]) -> None:
    members: dict[str, Any] = {"to": told.get("to", ASHA), "recipient": told.get("recipient")}
    members["biz_opaque_callback_data"] = told.get("token", "job-42:rcpt-7")
    if told.get("text"):
        members |= {"type": "text", "text": {"body": "Hola"}}
    if told.get("voice"):
        file = simulator.control("POST", "media", {"mime_type": "audio/ogg", "phone_number_id": NUMBER})
        members |= {"type": "audio", "audio": {"id": file["id"], "voice": True}}
    if told.get("group"):
        members |= {"to": "Y2FwaV9ncm91cDpFWEFNUExF", "recipient_type": "group"}
    answer = send(
        simulator, name=told.get("name", "plain_ca"), endpoint=told.get("endpoint", "messages"), **members
    )
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("name", STATUSES)
def it_writes_statuses_as_meta_does(
    samples: Path, start: Starter, receiver: Receiver, send: Sender, *, name: str
) -> None:
    told = STATUSES[name]
    sample = json.loads((samples / f"webhooks/messages.status.{name}.json").read_text())
    simulator = _start(start, told)
    for act, said in told.get("acts", ()):
        simulator.control("POST", f"people/{ASHA_ID}/{act}", said)
    _send(simulator, send, told)
    for seconds in (3, 60, 86_400):
        simulator.advance(seconds)

    (sample_change,) = sample["entry"][0]["changes"]
    wanted = "read" if name == "group-read" else name.partition(".")[0]
    values = [change["value"] for webhook in receiver.webhooks for change in webhook.changes]
    (value,) = (
        {**value, "statuses": [one for one in value["statuses"] if one["status"] == wanted]}
        for value in values
        if any(one["status"] == wanted for one in value.get("statuses", ()))
    )
    ours, theirs = shape(value), shape(sample_change["value"])
    # The price stands on one status of a message, which one is chance: it is compared apart.
    prices = [one.pop("pricing") for told in (ours, theirs) for one in told["statuses"] if "pricing" in one]
    assert all(price == prices[0] for price in prices)
    _, differing = DIFFERENCES.get(name, ("", set()))
    assert {member for member in theirs["statuses"][0] if member not in ours["statuses"][0]} == differing
    assert {key: ours[key] for key in ours if key != "statuses"} == {
        key: theirs[key] for key in theirs if key != "statuses"
    }
    assert ours["statuses"] == [
        {member: kind for member, kind in one.items() if member not in differing}
        for one in theirs["statuses"]
    ]
    if "pricing" in sample_change["value"]["statuses"][0]:
        (price,) = (one["pricing"] for one in receiver.statuses if "pricing" in one)
        assert price == sample_change["value"]["statuses"][0]["pricing"]
    if wanted == "failed":
        assert value["statuses"][0]["errors"] == sample_change["value"]["statuses"][0]["errors"]


@pytest.mark.parametrize(
    ("name", "act", "said"),
    [
        ("smb_message_echoes.text", "business-app/echo", {"to": ASHA, "text": "Escrit a mà"}),
        (
            "smb_app_state_sync",
            "business-app/contacts",
            {
                "contacts": [
                    {"full_name": "Pere Mostra", "first_name": "Pere", "phone_number": "+12025550102"}
                ]
            },
        ),
        ("history.chunk", "business-app/history", {}),
        ("history.declined", "business-app/history", {"declined": True}),
        ("messages.errors", "errors", {"code": 130429}),
    ],
)
def it_writes_what_stands_beside_messages_as_meta_does(
    samples: Path, start: Starter, receiver: Receiver, *, name: str, act: str, said: dict[str, Any]
) -> None:
    simulator = start(people=(PersonFacts(phone=ASHA, user_id=ASHA_ID),), **ON_THE_PHONE)
    if name == "history.chunk":
        simulator.graph("POST", f"{NUMBER}/messages", TEXT_TO_ASHA)

    simulator.control("POST", act, said)
    simulator.advance(0)

    sample = json.loads((samples / f"webhooks/{name}.json").read_text())
    assert shape(json.loads(receiver.webhooks[0].body)) == shape(sample)
    assert receiver.webhooks[0].changes[0]["field"] == sample["entry"][0]["changes"][0]["field"]


def it_tells_under_standby_what_metas_agent_does_until_the_business_answers(
    samples: Path, start: Starter, receiver: Receiver, send: Sender
) -> None:
    number = structs_replace(PLAIN, has_business_agent=True)
    simulator = start(setup={"numbers": (number,)}, people=(PersonFacts(phone=ASHA, user_id=ASHA_ID),))

    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.advance(10)
    send(simulator, ASHA, type="text", text={"body": "Digues"})
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Ara sí"})
    simulator.advance(0)

    changes = [change for webhook in receiver.webhooks for change in webhook.changes]
    standby = [change["value"] for change in changes if change["field"] == "standby"]
    for name, value in (("message", standby[0]), ("status", standby[-1])):
        sample = json.loads((samples / f"webhooks/standby.{name}.json").read_text())
        assert shape(value) == shape(sample["entry"][0]["changes"][0]["value"])
    assert [[*value["standby"]] for value in standby] == [
        ["contacts", "messages"], ["message_echoes"], ["statuses"],
    ]  # fmt: skip
    assert [message["text"]["body"] for message in receiver.messages] == ["Ara sí"]


def it_mixes_fields_and_order_in_one_batch_as_meta_does(
    samples: Path, start: Starter, receiver: Receiver, send: Sender
) -> None:
    simulator = start(
        habits={"reads": 1, "webhook_flush_s": 0.5, "swap": 1, "us_marketing_paused": False}, **OLD
    )
    for phone in (ASHA, "+12025550102"):
        send(simulator, phone)
    simulator.control("POST", "clock/advance", {"seconds": 86_400})
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Gràcies"})
    simulator.control("POST", f"people/{ASHA}/stop")
    simulator.wait_until("settled")

    sample = json.loads((samples / "webhooks/batch.out-of-order-and-mixed.json").read_text())
    wanted = {(change["field"], kind) for change in sample["entry"][0]["changes"] for kind in change["value"]}
    told = [change for webhook in receiver.webhooks for change in webhook.changes]
    assert wanted <= {(change["field"], kind) for change in told for kind in change["value"]}
    orders = [
        [one["status"] for one in receiver.statuses if one["recipient_id"] == phone]
        for phone in ("12025550101", "12025550102")
    ]
    assert orders == [["delivered", "sent", "read"]] * 2


def it_knows_every_sample_of_its_field(samples: Path) -> None:
    ours = ("messages.", "user_preferences.", "history.", "smb_", "standby.", "batch.")
    names = {path.stem for path in (samples / "webhooks").glob("*.json") if path.stem.startswith(ours)}

    known = {f"messages.inbound.{name}" for name in INBOUND} | {
        f"messages.status.{name}" for name in STATUSES
    }
    others = {
        "messages.errors", "history.chunk", "history.declined", "smb_message_echoes.text", "smb_app_state_sync",
        "standby.message", "standby.status", "batch.out-of-order-and-mixed",
    }  # fmt: skip
    assert names == known | set(OTHER) | set(TAPPED) | others
