"""What one person and the business wrote to each other, in the order of time, opened for whoever may read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db.models import Q
from django.db.models.functions import Coalesce

from difusio.common.keyring import keyring
from difusio.inbox.models import Message
from difusio.inbox.receive import TEXT
from difusio.message_templates.placeholders import Preview, render_preview
from difusio.outbox.claim import CONTENT
from difusio.outbox.models import Attempt, Delivery, State
from difusio.outbox.reply import text_of

# What a person has seen of a campaign; replies are shown wherever they stand, so that whoever wrote one knows.
_SEEN: Final = (State.ACCEPTED, State.SENT, State.DELIVERED, State.READ)


@dataclass(frozen=True, slots=True)
class Line:
    """One message.  kind: Meta's type of theirs (text, image …); ``template`` or ``text`` of ours.

    state, reason: where ours stands (a word of the outbox and its detail), empty for theirs.
    preview: of a template, filled as it was sent.
    """

    at: datetime
    is_ours: bool
    kind: str
    text: str = ""
    is_leaving: bool = False
    state: str = ""
    reason: str = ""
    preview: Preview | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """lines: the oldest first.  last_id: of their newest message, 0 without one.  has_older: there is more before."""

    lines: Sequence[Line]
    last_id: int
    has_older: bool


def transcript(contact_id: int, *, before: datetime | None = None, limit: int = 60) -> Transcript:
    """Read the last ``limit`` messages of both sides, or those before a moment.  Cost: 3 queries.

    The caller has seen to it that the person belongs to the reader's workspace.
    """
    theirs = Message.objects.filter(contact=contact_id)
    ours = (
        Delivery.objects.filter(
            Q(state__in=_SEEN) | Q(batch__topic=None, batch__template=None), contact=contact_id
        )
        .annotate(left_at_all=Coalesce("accepted_at", "created_at"))
        .select_related("batch__template")
    )
    if before is not None:
        theirs, ours = theirs.filter(at__lt=before), ours.filter(left_at_all__lt=before)
    messages = list(theirs.order_by("-at", "-id")[: limit + 1])
    deliveries = list(ours.order_by("-left_at_all", "-id")[: limit + 1])
    contents = _contents([one.pk for one in deliveries if one.batch.template_id])
    lines = [_their_line(message) for message in messages]
    lines += [_our_line(delivery, contents.get(delivery.pk, {})) for delivery in deliveries]
    lines.sort(key=lambda line: line.at)
    return Transcript(
        lines=lines[-limit:],
        last_id=max((message.pk for message in messages), default=0),
        has_older=len(lines) > limit,
    )


def _their_line(message: Message) -> Line:
    text = keyring().open(message.text_sealed, purpose=TEXT).decode()
    return Line(message.at, is_ours=False, kind=message.kind, text=text, is_leaving=message.is_leaving)


def _our_line(delivery: Delivery, values: Mapping[str, str]) -> Line:
    template = delivery.batch.template
    at = delivery.accepted_at or delivery.created_at
    reason = delivery.reason or str(delivery.code or "")
    if template is None:
        text = text_of(delivery.batch.message)
        return Line(at, is_ours=True, kind="text", text=text, state=delivery.state, reason=reason)
    return Line(
        at,
        is_ours=True,
        kind="template",
        state=delivery.state,
        reason=reason,
        preview=render_preview(template.components, values),
        language=template.language,
    )


def _contents(delivery_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Open what was filled into templates: delivery → placeholder → text, of the last attempt."""
    if not delivery_ids:
        return {}
    attempts = Attempt.objects.filter(delivery__in=delivery_ids).order_by("delivery_id", "-id")
    found: dict[int, dict[str, str]] = {}
    for attempt in attempts.distinct("delivery_id"):
        content: dict[str, Any] = msgspec.json.decode(keyring().open(attempt.content_sealed, purpose=CONTENT))
        found[attempt.delivery_id] = content.get("values", {})
    return found
