"""Pause, resume and cancel what a batch still has to send."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from difusio.common.sql import Queries
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))


def pause(batch_ids: Sequence[int], *, reason: str, at: datetime) -> None:
    """Let no further request of these batches start; the next intent already asks."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["pause"], {"batches": list(batch_ids), "reason": reason, "at": at})


def pause_anew(batch_ids: Sequence[int], *, reason: str, at: datetime) -> None:
    """Pause these batches for another reason, those that are paused already too."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["pause_anew"], {"batches": list(batch_ids), "reason": reason, "at": at})


def resume(batch_ids: Sequence[int]) -> int:
    """Let the rest of these batches go out, and give how many were paused; what was sent is not sent again."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["resume"], {"batches": list(batch_ids)})
        return int(cursor.rowcount)


def let_go(batch_ids: Sequence[int]) -> None:
    """Let batches go that were held back until another one's outcome was known.  Repeating it changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["let_go"], {"batches": list(batch_ids)})


def cancel(batch_ids: Sequence[int], *, at: datetime) -> int:
    """End everything of these batches that has not started; give how many deliveries."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_queries["cancel_batches"], {"batches": list(batch_ids), "at": at})
        cursor.execute(_queries["cancel_deliveries"], {"batches": list(batch_ids)})
        rows = cursor.fetchall()
        bump(cursor, [Change(batch, was, reason, 0, "cancelled", "", 0) for batch, was, reason in rows])
    return len(rows)


def cancel_returned(*, at: datetime) -> None:
    """End what Meta refused for now after its batch had been cancelled.  Safe to repeat.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["cancelled_and_waiting"])
        found = [row[0] for row in cursor.fetchall()]
    if found:
        cancel(found, at=at)


def cancel_waiting(workspace_id: int, *, except_for: Sequence[int]) -> int:
    """End what waits in every open batch but these; the batches stay open for what comes.  Give how many deliveries."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _queries["cancel_waiting"], {"workspace": workspace_id, "except_for": list(except_for)}
        )
        rows = cursor.fetchall()
        bump(cursor, [Change(batch, was, "", 0, "cancelled", "", 0) for batch, was in rows])
    return len(rows)


def wakes_at(batch_ids: Sequence[int]) -> datetime | None:
    """Say when the last queued delivery of these batches is due, None without any.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["wakes_at"], {"batches": list(batch_ids)})
        found: datetime | None = cursor.fetchone()[0]
        return found


def has_unfinished(batch_ids: Sequence[int]) -> bool:
    """Whether anything of these batches still waits, is under way or in doubt."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["has_unfinished"], {"batches": list(batch_ids)})
        return bool(cursor.fetchone()[0])
