"""Read what a conversation's webhook holds, one item at a time: statuses, messages, preferences, errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from difusio.cloud_api import webhook_shapes as shapes
from difusio.cloud_api.decoding import UNREADABLE
from difusio.cloud_api.news import (
    IdentityChange,
    InboundMessage,
    Media,
    News,
    NumberNews,
    Poison,
    Preference,
    Status,
    StatusUpdate,
    Unknown,
)

Moment = str | int | float | None

_MEDIA_KINDS = ("image", "video", "document", "audio", "sticker")
# Statuses of older texts and of other products, which say nothing about the way of a message.
_OTHER_STATUSES = frozenset({"deleted", "warning"})


# By the word: an enumeration's own look-up costs more than reading the rest of the status.
STATUSES = {str(status): status for status in Status}

_statuses = msgspec.json.Decoder(shapes.Status)
_contacts = msgspec.json.Decoder(list[shapes.Contact])
_messages = msgspec.json.Decoder(shapes.Message)
_preferences = msgspec.json.Decoder(shapes.Preference)
_errors = msgspec.json.Decoder(shapes.Error)
_metadata = msgspec.json.Decoder(shapes.Metadata)
_items = msgspec.json.Decoder(list[msgspec.Raw])
_nested = msgspec.json.Decoder(dict[str, msgspec.Raw])


def moment(value: Moment) -> datetime | None:
    """Read seconds since 1970, which come as text or as a number; None stays None.

    Raises ValueError or OverflowError for what is no such moment.
    """
    return None if value is None else datetime.fromtimestamp(float(value), UTC)


def with_plus(digits: str | None) -> str | None:
    """Write a phone number as E.164; Meta leaves the plus out in webhooks."""
    return f"+{digits.removeprefix('+')}" if digits else None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One change about a number's conversations; its items are still raw."""

    waba_id: str
    phone_number_id: str
    contacts: list[shapes.Contact]
    parts: dict[str, msgspec.Raw]
    standby: bool = False

    @classmethod
    def of(cls, keys: dict[str, msgspec.Raw], waba_id: str) -> "Conversation":
        """Open a change's value; raises one of UNREADABLE when its frame is broken."""
        metadata = _metadata.decode(keys["metadata"]) if "metadata" in keys else shapes.Metadata()
        standby = "standby" in keys
        parts = _nested.decode(keys["standby"]) if standby else keys
        return cls(
            waba_id, str(metadata.phone_number_id), _contacts_or_none(parts.get("contacts")), parts, standby
        )

    def read(self) -> Iterator[News]:
        """Yield the items in the order of their kinds; one that cannot be read becomes Poison, alone."""
        readers = (
            ("statuses", self._status),
            ("messages", self._message),
            ("user_preferences", self._preference),
            ("errors", self._error),
        )
        for kind, reader in readers:
            for raw in self._list(kind):
                if isinstance(raw, Poison):
                    yield raw
                    continue
                try:
                    yield reader(raw)
                except UNREADABLE:
                    yield Poison(f"one of {kind} that cannot be read", bytes(raw))
        for kind in self.parts.keys() - _READ_PARTS:
            yield Unknown(f"messages.{kind}", bytes(self.parts[kind]))

    def _list(self, kind: str) -> Iterator[msgspec.Raw | Poison]:
        if kind not in self.parts:
            return
        try:
            yield from _items.decode(self.parts[kind])
        except UNREADABLE:
            yield Poison(f"{kind} that are no list", bytes(self.parts[kind]))

    def _status(self, raw: msgspec.Raw) -> News:
        item = _statuses.decode(raw)
        if item.status in _OTHER_STATUSES:
            return Unknown(f"messages.statuses.{item.status}", bytes(raw))
        if not item.id and not item.biz_opaque_callback_data:
            return Poison("a status without message id and token", bytes(raw))
        return status_update(item, self.phone_number_id, standby=self.standby)

    def _message(self, raw: msgspec.Raw) -> News:
        item = _messages.decode(raw)
        if item.system is not None:
            return self._system(item, item.system, raw)
        contact = self._contact(item.sender, item.from_user_id)
        # A username user has no `from`, and older webhooks have the id only beside the profile.
        phone = item.sender or (contact.wa_id if contact else None)
        user_id = item.from_user_id or (contact.user_id if contact else None)
        if not phone and not user_id:
            return Poison("a message from nobody", bytes(raw))
        text, payload = _words(item)
        return InboundMessage(
            phone_number_id=self.phone_number_id,
            waba_id=self.waba_id,
            wamid=item.id,
            from_phone=with_plus(phone),
            from_user_id=user_id,
            profile_name=_name(contact),
            at=_time(item.timestamp),
            kind=item.type,
            text=text,
            payload=payload,
            context_wamid=_context(item),
            media=_media(item),
            group_id=item.group_id,
            standby=self.standby,
        )

    def _system(self, item: shapes.Message, system: shapes.System, raw: msgspec.Raw) -> News:
        match system.type:
            case "user_changed_number" | "user_changed_user_id" | "customer_identity_changed" as kind:
                return IdentityChange(
                    phone_number_id=self.phone_number_id,
                    waba_id=self.waba_id,
                    wamid=item.id,
                    kind=kind,
                    at=_time(item.timestamp),
                    old_phone=with_plus(item.sender),
                    old_user_id=item.from_user_id,
                    new_phone=with_plus(system.wa_id),
                    new_user_id=system.user_id,
                )
            case other:
                return Unknown(f"messages.system.{other}", bytes(raw))

    def _preference(self, raw: msgspec.Raw) -> News:
        item = _preferences.decode(raw)
        contact = self._contact(item.wa_id, item.user_id)
        phone = item.wa_id or (contact.wa_id if contact else None)
        user_id = item.user_id or (contact.user_id if contact else None)
        if not phone and not user_id:
            return Poison("a preference of nobody", bytes(raw))
        match item.value:
            case "stop" | "resume" | "signup" as kind:
                return Preference(
                    phone_number_id=self.phone_number_id,
                    waba_id=self.waba_id,
                    kind=kind,
                    phone=with_plus(phone),
                    user_id=user_id,
                    at=_time(item.timestamp),
                    profile_name=_name(contact),
                    signup_id=item.signup_id,
                )
            case _:
                return Poison("an unknown preference", bytes(raw))

    def _error(self, raw: msgspec.Raw) -> News:
        item = _errors.decode(raw)
        return NumberNews(
            waba_id=self.waba_id,
            kind="error",
            event=item.title or "",
            at=None,
            phone_number_id=self.phone_number_id,
            code=item.code,
        )

    def _contact(self, wa_id: str | None, user_id: str | None) -> shapes.Contact | None:
        for contact in self.contacts:
            if (wa_id and contact.wa_id == wa_id) or (user_id and contact.user_id == user_id):
                return contact
        # Without any name of the sender the only contact is who wrote.
        return self.contacts[0] if len(self.contacts) == 1 and not wa_id and not user_id else None


