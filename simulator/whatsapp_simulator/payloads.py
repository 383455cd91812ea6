"""The words of Meta's webhooks: message ids, contacts, preferences, and the envelope around them.

Source: DOC/webhooks/reference (read September 2026); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import base64
import re
from functools import lru_cache
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


def contact(person: Person, *, with_username: bool, with_user_id: bool = True) -> dict[str, Any]:
    """Write an entry of `contacts`; without a known number there is no `wa_id`, and always the user id."""
    profile: dict[str, Any] = {"name": _ascii(person.name)}
    if with_username and person.username:
        profile["username"] = person.username
    written: dict[str, Any] = {"profile": profile}
    if person.phone_known and person.phone:
        written["wa_id"] = person.phone
    if with_user_id or "wa_id" not in written:
        written["user_id"] = person.user_id
    return written


def preference(
    person: Person, *, value: str, at: float, signup_id: str | None = None, with_user_id: bool = True
) -> dict[str, Any]:
    """Write a marketing preference; value: stop, resume or signup, which has the id of the link."""
    told: dict[str, Any] = {}
    if person.phone_known and person.phone:
        told["wa_id"] = person.phone
    if with_user_id or not told:
        told["user_id"] = person.user_id
    detail = (
        "User signed up via signup link"
        if value == "signup"
        else f"User requested to {value} marketing messages"
    )
    told |= {
        "detail": detail,
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at),
    }
    if signup_id is not None:
        told["signup_id"] = signup_id
    return told


def change(
    number: Number,
    *,
    field: str,
    contacts: list[dict[str, Any]],
    updates: list[msgspec.Raw],
    member: str,
    inside: str = "",
) -> Any:
    """Write one entry of `changes`.

    member: what holds the updates.  inside: what holds contacts and updates together; empty: `value` itself.
    """
    told: dict[str, Any] = {}
    if contacts:
        told["contacts"] = contacts
    told[member] = updates
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.digits, "phone_number_id": number.phone_number_id},
        **({inside: told} if inside else told),
    }
    return {"value": value, "field": field}


@lru_cache(maxsize=4096)
def _ascii(name: str) -> msgspec.Raw:
    """Write a name as `escaped` would, but for slashes: a thousand contacts are escaped one name at a time."""
    return msgspec.Raw(_NOT_ASCII.sub(_escape, msgspec.json.encode(name).decode()).encode())


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
