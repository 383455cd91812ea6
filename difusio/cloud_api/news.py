"""The typed values that Meta's webhooks become; how they are read is `webhooks`.

Phone numbers carry their plus, times are aware UTC, languages are written en_US.  A wamid holds the phone
number: treat it like one.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

NumberKind = Literal[
    "quality", "capability", "name", "username", "security", "account", "review", "alert", "error"
]


class Status(StrEnum):
    """What Meta reports of a message that it accepted."""

    SENT = "sent"  # left Meta's servers
    DELIVERED = "delivered"  # reached a phone
    READ = "read"  # opened; missing for everybody who switched receipts off
    PLAYED = "played"  # a voice message was listened to
    FAILED = "failed"  # did not reach one of the person's phones; another may still report delivered


class StatusUpdate(msgspec.Struct, frozen=True):
    """One status of one message of ours; made ten thousand times a second, which frozen dataclasses are too slow for.

    wamid or token is there, mostly both; token: what we sent as callback data.
    phone and user_id: whom Meta wrote to; in a group the one person whose phone reports.
    """

    phone_number_id: str
    wamid: str | None
    token: str | None
    status: Status
    at: datetime
    phone: str | None = None
    user_id: str | None = None
    error_code: int | None = None
    pricing_type: str | None = None  # any "free_…" costs nothing
    pricing_category: str | None = None
    group_id: str | None = None
    standby: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """A file in an inbound message; Meta keeps it for 7 days."""

    media_id: str
    mime_type: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """What a person sent.

    kind: Meta's type (text, button, interactive, image, reaction, …).  text: the words a person would see:
    the body, the button's label, the title of the reply, a caption, the emoji.  payload: what we hid behind a
    button or a list's row, or a form's answers as JSON.  context_wamid: the message this answers, reacts to,
    edits or revokes.
    from_phone and from_user_id: at least one is there.
    standby: Meta's own agent holds the conversation; the words count all the same.
    """

    phone_number_id: str
    waba_id: str
    wamid: str
    from_phone: str | None
    from_user_id: str | None
    profile_name: str | None
    at: datetime
    kind: str
    text: str | None = None
    payload: str | None = None
    context_wamid: str | None = None
    media: Media | None = None
    group_id: str | None = None
    standby: bool = False


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """A person's phone number, user id or device changed; no message of theirs: no service window."""

    phone_number_id: str
    waba_id: str
    wamid: str
    kind: Literal["user_changed_number", "user_changed_user_id", "customer_identity_changed"]
    at: datetime
    old_phone: str | None = None
    old_user_id: str | None = None
    new_phone: str | None = None
    new_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """A person used WhatsApp's own switch for our marketing, or one of our sign-up links."""

    phone_number_id: str
    waba_id: str
    kind: Literal["stop", "resume", "signup"]
    phone: str | None
    user_id: str | None
    at: datetime
    profile_name: str | None = None
    signup_id: str | None = None


@dataclass(frozen=True, slots=True)
class TemplateNews:
    """A template's state moved.

    kind: status (new: APPROVED, PAUSED …), quality (new: GREEN, YELLOW, RED), category (it is new from now
    on), category_notice (it becomes new at effective_at) or components (its text was edited).
    reason: Meta's word (INVALID_FORMAT, FIRST_PAUSE; RATE_LIMITING_PAUSE has to be lifted by hand).  remark:
    Meta's sentence.
    """

    waba_id: str
    kind: Literal["status", "quality", "category", "category_notice", "components"]
    template_id: str
    name: str
    language: str
    at: datetime | None
    new: str | None = None
    previous: str | None = None
    category: str | None = None
    reason: str | None = None
    remark: str | None = None
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Restriction:
    """What Meta forbids an account, and until when; None: no end was given."""

    kind: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class NumberNews:
    """The state of a number, its account or its portfolio moved.

    kind: quality (a number's throughput or limit), capability (the portfolio's limit), name, username,
    security, account, review, alert or error (code: Meta's).  event: Meta's word.  daily_limit: unique people
    per moving 24 hours outside windows, UNLIMITED for the highest step.  number: digits with plus as far as
    Meta gave it; phone_number_id where it did.
    """

    waba_id: str
    kind: NumberKind
    event: str
    at: datetime | None
    phone_number_id: str | None = None
    number: str | None = None
    daily_limit: int | None = None
    remark: str | None = None
    code: int | None = None
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that is well formed and not for us.  field: Meta's name for it."""

    field: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Poison:
    """Something that cannot be read; it stays alone.  reason: no content.  raw: this piece only."""

    reason: str
    raw: bytes


News = (
    StatusUpdate | InboundMessage | IdentityChange | Preference | TemplateNews | NumberNews | Unknown | Poison
)

UNLIMITED = 1_000_000_000


def daily_limit(step: str | float | None) -> int | None:
    """Read Meta's step of the messaging limit ("TIER_250", "TIER_2K", "TIER_UNLIMITED", 2000, -1) or None.

    Source: developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits (read
    2026-11-22)
    """
    if isinstance(step, int | float):
        return UNLIMITED if step < 0 else int(step)
    if step is None or not step.startswith("TIER_"):
        return None
    amount = step.removeprefix("TIER_")
    if amount == "UNLIMITED":
        return UNLIMITED
    thousands = amount.endswith("K")
    digits = amount.removesuffix("K")
    return int(digits) * (1000 if thousands else 1) if digits.isdecimal() else None