def status_update(item: shapes.Status, phone_number_id: str, *, standby: bool = False) -> StatusUpdate:
    """Read one status.  Raises ValueError for an unknown one, for no moment, and for neither message id nor token."""
    if not item.id and not item.biz_opaque_callback_data:
        raise ValueError
    group = item.recipient_type == "group"
    return StatusUpdate(
        phone_number_id=phone_number_id,
        wamid=item.id or None,
        token=item.biz_opaque_callback_data or None,
        status=STATUSES.get(item.status) or Status(item.status),
        at=_time(item.timestamp),
        phone=with_plus(item.recipient_participant_id if group else item.recipient_id),
        user_id=item.recipient_participant_user_id if group else item.recipient_user_id,
        error_code=item.errors[0].code if item.errors else None,
        pricing_type=item.pricing.type if item.pricing else None,
        pricing_category=item.pricing.category if item.pricing else None,
        group_id=item.recipient_id if group else None,
        standby=standby,
    )


_READ_PARTS = frozenset(
    {
        "messaging_product",
        "metadata",
        "contacts",
        "statuses",
        "messages",
        "user_preferences",
        "errors",
        "standby",
    }
)


def _contacts_or_none(raw: msgspec.Raw | None) -> list[shapes.Contact]:
    if raw is None:
        return []
    try:
        return _contacts.decode(raw)
    except UNREADABLE:
        # A broken name must not cost the message beside it.
        return []


def _time(value: str | int) -> datetime:
    at = moment(value)
    if at is None:
        raise ValueError
    return at


def _name(contact: shapes.Contact | None) -> str | None:
    return contact.profile.name if contact and contact.profile else None


def _words(item: shapes.Message) -> tuple[str | None, str | None]:
    """Return what a person would see of the message, and what we hid behind it."""
    if item.button:
        return item.button.text, item.button.payload
    if item.interactive:
        return _choice(item.interactive)
    if item.reaction:
        return item.reaction.emoji, None
    text = item.edit.message.text if item.edit and item.edit.message else item.text
    if text:
        return text.body, None
    file = _file(item)
    caption = file.caption if file else None
    return item.order.text if item.order else caption, None


def _choice(interactive: shapes.Interactive) -> tuple[str | None, str | None]:
    reply = interactive.button_reply or interactive.list_reply
    if reply:
        return reply.title, reply.id
    if interactive.nfm_reply:
        return interactive.nfm_reply.body, interactive.nfm_reply.response_json
    if interactive.call_permission_reply:
        return None, interactive.call_permission_reply.response
    return None, None


def _context(item: shapes.Message) -> str | None:
    if item.reaction:
        return item.reaction.message_id
    change = item.edit or item.revoke
    if change:
        return change.original_message_id
    return item.context.id if item.context else None


def _file(item: shapes.Message) -> shapes.File | None:
    for kind in _MEDIA_KINDS:
        file: shapes.File | None = getattr(item, kind)
        if file:
            return file
    return None


def _media(item: shapes.Message) -> Media | None:
    file = _file(item)
    return Media(file.id, file.mime_type, file.filename) if file and file.id else None
