"""Take in what a person wrote: who it is, what it answers, whether they leave."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from difusio.cloud_api.news import InboundMessage, Preference
from difusio.common.keyring import keyring
from difusio.consent.leave import follow
from difusio.contacts.identities import ensure
from difusio.contacts.models import Contact
from difusio.inbox.leaving import left_at_meta, left_by_message
from difusio.inbox.models import Message
from difusio.inbox.waiting import NO_ANSWER, wrote
from difusio.numbers.models import Number
from difusio.outbox.leaving import answered, mark_answered, open_window
from difusio.outbox.record import WAMID
from difusio.rules.leaving_words import classify

TEXT = "inbox.text"


@dataclass(frozen=True, slots=True)
class Received:
    """is_new: False for a repetition of Meta's, which changes nothing."""

    contact_id: int
    is_new: bool
    is_leaving: bool


def receive(message: InboundMessage, *, number: Number, at: datetime) -> Received:
    """Take in one message in one transaction: contact, service window, answer, leaving with its confirmation.

    Repeating the call with the same message changes nothing.
    """
    keys = keyring()
    wamid_hash = keys.hash(message.wamid, kind="wamid")
    with transaction.atomic(savepoint=False):
        known = Message.objects.filter(wamid_hash=wamid_hash).values_list("contact_id", "is_leaving").first()
        if known is not None:
            return Received(contact_id=known[0], is_new=False, is_leaving=known[1])
        contact_id = ensure(
            number.workspace_id,
            phone=message.from_phone,
            user_id=message.from_user_id,
            profile_name=message.profile_name or "",
            at=at,
        )
        follow(contact_id, workspace_id=number.workspace_id, at=at)
        text = message.text or ""
        # A reaction carries an emoji about a message, an order or a place none of our words.
        says = text if message.kind in {"text", "button", "interactive"} else ""
        language = Contact.objects.values_list("language", flat=True).get(pk=contact_id)
        leaving = classify(says, language) or classify(message.payload or "", language)
        closes_at = open_window(
            contact_id,
            workspace_id=number.workspace_id,
            number_id=number.pk,
            written_from=_written_from(message),
            at=max(message.at, at),
        )
        quoted = keys.hash(message.context_wamid, kind="wamid") if message.context_wamid else None
        found = answered(contact_id, number_id=number.pk, quoted=quoted, at=message.at)
        Message.objects.create(
            workspace_id=number.workspace_id,
            contact_id=contact_id,
            number=number,
            wamid_hash=wamid_hash,
            wamid_sealed=keys.seal(message.wamid.encode(), purpose=WAMID),
            kind=message.kind[:32],
            text_sealed=keys.seal(text.encode("utf-8", "replace"), purpose=TEXT),
            is_leaving=leaving is not None,
            answers_id=found.delivery_id if found else None,
            at=message.at,
            received_at=at,
        )
        wrote(
            contact_id,
            workspace_id=number.workspace_id,
            number_id=number.pk,
            at=message.at,
            # A leaving word has its confirmation, and nobody expects words for a thumb.
            waits=leaving is None and message.kind not in NO_ANSWER,
        )
        left_now = False
        if leaving is not None:
            left_now = left_by_message(
                contact_id,
                workspace_id=number.workspace_id,
                number_id=number.pk,
                proof=f"message {message.wamid}: {text}".encode("utf-8", "replace"),
                kind=leaving.kind,
                window_closes_at=closes_at,
                written_at=message.at,
                at=at,
            ).is_new
        if found:
            mark_answered(
                found,
                replied_at=None if leaving is not None else message.at,
                left_at=message.at if left_now else None,
            )
    return Received(contact_id=contact_id, is_new=True, is_leaving=leaving is not None)


def _written_from(message: InboundMessage) -> bytes:
    if message.from_phone:
        return keyring().hash(message.from_phone, kind="phone")
    return keyring().hash(message.from_user_id or "", kind="bsuid")


def prefer(preference: Preference, *, number: Number, at: datetime) -> None:
    """Follow WhatsApp's own switch.  ``stop`` is a withdrawal; ``resume`` never overrides a stop given elsewhere.

    A sign-up link is a grant only with its wording on file, which comes with the links themselves.
    """
    if preference.kind != "stop":
        return
    with transaction.atomic(savepoint=False):
        contact_id = ensure(
            number.workspace_id,
            phone=preference.phone,
            user_id=preference.user_id,
            profile_name=preference.profile_name or "",
            at=at,
        )
        left = left_at_meta(contact_id, workspace_id=number.workspace_id, at=at, written_at=preference.at)
        found = answered(contact_id, number_id=number.pk, quoted=None, at=preference.at)
        if found and left.is_new:
            mark_answered(found, replied_at=None, left_at=preference.at)
