"""Hand out who was to get a batch and what became of each: one plain row a delivery."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from difusio.common.sql import Queries
from difusio.contacts.identities import opened

_queries = Queries(Path(__file__).with_suffix(".sql"))
_PAGE_ROWS = 2_000


def export(batch_ids: Sequence[int]) -> Iterator[dict[str, object]]:
    """Give every delivery of the batches, skipped ones included, with the person's identities in the clear."""
    after = 0
    while rows := _page(batch_ids, after):
        yield from (_row(row) for row in rows)
        after = rows[-1][0]


def _page(batch_ids: Sequence[int], after: int) -> list[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_queries["export"], {"batches": list(batch_ids), "after": after, "limit": _PAGE_ROWS})
        return list(cursor.fetchall())


def _row(row: Sequence[Any]) -> dict[str, object]:
    (
        delivery,
        contact,
        state,
        reason,
        code,
        allowed_by,
        accepted_at,
        created_at,
        tries,
        duplicate,
        kinds,
        sealed,
    ) = row
    identities = opened(kinds, sealed)
    return {
        "delivery": delivery,
        "contact": contact,
        "customer": identities.get("customer", ""),
        "phone": identities.get("phone", ""),
        "user_id": identities.get("bsuid", ""),
        "state": state,
        "reason": reason,
        "code": code,
        "allowed_by": allowed_by,
        "at": created_at,
        "accepted_at": accepted_at,
        "tries": tries,
        "possible_duplicate": duplicate,
    }
