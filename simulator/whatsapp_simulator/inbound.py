"""What people send, in Meta's shapes: one function for each kind, and the message around it.

Source: DOC/webhooks/reference/messages (read September 2026); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from whatsapp_simulator.people import Person

MediaKind = Literal["image", "video", "audio", "document", "sticker"]
Facts = Mapping[str, Any]

_TOO_BIG = (
    131052,
    "Media download error",
    "Media file size too big. Max file size we currently support: 100MB.",
)
_UNKNOWN_TYPE = (131051, "Message type unknown", "Message type is currently not supported.")


@dataclass(frozen=True, slots=True)
class Said:
    """A message before it has an id.

    type: Meta's.  content: the member of that name; None where there is none.  kind: the word in the journal of
    what people sent, finer than the type where it is `interactive` or `system`.  text: the message in one line.
    beside: members next to `type`: referral, group_id, errors, origin, identity.
    """

    type: str
    content: Any
    kind: str
    text: str = ""
    payload: str | None = None
    context: Facts | None = None
    beside: Facts = field(default_factory=dict)

    def within(self, context: Facts | None, **beside: Any) -> "Said":
        """Add what the message answers or how it came, and members beside its type."""
        return replace(
            self,
            context={**(self.context or {}), **context} if context else self.context,
            beside={**self.beside, **beside},
        )


def write_out(
    person: Person, said: Said, *, wamid: str, at: float, with_user_id: bool = True
) -> dict[str, Any]:
    """Write a message as webhooks carry it; somebody without a known number has no `from`."""
    told: dict[str, Any] = {}
    if person.phone_known and person.phone:
        told["from"] = person.phone
    if with_user_id or not told:
        told["from_user_id"] = person.user_id
    told |= {"id": wamid, "timestamp": str(int(at))}
    if said.context:
        told["context"] = dict(said.context)
    told |= said.beside
    told["type"] = said.type
    if said.content is not None:
        told[said.type] = said.content
    return told


def text(body: str) -> Said:
    """Write a text."""
    return Said("text", {"body": body}, "text", body)


def button(label: str, payload: str) -> Said:
    """Tap a quick reply of a template."""
    return Said("button", {"payload": payload, "text": label}, "button", label, payload)


def button_reply(button_id: str, title: str) -> Said:
    """Tap a reply button of an interactive message."""
    return _interactive("button_reply", {"id": button_id, "title": title}, title, button_id)


def list_reply(row_id: str, title: str, description: str = "") -> Said:
    """Choose a row of a list."""
    row = {"id": row_id, "title": title}
    return _interactive(
        "list_reply", {**row, "description": description} if description else row, title, row_id
    )


def flow_reply(response: Facts, *, body: str = "Sent", name: str = "flow") -> Said:
    """Send a form in; the answers travel as JSON in a string."""
    told = msgspec.json.encode(response).decode()
    return _interactive("nfm_reply", {"name": name, "body": body, "response_json": told}, body, None)


def call_permission(*, accepts: bool, until: float) -> Said:
    """Allow or refuse calls; until: seconds since 1970."""
    reply = {"response": "accept" if accepts else "reject", "response_source": "user_action"}
    if accepts:
        reply |= {"expiration_timestamp": int(until)}  # type: ignore[dict-item] # a number among words
    return _interactive("call_permission_reply", reply, str(reply["response"]), None)


def _interactive(kind: str, reply: Facts, shown: str, payload: str | None) -> Said:
    return Said("interactive", {"type": kind, kind: dict(reply)}, kind, shown, payload)


def media(kind: MediaKind, facts: Facts) -> Said:
    """Send a file; facts: id, url, mime_type, sha256, and caption, filename, voice or animated."""
    return Said(kind, dict(facts), kind, str(facts.get("caption") or facts.get("filename") or ""))


def too_big() -> Said:
    """Send a file of more than 100 MB: Meta tells the error instead."""
    return Said("unsupported", None, "unsupported", beside={"errors": [_told(*_TOO_BIG)]})


def unsupported(what: str) -> Said:
    """Send what the platform cannot carry, such as a poll."""
    return Said(
        "unsupported", {"type": what}, "unsupported", what, beside={"errors": [_told(*_UNKNOWN_TYPE)]}
    )


def location(facts: Facts) -> Said:
    """Send a place: latitude and longitude in degrees, and name, address, url where it has them."""
    shown = facts.get("name") or f"{facts['latitude']}, {facts['longitude']}"
    return Said("location", dict(facts), "location", str(shown))


def contacts(cards: Sequence[Facts], *, requested: bool = False) -> Said:
    """Send contact cards; requested: the answer to a button that asked for the person's own number."""
    names = (card.get("name", {}).get("formatted_name") for card in cards)
    phones = (phone.get("phone") for card in cards for phone in card.get("phones", ()))
    shown = ", ".join(str(one) for one in (*names, *phones) if one)
    beside = {"origin": "contact_request"} if requested else {}
    return Said("contacts", [dict(card) for card in cards], "contacts", shown, beside=beside)


def order(facts: Facts) -> Said:
    """Order articles: catalog_id, product_items, and text where something is written with it."""
    return Said("order", dict(facts), "order", str(facts.get("text", "")))


def reaction(message_id: str, emoji: str) -> Said:
    """Put an emoji on a message; an empty one takes it away, and Meta leaves the member out."""
    told = {"message_id": message_id, "emoji": emoji} if emoji else {"message_id": message_id}
    return Said("reaction", told, "reaction", emoji)


def edit(original_id: str, body: str) -> Said:
    """Change a text sent before; told to numbers shared with the Business app."""
    return Said(
        "edit",
        {"original_message_id": original_id, "message": {"type": "text", "text": {"body": body}}},
        "edit",
        body,
    )


def revoke(original_id: str) -> Said:
    """Take a message back; told to numbers shared with the Business app."""
    return Said("revoke", {"original_message_id": original_id}, "revoke")


def changed_number(person: Person, *, phone: str, user_id: str) -> Said:
    """Tell that somebody has another number, and with it another user id; phone: the new one in digits."""
    told = {
        "body": f"User {person.name} changed from {person.phone} to {phone}",
        "wa_id": phone,
        "type": "user_changed_number",
        "user_id": user_id,
        "previous_user_id": person.user_id,
    }
    return Said("system", told, "user_changed_number", told["body"])


def changed_user_id(person: Person, *, user_id: str) -> Said:
    """Tell that somebody has another user id."""
    told = {
        "body": f"User {person.name} changed user id",
        "type": "user_changed_user_id",
        "user_id": user_id,
        "previous_user_id": person.user_id,
    }
    return Said("system", told, "user_changed_user_id", told["body"])


def changed_identity(*, at: float, identity_hash: str) -> Said:
    """Tell that somebody's keys are new, as after another phone; asked for with the identity check."""
    told = {"body": "User identity changed", "type": "customer_identity_changed"}
    identity = {"acknowledged": False, "created_timestamp": str(int(at)), "hash": identity_hash}
    return Said("system", told, "customer_identity_changed", told["body"], beside={"identity": identity})


def _told(code: int, title: str, details: str) -> dict[str, Any]:
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}}
