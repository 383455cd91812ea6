"""Read what came back from a send, and judge it.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read
2026-11-22).
"""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from difusio.cloud_api import verdicts
from difusio.cloud_api.decoding import UNREADABLE
from difusio.cloud_api.verdicts import Verdict, verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What Meta's server said: HTTP status and raw body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class NotSent:
    """The connection never opened: not one byte left.  reason: the error's kind, no addresses."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The request left, or a part of it, and no answer came.  reason: the error's kind, no addresses."""

    reason: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Meta has taken the message, nothing more: neither that the person exists nor that they will get it.

    wa_id: the phone number as Meta knows it, with its plus; None when a user id was addressed.  user_id: the
    other way round.
    held: Meta waits to see how others take the template; it is sent later, or fails with 132015.
    """

    wamid: str
    wa_id: str | None
    user_id: str | None
    held: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Meta's error.  details: Meta's words; they may hold what we sent: for people, never for a log."""

    http_status: int
    code: int
    subcode: int | None
    details: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Neither an acceptance nor an error of Meta's."""

    http_status: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do, and what was read; accepted and refusal are None where there was none."""

    verdict: Verdict
    accepted: Accepted | None = None
    refusal: Refusal | None = None


class _Contact(msgspec.Struct):
    wa_id: str | None = None
    user_id: str | None = None


class _Message(msgspec.Struct):
    id: str
    message_status: str | None = None


class _Taken(msgspec.Struct):
    messages: list[_Message]
    contacts: list[_Contact] = []


class _Error(msgspec.Struct):
    code: int
    message: str = ""
    error_subcode: int | None = None
    # Sometimes an object with `details`, sometimes a plain string.
    error_data: msgspec.Raw = msgspec.Raw(b"")
    error_user_msg: str | None = None


class _Refused(msgspec.Struct):
    error: _Error


class _ErrorData(msgspec.Struct):
    details: str = ""


_taken = msgspec.json.Decoder(_Taken)
_refused = msgspec.json.Decoder(_Refused)
_error_data = msgspec.json.Decoder(_ErrorData | str)


def read_answer(http_status: int, body: bytes) -> Accepted | Refusal | Unreadable:
    """Read one answer to a send; never raises."""
    if HTTPStatus.OK <= http_status < HTTPStatus.MULTIPLE_CHOICES:
        try:
            taken = _taken.decode(body)
        except UNREADABLE:
            return Unreadable(http_status)
        if not taken.messages or not taken.messages[0].id:
            return Unreadable(http_status)
        message = taken.messages[0]
        contact = taken.contacts[0] if taken.contacts else _Contact()
        return Accepted(
            wamid=message.id,
            wa_id=f"+{contact.wa_id.removeprefix('+')}" if contact.wa_id else None,
            user_id=contact.user_id,
            # Some of Meta's pages leave the field out unless it says "held": absence means accepted.
            held=message.message_status not in {None, "accepted"},
        )
    try:
        error = _refused.decode(body).error
    except UNREADABLE:
        return Unreadable(http_status)
    return Refusal(http_status, error.code, error.error_subcode, _details(error))


def judge(result: Answer | NotSent | Lost) -> Judgement:
    """Decide what the outcome of one send means for its delivery."""
    if isinstance(result, NotSent):
        return Judgement(verdicts.NOT_SENT)
    if isinstance(result, Lost):
        return Judgement(verdicts.LOST)
    match read_answer(result.status, result.body):
        case Accepted() as accepted:
            return Judgement(verdicts.ACCEPTED, accepted=accepted)
        case Refusal() as refusal:
            return Judgement(verdict(refusal.http_status, refusal.code, refusal.subcode), refusal=refusal)
        case Unreadable(http_status=status):
            return Judgement(verdict(status, None))


def _details(error: _Error) -> str:
    details = ""
    if bytes(error.error_data):
        try:
            data = _error_data.decode(error.error_data)
        except UNREADABLE:
            data = ""
        details = data if isinstance(data, str) else data.details
    return details or error.error_user_msg or error.message
