"""Queue a free text to one person whose service window is open: a reply, or the confirmation of leaving."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from difusio.common.keyring import keyring
from difusio.outbox.models import Batch, Delivery, Lane, State

TEXT = "outbox.text"


def reply(
    contact_id: int, *, workspace_id: int, number_id: int, text: str, window_closes_at: datetime, at: datetime
) -> int:
    """Queue what a member answers; give the delivery.  Not safe to repeat: each call is another message.

    Its words are somebody's alone: they have a batch of their own, sealed.  Cost: 2 queries.
    """
    sealed = b64encode(keyring().seal(text.encode(), purpose=TEXT)).decode()
    with transaction.atomic():
        batch = Batch.objects.create(
            workspace_id=workspace_id,
            number_id=number_id,
            lane=Lane.REPLY,
            message={"text_sealed": sealed},
            created_at=at,
        )
        delivery = Delivery.objects.create(
            workspace_id=workspace_id,
            batch=batch,
            number_id=number_id,
            contact_id=contact_id,
            state=State.QUEUED,
            window_closes_at=window_closes_at,
            due_at=at,
            created_at=at,
        )
    return delivery.pk


def text_of(message: Mapping[str, object]) -> str:
    """Read the free text of a batch: a reply's is sealed, a confirmation's is the same for everybody."""
    sealed = message.get("text_sealed")
    if isinstance(sealed, str):
        return keyring().open(b64decode(sealed), purpose=TEXT).decode()
    return str(message.get("text", ""))


def confirm_leaving(
    entry_id: int,
    *,
    contact_id: int,
    workspace_id: int,
    number_id: int,
    text: str,
    window_closes_at: datetime,
    at: datetime,
) -> bool:
    """Queue the one confirmation of a leaving; False when it was queued before (design, invariant 6).

    entry_id: the withdrawal that is confirmed.  Confirmations with the same words share a batch.
    """
    with transaction.atomic():
        batch = (
            Batch.objects.filter(
                number_id=number_id, lane=Lane.REPLY, topic=None, is_open=True, message={"text": text}
            )
            .order_by("id")
            .first()
        )
        if batch is None:
            batch = Batch.objects.create(
                workspace_id=workspace_id,
                number_id=number_id,
                lane=Lane.REPLY,
                message={"text": text},
                created_at=at,
            )
        _, is_new = Delivery.objects.get_or_create(
            confirms_id=entry_id,
            defaults={
                "workspace_id": workspace_id,
                "batch": batch,
                "number_id": number_id,
                "contact_id": contact_id,
                "state": State.QUEUED,
                "window_closes_at": window_closes_at,
                "due_at": at,
                "created_at": at,
            },
        )
    return is_new
