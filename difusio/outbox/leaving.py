"""What a person's own message changes in the outbox: what waits for them, what they answered, their service window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction

from difusio.common.sql import Queries
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))

# Source: Meta, customer service windows (cloud-api sheet, section 9): 24 hours from each message of the person.
WINDOW = timedelta(hours=24)
# A message without a quote answers what we sent last, if that is not longer ago.
_ANSWERS_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Answered:
    """The delivery that a message answers.  was_*: whether an earlier message had been counted already."""

    delivery_id: int
    batch_id: int
    was_replied: bool
    was_left: bool


def skip_left(contact_id: int, *, topic_ids: Sequence[int]) -> int:
    """Skip what waits for a person who left; in the transaction of the leaving.  Give how many."""
    return _skip("skip_left", {"contact": contact_id, "topics": list(topic_ids)})


def skip_withdrawn(contact_ids: Sequence[int]) -> int:
    """Skip what waits for these people about topics that they no longer agree to; in the transaction that says so."""
    return _skip("skip_withdrawn", {"contacts": list(contact_ids)})


def _skip(query: str, parameters: dict[str, int | list[int]]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_queries[query], parameters)
        rows = cursor.fetchall()
        bump(cursor, [Change(batch, was, reason, 0, "skipped", "left", 0) for batch, was, reason in rows])
    return len(rows)


def answered(contact_id: int, *, number_id: int, quoted: bytes | None, at: datetime) -> Answered | None:
    """Find what a message answers.  quoted: hash of the wamid that it quotes, if any."""
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["answered"],
            {"contact": contact_id, "number": number_id, "quoted": quoted, "since": at - _ANSWERS_WITHIN},
        )
        row = cursor.fetchone()
        return Answered(*row) if row else None


def mark_answered(found: Answered, *, replied_at: datetime | None, left_at: datetime | None) -> None:
    """Keep and count the first reply and the leaving that a delivery brought, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["mark_answered"],
            {"delivery": found.delivery_id, "replied_at": replied_at, "left_at": left_at},
        )
        extra = []
        if replied_at and not found.was_replied:
            extra.append((found.batch_id, "replied"))
        if left_at and not found.was_left:
            extra.append((found.batch_id, "left"))
        bump(cursor, [], extra)


def open_window(
    contact_id: int, *, workspace_id: int, number_id: int, written_from: bytes, at: datetime
) -> datetime:
    """Open or lengthen the person's service window on a number; give when it closes.

    written_from: ``value_hash`` of the phone or user id that the person wrote from; answers go there.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["open_window"],
            {
                "workspace": workspace_id,
                "contact": contact_id,
                "number": number_id,
                "written_from": written_from,
                "closes_at": at + WINDOW,
            },
        )
        row = cursor.fetchone()
    closes_at: datetime = row[0]
    return closes_at
