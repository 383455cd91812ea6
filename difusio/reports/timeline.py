"""All that passed between a person and the business, newest first: consent, messages both ways, events."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self, TypeVar

import msgspec
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from difusio.common.keyring import keyring
from difusio.consent.models import Entry
from difusio.contacts.models import Event
from difusio.inbox.models import Message
from difusio.inbox.receive import TEXT
from difusio.message_templates.models import Template
from difusio.message_templates.placeholders import render_preview
from difusio.outbox.claim import CONTENT
from difusio.outbox.models import Attempt, Delivery

PAGE_SIZE: Final = 30
T = TypeVar("T", bound=Model)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"(\d{1,17})-(consent|event|message|written)-(\d{1,18})")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a timeline something stands: by time, then by kind and id, so that no two share a place."""

    at: datetime
    kind: str
    pk: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what ``str`` wrote; None for anything else, since addresses come from outside."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            return None
        return cls(_EPOCH + timedelta(microseconds=int(match[1])), match[2], int(match[3]))

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.kind}-{self.pk}"


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that passed.

    kind: ``consent`` (act, topic, source, actor, wording), ``message`` to them (topic, campaign, state, reason, code,
    text, is_possible_duplicate), ``written`` by them (text, is_leaving), ``event`` (name, properties).
    """

    place: Place
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What kind of thing it is."""
        return self.place.kind


@dataclass(frozen=True, slots=True)
class Page:
    """older: where the next page begins, None at the end."""

    moments: Sequence[Moment]
    older: Place | None


def timeline(contact_id: int, *, before: Place | None, with_texts: bool, limit: int = PAGE_SIZE) -> Page:
    """Give a page of what passed.  with_texts: whether the reader may read messages.  Cost: 4 queries, 6 with texts."""
    found = [
        *_consents(contact_id, before, limit + 1),
        *_messages(contact_id, before, limit + 1),
        *_written(contact_id, before, limit + 1, with_texts=with_texts),
        *_events(contact_id, before, limit + 1),
    ]
    found.sort(key=lambda moment: moment.place, reverse=True)
    shown = found[:limit]
    if with_texts:
        shown = _with_texts(shown)
    return Page(shown, shown[-1].place if len(found) > limit else None)


def _older(rows: QuerySet[T], kind: str, at: str, before: Place | None, limit: int) -> QuerySet[T]:
    if before is not None:
        tie = Q(**{at: before.at})
        if kind == before.kind:
            rows = rows.filter(Q(**{f"{at}__lt": before.at}) | (tie & Q(pk__lt=before.pk)))
        elif kind < before.kind:
            rows = rows.filter(**{f"{at}__lte": before.at})
        else:
            rows = rows.filter(**{f"{at}__lt": before.at})
    return rows.order_by(f"-{at}", "-pk")[:limit]


def _consents(contact_id: int, before: Place | None, limit: int) -> list[Moment]:
    rows = Entry.objects.filter(contact_id=contact_id).select_related("topic", "wording")
    return [
        Moment(
            Place(entry.at, "consent", entry.pk),
            {
                "act": entry.act,
                "topic": entry.topic.name,
                "source": entry.source,
                "actor": entry.actor,
                "wording": entry.wording.text if entry.wording else "",
            },
        )
        for entry in _older(rows, "consent", "at", before, limit)
    ]


def _messages(contact_id: int, before: Place | None, limit: int) -> list[Moment]:
    rows = (
        Delivery.objects.filter(contact_id=contact_id)
        .select_related("batch__topic", "batch__template")
        .annotate(
            campaign=F("batch__round_batch__round__campaign__name"),
            is_possible_duplicate=Exists(
                Attempt.objects.filter(delivery_id=OuterRef("pk"), is_possible_duplicate=True)
            ),
        )
    )
    return [
        Moment(
            Place(row.created_at, "message", row.pk),
            {
                "topic": row.batch.topic.name if row.batch.topic else "",
                "campaign": row.campaign or "",
                "state": row.state,
                "reason": row.reason,
                "code": row.code,
                "template": row.batch.template,
                "is_confirmation": row.confirms_id is not None,
                "is_possible_duplicate": row.is_possible_duplicate,
            },
        )
        for row in _older(rows, "message", "created_at", before, limit)
    ]


def _written(contact_id: int, before: Place | None, limit: int, *, with_texts: bool) -> list[Moment]:
    keys = keyring()
    rows = Message.objects.filter(contact_id=contact_id)
    return [
        Moment(
            Place(row.at, "written", row.pk),
            {
                "text": keys.open(row.text_sealed, purpose=TEXT).decode("utf-8", "replace")
                if with_texts
                else "",
                "is_leaving": row.is_leaving,
            },
        )
        for row in _older(rows, "written", "at", before, limit)
    ]


def _events(contact_id: int, before: Place | None, limit: int) -> list[Moment]:
    rows = Event.objects.filter(contact_id=contact_id)
    return [
        Moment(Place(row.at, "event", row.pk), {"name": row.name, "properties": row.properties})
        for row in _older(rows, "event", "at", before, limit)
    ]


def _with_texts(moments: Sequence[Moment]) -> list[Moment]:
    """Show what was sent, from the intent that kept it; what was never sent has no text."""
    ids = [moment.place.pk for moment in moments if moment.kind == "message"]
    if not ids:
        return list(moments)
    keys = keyring()
    latest = (
        Attempt.objects.filter(delivery_id__in=ids).order_by("delivery_id", "-id").distinct("delivery_id")
    )
    sealed = dict(latest.values_list("delivery_id", "content_sealed"))
    return [
        Moment(
            moment.place,
            {
                **moment.facts,
                "text": sent_text(
                    msgspec.json.decode(keys.open(sealed[moment.place.pk], purpose=CONTENT)),
                    moment.facts["template"],
                ),
            },
        )
        if moment.kind == "message" and moment.place.pk in sealed
        else moment
        for moment in moments
    ]


def sent_text(content: Mapping[str, Any], template: Template | None) -> str:
    """Say what an intent kept: a free text, or its template filled."""
    if "text" in content:
        return str(content["text"])
    return render_preview(template.components, content.get("values", {})).body if template else ""
