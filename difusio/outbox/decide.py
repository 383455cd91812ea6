"""Decide what becomes of parked deliveries, of which nobody knows whether they arrived: once more, or leave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction

from difusio.accounts import audit
from difusio.common.sentences import SentenceError
from difusio.common.sql import Queries
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))

# Why a parked delivery waits for nobody any more.
SETTLED: Final = "settled"


class MoreParked(SentenceError):
    """More are parked by now than you were shown: look at the number again."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Parked deliveries of a workspace that nobody has decided about: these, those of these batches, or all (None)."""

    workspace_id: int
    delivery_ids: Sequence[int] | None = None
    batch_ids: Sequence[int] | None = None

    def parameters(self) -> dict[str, Any]:
        """Give what the queries bind."""
        return {
            "workspace": self.workspace_id,
            "deliveries": None if self.delivery_ids is None else list(self.delivery_ids),
            "batches": None if self.batch_ids is None else list(self.batch_ids),
        }


def send_again(chosen: Chosen, *, by: str, at: datetime, at_most: int | None = None) -> int:
    """Queue parked deliveries once more, under a new token; give how many.  at_most: how many were shown.

    Their next attempt says that the person may get it twice.  Consent, quiet hours and caps are asked again when their
    turn comes; what is too late or was cancelled stays parked.  Repeating it changes nothing.  Raises MoreParked.
    Cost: 5 queries.
    """
    with transaction.atomic():
        moved = _decide("send_again", "queued", "", "parked.sent_again", chosen, by=by, at=at)
        if at_most is not None and moved > at_most:
            raise MoreParked(MoreParked.__doc__)
    return moved


def leave_it(chosen: Chosen, *, by: str, at: datetime) -> int:
    """Let parked deliveries be; give how many.  A late echo still moves them.  Repeating it changes nothing."""
    return _decide("leave_it", "parked", SETTLED, "parked.left", chosen, by=by, at=at)


def _decide(query: str, now: str, detail: str, act: str, chosen: Chosen, *, by: str, at: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_queries[query], {**chosen.parameters(), "at": at})
        rows = cursor.fetchall()
        if not rows:
            return 0
        bump(cursor, [Change(batch, "parked", "", 0, now, detail, 0) for _, batch in rows])
        audit.record(
            workspace_id=chosen.workspace_id,
            actor=by,
            act=act,
            # A million ids would be no trace; how many and of which batches is one.
            details={"deliveries": len(rows), "batches": sorted({batch for _, batch in rows})},
            at=at,
        )
    return len(rows)
