"""Leaving: the withdrawal that ends writing to a person, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from difusio.common.binding import binding_cursor, listed
from difusio.consent.ledger import NewEntry, append, lock_chain, queries
from difusio.consent.models import Act, Basis, Entry, Topic, TopicKind


@dataclass(frozen=True, slots=True)
class Left:
    """What leaving changed.

    entry_ids: the withdrawals written now; empty when the person had left before, so that nothing is confirmed twice.
    topic_ids: the topics that may not be written about from now on.
    """

    entry_ids: tuple[int, ...]
    topic_ids: tuple[int, ...]

    @property
    def is_new(self) -> bool:
        """Whether the person had not left already."""
        return bool(self.entry_ids)


def leave(
    contact_id: int,
    *,
    workspace_id: int,
    source: str,
    proof: bytes,
    actor: str,
    at: datetime,
    recorded_at: datetime,
    kinds: Sequence[TopicKind] = (TopicKind.MARKETING,),
    topic_id: int | None = None,
) -> Left:
    """Withdraw a person from every topic of ``kinds`` and suppress all their identities.

    topic_id: from this topic alone; then nothing is suppressed, since the other topics of its kind go on.

    A bare STOP ends all marketing topics; service topics stay unless named (design, invariant 6).  Who never agreed
    and says stop has objected: that is recorded too.  Repeating the call changes nothing.
    The caller marks the person's waiting deliveries in the same transaction (``outbox.leaving``).
    """
    names = [str(kind) for kind in (tuple(TopicKind) if topic_id else kinds)]
    chosen: dict[str, Any] = {"pk": topic_id} if topic_id else {"kind__in": names}
    with transaction.atomic():
        lock_chain(workspace_id)
        topic_ids = tuple(
            Topic.objects.filter(workspace_id=workspace_id, **chosen)
            .order_by("id")
            .values_list("id", flat=True)
        )
        with connection.cursor() as cursor:
            cursor.execute(queries["lock_standings"], {"contact": contact_id, "kinds": names})
            standings = {row[1]: bool(row[2]) for row in cursor.fetchall()}
            if topic_id is None:
                cursor.execute(
                    queries["suppress"],
                    {"contact": contact_id, "workspace": workspace_id, "kinds": names, "at": recorded_at},
                )
        granted = [topic_id for topic_id in topic_ids if standings.get(topic_id)]
        unknown = [topic_id for topic_id in topic_ids if topic_id not in standings]
        # A stop that reaches us late still is later than the grant it ends; a sender's fast clock moves nothing ahead.
        latest = _latest_grant(contact_id, granted)
        effective = max(min(at, recorded_at), latest) if latest else min(at, recorded_at)
        entries = [
            NewEntry(
                contact_id=contact_id,
                topic_id=topic_id,
                act=Act.WITHDRAWN if topic_id in standings else Act.OBJECTED,
                basis=Basis.CONSENT,
                wording_id=None,
                source=source,
                proof=proof,
                actor=actor,
                at=effective,
            )
            for topic_id in (*granted, *unknown)
        ]
        appended = append(entries, workspace_id=workspace_id, at=recorded_at)
    return Left(entry_ids=appended.entry_ids, topic_ids=topic_ids)


def follow(heard_of: Mapping[int, datetime]) -> None:
    """Keep people who left suppressed by the identities that became known since; in the caller's transaction.

    heard_of: contact → when we heard of them.  So a new phone or user id stays suppressed even when it stands alone one
    day, after an erasure or in an import.  Safe to repeat.  Cost: 1 query.
    """
    with binding_cursor() as cursor:
        cursor.execute(queries["follow"], {"contacts": listed(heard_of), "ats": listed(heard_of.values())})


def _latest_grant(contact_id: int, topic_ids: Sequence[int]) -> datetime | None:
    entries = Entry.objects.filter(contact_id=contact_id, topic_id__in=topic_ids)
    return entries.order_by("-at", "-id").values_list("at", flat=True).first()
