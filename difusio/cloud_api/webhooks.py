"""Read Meta's webhook: one POST of up to 1,000 updates → typed news, each update decoded alone.

What cannot be read becomes `Poison` and harms nothing beside it.  Meta's own samples misplace fields at
times, so the way in is
lenient: a value is recognised by its keys where its field is missing.  Nine of ten posts hold statuses
and nothing else; they are read in one go.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview and
…/webhooks/reference (read 2026-11-22).
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from difusio.cloud_api import webhook_items, webhook_management, webhook_shapes
from difusio.cloud_api.decoding import UNREADABLE
from difusio.cloud_api.news import News, Poison, StatusUpdate, Unknown
from difusio.cloud_api.webhook_items import Conversation

_OURS = "whatsapp_business_account"
_LANE_KEYS = (b'"messages"', b'"user_preferences"')
_SPACE = b" \t\r\n"

# Fields whose value holds messages, statuses, errors or preferences, told apart by its keys.
_CONVERSATION_FIELDS = frozenset({"messages", "user_preferences", "standby"})
_CONVERSATION_KEYS = frozenset({"messages", "statuses", "errors", "user_preferences", "user_actions"})


class _Post(msgspec.Struct):
    object: str = _OURS
    entry: list[msgspec.Raw] = []
    # The dashboard's test button sends a change without its envelope.
    field: str = ""
    value: msgspec.Raw = msgspec.Raw(b"")


class _Entry(msgspec.Struct):
    id: str | int = ""
    time: int | str | None = None
    changes: list[msgspec.Raw] = []
    field: str = ""
    value: msgspec.Raw = msgspec.Raw(b"")


class _Change(msgspec.Struct):
    value: msgspec.Raw
    field: str = ""


class _Statuses(msgspec.Struct, forbid_unknown_fields=True):
    metadata: webhook_shapes.Metadata
    statuses: list[webhook_shapes.Status]
    messaging_product: str = ""
    # Whom it was about stands in the status as well.
    contacts: msgspec.Raw = msgspec.Raw(b"")


class _StatusChange(msgspec.Struct, forbid_unknown_fields=True):
    field: Literal["messages"]
    value: _Statuses


class _StatusEntry(msgspec.Struct, forbid_unknown_fields=True):
    changes: list[_StatusChange]
    id: msgspec.Raw = msgspec.Raw(b"")
    time: int | str | None = None


class _StatusPost(msgspec.Struct, forbid_unknown_fields=True):
    """A POST of statuses as Meta writes nearly all of them; anything else does not decode."""

    object: Literal["whatsapp_business_account"]
    entry: list[_StatusEntry]


_status_posts = msgspec.json.Decoder(_StatusPost)
_posts = msgspec.json.Decoder(_Post)
_entries = msgspec.json.Decoder(_Entry)
_changes = msgspec.json.Decoder(_Change)
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_webhook(raw: bytes) -> Iterator[News]:
    """Yield everything one POST says, entry by entry; never raises."""
    # What is not quite as expected is read with care, from its beginning.
    yield from _only_statuses(raw) or _read_with_care(raw)


def _only_statuses(raw: bytes) -> list[News]:
    """Give the statuses of a POST that holds well-formed ones and nothing else; empty otherwise."""
    try:
        return [
            webhook_items.status_update(item, str(change.value.metadata.phone_number_id))
            for entry in _status_posts.decode(raw).entry
            for change in entry.changes
            for item in change.value.statuses
        ]
    except UNREADABLE:
        return []


def _read_with_care(raw: bytes) -> Iterator[News]:
    try:
        post = _posts.decode(raw)
    except UNREADABLE:
        yield Poison("not a webhook", raw)
        return
    if post.object != _OURS:
        yield Unknown(f"object {post.object}", raw)
        return
    if bytes(post.value):
        yield from _read_change(_Change(post.value, post.field), "", None)
    elif not post.entry:
        yield Poison("a webhook without entries", raw)
    for piece in post.entry:
        yield from _read_entry(piece)


def _read_entry(piece: msgspec.Raw) -> Iterator[News]:
    try:
        entry = _entries.decode(piece)
        waba_id, at = str(entry.id), webhook_items.moment(entry.time)
    except UNREADABLE:
        yield Poison("an entry that cannot be read", bytes(piece))
        return
    if bytes(entry.value):
        yield from _read_change(_Change(entry.value, entry.field), waba_id, at)
    for part in entry.changes:
        try:
            change = _changes.decode(part)
        except UNREADABLE:
            yield Poison("a change that cannot be read", bytes(part))
            continue
        yield from _read_change(change, waba_id, at)


def _read_change(change: _Change, waba_id: str, at: datetime | None) -> Iterator[News]:
    try:
        keys = _keys.decode(change.value)
        if change.field in _CONVERSATION_FIELDS or (not change.field and keys.keys() & _CONVERSATION_KEYS):
            yield from Conversation.of(keys, waba_id).read()
            return
        news = webhook_management.read(change.field, keys, change.value, waba_id, at)
    except UNREADABLE:
        yield Poison(f"a value of {change.field or 'no field'} that cannot be read", bytes(change.value))
        return
    yield news


def looks_inbound(raw: bytes) -> bool:
    """Say by a cheap look whether a POST holds people's messages or preferences: the first lane's business.

    Looks for the key with a list that is not empty; inside a JSON string such a key cannot stand, because its
    quotes would be escaped.  Bodies with old conversations are read properly, because they nest the same key.
    """
    if not any(_has_full_list(raw, key) for key in _LANE_KEYS):
        return False
    if b'"history"' not in raw:
        return True
    return any(not isinstance(news, StatusUpdate | Unknown | Poison) for news in read_webhook(raw))


def _has_full_list(raw: bytes, key: bytes) -> bool:
    at = raw.find(key)
    while at >= 0:
        # Sixty-four bytes are enough for colon, brackets and any sane white space between them.
        rest = raw[at + len(key) : at + len(key) + 64].translate(None, _SPACE)
        if rest.startswith(b":[") and not rest.startswith(b":[]"):
            return True
        at = raw.find(key, at + len(key))
    return False


def event_key(update: StatusUpdate, *, key: bytes = b"") -> bytes:
    """Return 16 bytes that are the same for every repetition of this status, and only for it.

    They begin with its second: keys of one time stand together in an index, and old ones are one range of it.
    key: up to 64 bytes of a secret, because a wamid holds a phone number and a plain hash of few guesses
    tells it.
    """
    second = int(update.at.timestamp())
    parts = (
        update.phone_number_id,
        update.wamid or "",
        # The token tells events apart only where there is no wamid: one repetition may lack it.
        "" if update.wamid else update.token or "",
        update.status,
        str(second),
        "" if update.error_code is None else str(update.error_code),
        # In a group every member's phone reports for the same message.
        (update.user_id or update.phone or "") if update.group_id else "",
    )
    told = "\x1f".join(parts).encode("utf-8", "replace")
    return key_prefix(second) + hashlib.blake2b(told, digest_size=12, key=key).digest()


def key_prefix(second: int) -> bytes:
    """Return the bytes with which the keys of a second since 1970 begin; they rise with time."""
    return min(max(second, 0), 0xFFFF_FFFF).to_bytes(4, "big")


_NUMBER_ID = re.compile(rb'"phone_number_id"\s*:\s*"?(\w{1,64})')


def named(raw: bytes) -> list[str]:
    """List Meta's ids of the numbers and accounts that a POST speaks of, as far as it can be read; for humans.

    Inside a JSON string no such key can stand: its quotes would be escaped.
    """
    found = {match.decode() for match in _NUMBER_ID.findall(raw)}
    try:
        entries = [_entries.decode(piece) for piece in _posts.decode(raw).entry]
    except UNREADABLE:
        entries = []
    return sorted(found | {str(entry.id) for entry in entries if entry.id})
