"""The counters that pages read: moved in the transaction that changed the deliveries, never counted anew."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from difusio.common.sql import Cursor, Queries

_queries = Queries(Path(__file__).with_suffix(".sql"))

# A delivery that climbed so far has passed these measures too.
_RUNGS = ("accepted", "sent", "delivered", "read")
_RANK = {"accepted": 1, "sent": 2, "delivered": 3, "read": 4}
# Measures that say where a delivery stands now: left when it moves on.
_STANDING = frozenset({"in_doubt", "parked", "refused", "failed", "skipped", "expired", "cancelled"})
# Who waits for their turn is what is left of the audience; counted are only those who wait for something else.
_WAITING_FOR = "queued"


@dataclass(frozen=True, slots=True)
class Change:
    """So many deliveries moved alike.

    details: reason or code of the standing before and after ("" where the state has none).
    was_rung, is_rung: how far it had climbed, 0 (not accepted) to 4 (read); a failed delivery keeps its rung.
    """

    batch_id: int
    was: str
    was_detail: str
    was_rung: int
    now: str
    now_detail: str
    now_rung: int
    n: int = 1


def rung(state: str) -> int:
    """Say how far a state stands on the ladder: 0 not accepted … 4 read.  A failed delivery had been accepted."""
    return 1 if state == "failed" else _RANK.get(state, 0)


def bump(cursor: Cursor, changes: Iterable[Change], extra: Iterable[tuple[int, str]] = ()) -> None:
    """Move the counters by ``changes`` and by one for each (batch, measure) of ``extra``.  Cost: at most 1 query."""
    deltas: Counter[tuple[int, str, str]] = Counter()
    for change in changes:
        for measure in _RUNGS[change.was_rung : change.now_rung]:
            deltas[change.batch_id, measure, ""] += change.n
        # What is tried anew is where it was before it left.
        for measure in _RUNGS[change.now_rung : change.was_rung]:
            deltas[change.batch_id, measure, ""] -= change.n
        if (change.was, change.was_detail) != (change.now, change.now_detail):
            if _is_counted(change.was, change.was_detail):
                deltas[change.batch_id, change.was, change.was_detail] -= change.n
            if _is_counted(change.now, change.now_detail):
                deltas[change.batch_id, change.now, change.now_detail] += change.n
    for batch_id, measure in extra:
        deltas[batch_id, measure, ""] += 1
    rows = [(*key, n) for key, n in deltas.items() if n]
    if rows:
        batches, measures, details, ns = (list(column) for column in zip(*rows, strict=True))
        cursor.execute(
            _queries["bump"], {"batches": batches, "measures": measures, "details": details, "ns": ns}
        )


def _is_counted(state: str, detail: str) -> bool:
    return state in _STANDING or (state == _WAITING_FOR and bool(detail))
