"""The words of Meta's webhooks: message ids, inbound messages, preferences, and the envelope around them.

Source: DOC/webhooks/reference (read September 2026); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import base64
import re
from typing import Any

import msgspec

from whatsapp_simulator.people import Person
from whatsapp_simulator.scenario import Number

_OUTBOUND, _INBOUND = 0x11, 0x12
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_BMP_END = 0xFFFF


def outbound_id(digits: str, nonce: str) -> str:
    """Make the id of a message to a person; nonce: 18 hexadecimal digits, never the same twice."""
    return _message_id(digits, _OUTBOUND, nonce)


def inbound_id(digits: str, nonce: str) -> str:
    """Make the id of a message from a person; nonce: as above, `3A` goes before it."""
    return _message_id(digits, _INBOUND, "3A" + nonce)


def digits_of_inbound_id(wamid: str) -> str | None:
    """Read the digits that the id of a message from a person holds; None if it is none."""
    try:
        record = base64.b64decode(wamid.removeprefix("wamid."), validate=True)
    except ValueError:
        return None
    length = record[2] if len(record) > 3 else 0  # noqa: PLR2004 - head and length byte
    marks = record[:2], record[3 + length : 7 + length]
    is_inbound = marks == (b"\x1c\x18", bytes((0x15, 0x02, 0x00, _INBOUND)))
    return record[3 : 3 + length].decode("ascii", "replace") if is_inbound else None


def _message_id(digits: str, direction: int, nonce: str) -> str:
    # 1C 18 <length><digits> 15 02 00 <11 outbound | 12 inbound> 18 <length><hex id> 00, as Meta's samples.
    number, tail = digits.encode(), nonce.encode()
    record = b"\x1c\x18%c%b\x15\x02\x00%c\x18%c%b\x00" % (len(number), number, direction, len(tail), tail)
    return "wamid." + base64.b64encode(record).decode()


def contact(person: Person, *, with_username: bool) -> dict[str, Any]:
    """Write an entry of `contacts`; without a known number there is no `wa_id`."""
    profile = {"name": person.name}
    if with_username and person.username:
        profile["username"] = person.username
    written: dict[str, Any] = {"profile": profile}
    if person.phone_known and person.phone:
        written["wa_id"] = person.phone
    written["user_id"] = person.user_id
    return written


def text_message(
    person: Person, *, wamid: str, at: float, context: dict[str, str] | None, text: str
) -> dict[str, Any]:
    """Write an inbound text."""
    return {**_message_head(person, wamid, at, context), "type": "text", "text": {"body": text}}


def button_message(
    person: Person, *, wamid: str, at: float, context: dict[str, str] | None, text: str, payload: str
) -> dict[str, Any]:
    """Write the tap on a quick reply of a template."""
    return {
        **_message_head(person, wamid, at, context),
        "type": "button",
        "button": {"payload": payload, "text": text},
    }


def _message_head(person: Person, wamid: str, at: float, context: dict[str, str] | None) -> dict[str, Any]:
    head: dict[str, Any] = {}
    if person.phone_known and person.phone:
        head["from"] = person.phone
    head |= {"from_user_id": person.user_id, "id": wamid, "timestamp": str(int(at))}
    if context:
        head["context"] = context
    return head


def preference(person: Person, *, value: str, at: float) -> dict[str, Any]:
    """Write a marketing preference; value: stop or resume."""
    written: dict[str, Any] = {}
    if person.phone_known and person.phone:
        written["wa_id"] = person.phone
    return {
        **written,
        "user_id": person.user_id,
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at),
    }


def change(
    number: Number, *, field: str, contacts: list[dict[str, Any]], updates: list[msgspec.Raw], kind: str
) -> Any:
    """Write one entry of `changes`; kind: the member that holds the updates."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.digits, "phone_number_id": number.phone_number_id},
    }
    if contacts:
        value["contacts"] = contacts
    value[kind] = updates
    return {"value": value, "field": field}


def envelope(waba_id: str, changes: list[Any]) -> bytes:
    """Write the body of one POST, escaped as Meta does."""
    written = {"object": "whatsapp_business_account", "entry": [{"id": waba_id, "changes": changes}]}
    return escaped(msgspec.json.encode(written))


def management(waba_id: str, *, field: str, value: dict[str, Any], at: float) -> bytes:
    """Write the body of a POST about the account; only these entries say their `time`."""
    entry = {"id": waba_id, "time": int(at), "changes": [{"value": value, "field": field}]}
    return escaped(msgspec.json.encode({"object": "whatsapp_business_account", "entry": [entry]}))


def escaped(body: bytes) -> bytes:
    """Put a backslash before each slash and write non-ASCII as `u` and four digits, as Meta does.

    Outside strings JSON has neither.
    """
    body = body.replace(b"/", b"\\/")
    if body.isascii():
        return body
    return _NOT_ASCII.sub(_escape, body.decode("utf-8", "surrogatepass")).encode()


def _escape(found: re.Match[str]) -> str:
    point = ord(found[0])
    if point <= _BMP_END:
        return f"\\u{point:04x}"
    point -= 0x10000
    return f"\\u{0xD800 + (point >> 10):04x}\\u{0xDC00 + (point & 0x3FF):04x}"
