"""Answer a person who wrote to us, within their service window; or note that they need no answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from difusio.accounts import audit
from difusio.inbox.errors import NobodyWrote, NothingToSay, NumberIsStopped, TooLong, WindowClosed
from difusio.inbox.models import Conversation
from difusio.inbox.waiting import settle
from difusio.outbox.models import ServiceWindow
from difusio.outbox.reply import reply

# Source: Meta's schema of a text message, ``text.body`` (read 2026-11-22).
MAX_CHARACTERS: Final = 4_096


@dataclass(frozen=True, slots=True)
class Answered:
    """delivery_id: None when this very form was sent before."""

    delivery_id: int | None


def answer(
    contact_id: int, *, workspace_id: int, text: str, seen: int, once: UUID, by: str, at: datetime
) -> Answered:
    """Queue an answer, which goes before everything else, and let the person wait no longer.

    seen: id of the last message that whoever answers had seen; what came later still waits.  once: names the form, so
    that sending it twice answers once.  The window is asked again when the answer is claimed (design, invariant 1).
    Raises NothingToSay, TooLong, NobodyWrote, NumberIsStopped, WindowClosed.  Cost: 12 queries.
    """
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise NothingToSay
    if len(text) > MAX_CHARACTERS:
        raise TooLong
    with transaction.atomic():
        conversation = _locked(contact_id, workspace_id)
        if conversation.answered_once == once:
            return Answered(None)
        if conversation.number.stopped_for:
            raise NumberIsStopped
        closes_at = closing(conversation)
        if closes_at is None or closes_at <= at:
            raise WindowClosed
        delivery_id = reply(
            contact_id,
            workspace_id=workspace_id,
            number_id=conversation.number_id,
            text=text,
            window_closes_at=closes_at,
            at=at,
        )
        conversation.answered_once = once
        conversation.save(update_fields=["answered_once"])
        settle(conversation.pk, up_to=seen)
        audit.record(
            workspace_id=workspace_id,
            actor=by,
            act="conversation.answered",
            details={"contact": contact_id, "delivery": delivery_id},
            at=at,
        )
    return Answered(delivery_id)


def need_no_answer(contact_id: int, *, workspace_id: int, seen: int, by: str, at: datetime) -> None:
    """Note that what was seen needs no answer.  Repeating it is harmless.  Raises NobodyWrote."""
    with transaction.atomic():
        conversation = _locked(contact_id, workspace_id)
        if conversation.waiting_since is None:
            return
        settle(conversation.pk, up_to=seen)
        audit.record(
            workspace_id=workspace_id,
            actor=by,
            act="conversation.done",
            details={"contact": contact_id},
            at=at,
        )


def closing(conversation: Conversation) -> datetime | None:
    """Give when the window closes in which the person may be answered, None if they never opened one.  1 query."""
    return (
        ServiceWindow.objects.filter(contact=conversation.contact_id, number=conversation.number_id)
        .values_list("closes_at", flat=True)
        .first()
    )


def _locked(contact_id: int, workspace_id: int) -> Conversation:
    found = (
        Conversation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("number")
        .filter(contact=contact_id, workspace=workspace_id)
        .first()
    )
    if found is None:
        raise NobodyWrote
    return found
