"""Leaving: withdraw the person, skip what waits for them, confirm once — in one transaction."""

from datetime import datetime

from django.db import transaction

from difusio.accounts.audit import record
from difusio.consent.leave import Left, leave
from difusio.consent.models import TopicKind
from difusio.contacts.models import Contact
from difusio.inbox.confirmation import confirmation
from difusio.outbox.leaving import skip_left
from difusio.outbox.reply import confirm_leaving
from difusio.rules.leaving_words import LeavingKind


def left_by_message(
    contact_id: int,
    *,
    workspace_id: int,
    number_id: int,
    proof: bytes,
    kind: LeavingKind,
    window_closes_at: datetime,
    written_at: datetime,
    at: datetime,
) -> Left:
    """Let a person who wrote a leaving word go, and confirm it once in their language.

    proof: what shows it (the message's id and words).  kind: a bare STOP, or everything.
    Repeating the call changes nothing, and neither does a person who repeats the word.
    """
    with transaction.atomic():
        left = leave(
            contact_id,
            workspace_id=workspace_id,
            source="whatsapp message",
            proof=proof,
            actor="the person",
            at=written_at,
            recorded_at=at,
            kinds=tuple(TopicKind) if kind is LeavingKind.EVERYTHING else (TopicKind.MARKETING,),
        )
        skip_left(contact_id, topic_ids=left.topic_ids)
        if left.is_new:
            contact = Contact.objects.select_related("workspace").get(pk=contact_id)
            language = contact.language or contact.workspace.language
            confirm_leaving(
                left.entry_ids[0],
                contact_id=contact_id,
                workspace_id=workspace_id,
                number_id=number_id,
                text=confirmation(language, business=contact.workspace.name, kind=kind),
                window_closes_at=window_closes_at,
                at=at,
            )
    return left


def left_by_member(
    contact_id: int, *, workspace_id: int, topic_id: int | None, reason: str, by: str, at: datetime
) -> Left:
    """Let a person go who told somebody of the business; from one topic, or from all marketing when it is None.

    reason: what they said or wrote, and where; the evidence.  We write nothing: whoever heard it can say that it is
    done.  Repeating the call changes nothing.
    """
    with transaction.atomic():
        left = leave(
            contact_id,
            workspace_id=workspace_id,
            source="told a member",
            proof=reason.encode(),
            actor=by,
            at=at,
            recorded_at=at,
            topic_id=topic_id,
        )
        skip_left(contact_id, topic_ids=left.topic_ids)
        if left.is_new:
            record(
                workspace_id=workspace_id,
                actor=by,
                act="consent.withdrawn",
                details={"contact": contact_id, "topics": list(left.topic_ids)},
                at=at,
            )
    return left


def left_at_meta(
    contact_id: int, *, workspace_id: int, at: datetime, written_at: datetime | None = None
) -> Left:
    """Let a person go who used WhatsApp's own switch, heard as a preference or as error 131050.

    WhatsApp itself shows them that it worked; we write nothing (one confirmation at most).
    """
    with transaction.atomic():
        left = leave(
            contact_id,
            workspace_id=workspace_id,
            source="whatsapp preference",
            proof=b"user_preferences stop or error 131050",
            actor="the person",
            at=written_at or at,
            recorded_at=at,
        )
        skip_left(contact_id, topic_ids=left.topic_ids)
    return left
