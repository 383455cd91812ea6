"""What a person's own message changes in the outbox: what waits for them, what they answered, their service window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction

from difusio.common.binding import binding_cursor, listed
from difusio.common.sql import Queries
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))

# Source: Meta, customer service windows (cloud-api sheet, section 9): 24 hours from each message of the person.
WINDOW = timedelta(hours=24)
# A message without a quote answers what we sent last, if that is not longer ago.
_ANSWERS_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wrote:
    """A message of a person's.

    written_from: ``value_hash`` of the phone or user id that they wrote from; answers go there.  quoted: hash of the
    wamid that they quote, if any.  at: when they wrote; heard_at: when it came in.
    """

    workspace_id: int
    contact_id: int
    number_id: int
    written_from: bytes
    quoted: bytes | None
    at: datetime
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """The delivery that a message answers.  was_*: whether an earlier message had been counted already."""

    delivery_id: int
    batch_id: int
    was_replied: bool
    was_left: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message did to the delivery that it answers: a reply, or that its person left."""

    found: Answered
    replied_at: datetime | None
    left_at: datetime | None


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


def answered(lot: Sequence[Wrote]) -> dict[int, Answered]:
    """Find what the messages answer that people wrote, each one; give it by contact.  Cost: 1 query."""
    with binding_cursor() as cursor:
        cursor.execute(
            _queries["answered"],
            {
                "contacts": listed(one.contact_id for one in lot),
                "numbers": listed(one.number_id for one in lot),
                "quoted": listed(one.quoted for one in lot),
                "since": listed(one.at - _ANSWERS_WITHIN for one in lot),
            },
        )
        return {row[0]: Answered(*row[1:]) for row in cursor.fetchall()}


def mark_answered(marks: Sequence[Mark]) -> None:
    """Keep and count the first reply and the leaving that deliveries brought, in the caller's transaction.

    Cost: 1 query, and that of the counters.
    """
    if not marks:
        return
    with binding_cursor() as cursor:
        cursor.execute(
            _queries["mark_answered"],
            {
                "deliveries": listed(mark.found.delivery_id for mark in marks),
                "replied": listed(mark.replied_at for mark in marks),
                "left": listed(mark.left_at for mark in marks),
            },
        )
        extra = [
            (mark.found.batch_id, "replied")
            for mark in marks
            if mark.replied_at and not mark.found.was_replied
        ]
        extra += [(mark.found.batch_id, "left") for mark in marks if mark.left_at and not mark.found.was_left]
        bump(cursor, [], extra)


def open_windows(lot: Sequence[Wrote]) -> dict[int, datetime]:
    """Open or lengthen the service window of people who wrote, each once; give by contact when it closes.

    Cost: 1 query.
    """
    with binding_cursor() as cursor:
        cursor.execute(
            _queries["open_windows"],
            {
                "workspaces": listed(one.workspace_id for one in lot),
                "contacts": listed(one.contact_id for one in lot),
                "numbers": listed(one.number_id for one in lot),
                "written_from": listed(one.written_from for one in lot),
                "closes": listed(max(one.at, one.heard_at) + WINDOW for one in lot),
            },
        )
        return dict(cursor.fetchall())
