"""Every webhook of Meta's samples that is about people and messages: ours has the same shape, or says why not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import Number, PersonFacts

Starter = Callable[..., RunningSimulator]

NUMBER = "106540352242922"
ASHA, ASHA_ID, CHEN_ID = "+12025550101", "US.10000000000000000101", "US.10000000000000000103"
SHARED = Number(phone_number_id=NUMBER, display_phone_number="+1 555-010-0100", is_on_biz_app=True)
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
    "messages.user_actions.link-click": ("click", {"product_id": "sku-001", "sees_page": False}, {}),
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
    assert shape(told) == shape(sample)
    assert receiver.webhooks[0].changes[0]["field"] == sample["entry"][0]["changes"][0]["field"]
