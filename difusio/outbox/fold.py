"""Fold statuses into deliveries: repetition and disorder change nothing, a state only climbs (design, invariant 4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from django.db import transaction

from difusio.cloud_api.news import Status
from difusio.common.binding import binding_cursor, listed
from difusio.common.keyring import keyring
from difusio.common.sql import Cursor, Queries
from difusio.outbox import ladder
from difusio.outbox.ladder import Progress
from difusio.outbox.record import WAMID
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))

ORPHANS_WAIT = timedelta(days=7)
# For so long an orphan is looked at in every sweep; after that its turn comes once in as many seconds.
_LATELY = timedelta(minutes=10)
# An attempt after which another follows: of it only counts that it arrived after all.
_ARRIVED: Final = frozenset({Status.DELIVERED, Status.READ, Status.PLAYED})
# Counted once for each delivery that Meta reported both as failed and as arrived: two phones, or two opinions.
CONFLICTING: Final = "conflicting"


class Heard(msgspec.Struct, frozen=True):
    """One status of one message.

    event_key: the same for each repetition.  token: ours, as 32 hexadecimal digits or as a UUID.
    """

    event_key: bytes
    phone_number_id: str
    wamid: str
    token: UUID | str | None
    status: Status
    code: int | None
    at: datetime


class Failed(NamedTuple):
    """A delivery that failed now, or for another reason than was known.  code: Meta's.  at: when, by Meta's clock."""

    delivery_id: int
    batch_id: int
    number_id: int
    workspace_id: int
    contact_id: int
    code: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Folded:
    """moved: deliveries.  orphans: statuses of messages we do not know."""

    moved: int
    orphans: int
    failed: tuple[Failed, ...]


def fold(heard: Sequence[Heard], *, at: datetime) -> Folded:
    """Apply statuses in one transaction; those without a message wait as orphans.  Cost: at most 6 queries.

    Rows are locked kind by kind and in key order (attempts, deliveries, counters last), so that drains that fold at the
    same time wait for each other at most, never in a ring.
    """
    if not heard:
        return Folded(0, 0, ())
    with transaction.atomic(savepoint=False), binding_cursor() as cursor:
        found = _resolve(cursor, heard)
        _echo(cursor, heard, found, at=at)
        moved = _climb(
            ladder.fold(
                (found[place].delivery_id, item.status, item.at, item.code)
                for place, item in enumerate(heard)
                if place in found and (not found[place].is_followed or item.status in _ARRIVED)
            ),
            at=at,
        )
        orphans = [item for place, item in enumerate(heard) if place not in found]
        if orphans:
            _keep(cursor, orphans, at=at)
    return Folded(moved=len(moved), orphans=len(orphans), failed=_failed(moved))


class _Attempt(NamedTuple):
    """The attempt that a status speaks of.

    is_proved: an echo came before, and its message id is known.  is_followed: by another attempt, a day later.
    """

    id: int
    delivery_id: int
    is_proved: bool
    is_followed: bool


def _resolve(cursor: Cursor, heard: Sequence[Heard]) -> dict[int, _Attempt]:
    """Find each status's attempt by its place in the list: by our token, else by Meta's message id."""
    with_token = {place: item.token for place, item in enumerate(heard) if item.token}
    cursor.execute(_queries["resolve"], {"places": listed(with_token), "tokens": listed(with_token.values())})
    found = {row[0]: _Attempt(*row[1:]) for row in cursor.fetchall()}
    others = {
        place: _wamid_hash(item.wamid)
        for place, item in enumerate(heard)
        if place not in found and item.wamid
    }
    if others:
        cursor.execute(
            _queries["resolve_by_wamid"], {"places": listed(others), "hashes": listed(others.values())}
        )
        found |= {row[0]: _Attempt(*row[1:]) for row in cursor.fetchall()}
    return found


def _echo(cursor: Cursor, heard: Sequence[Heard], found: Mapping[int, _Attempt], *, at: datetime) -> None:
    """Keep the proof that Meta took a request; two of three statuses speak of one that is proved already."""
    wamids: dict[int, str] = {}
    for place, attempt in found.items():
        if not attempt.is_proved and not wamids.get(attempt.id):
            wamids[attempt.id] = heard[place].wamid
    if not wamids:
        return
    sealed = keyring().seal_all([wamid.encode() for wamid in wamids.values()], purpose=WAMID)
    cursor.execute(
        _queries["echo"],
        {
            "attempts": listed(wamids),
            "hashes": listed(_wamid_hash(wamid) if wamid else None for wamid in wamids.values()),
            "sealed": listed(
                value if wamid else None for wamid, value in zip(wamids.values(), sealed, strict=True)
            ),
            "at": at,
        },
    )


def _wamid_hash(wamid: str) -> bytes:
    return keyring().hash(wamid, kind="wamid")


def fold_orphans(*, at: datetime) -> Folded:
    """Fold the statuses whose message we know by now, forget those older than seven days.

    To be asked every second: one of ten minutes ago or older is looked at in one second of 600.
    """
    turns = int(_LATELY.total_seconds())
    with transaction.atomic(), binding_cursor() as cursor:
        cursor.execute(
            _queries["claim_orphans"],
            {"lately": at - _LATELY, "turns": turns, "turn": int(at.timestamp()) % turns},
        )
        rows = cursor.fetchall()
        if rows:
            attempts = sorted({row[0] for row in rows})
            unknown = listed(None for _ in attempts)
            cursor.execute(
                _queries["echo"],
                {"attempts": listed(attempts), "hashes": unknown, "sealed": unknown, "at": at},
            )
        told = [(row[1], Status(row[2]), row[4], row[3]) for row in rows if not row[5] or row[2] in _ARRIVED]
        moved = _climb(ladder.fold(told), at=at)
        cursor.execute(_queries["forget_orphans"], {"before": at - ORPHANS_WAIT})
    return Folded(moved=len(moved), orphans=0, failed=_failed(moved))


def _climb(progress: Mapping[int, Progress], *, at: datetime) -> list[Sequence[Any]]:
    if not progress:
        return []
    steps = progress.values()
    with binding_cursor() as cursor:
        cursor.execute(
            _queries["fold"],
            {
                "deliveries": listed(progress),
                "sent": listed(step.sent_at for step in steps),
                "delivered": listed(step.delivered_at for step in steps),
                "read": listed(step.read_at for step in steps),
                "failed": listed(step.failed_at for step in steps),
                "codes": listed(step.failed_code for step in steps),
                "at": at,
            },
        )
        rows: list[Sequence[Any]] = cursor.fetchall()
        bump(
            cursor,
            (Change(row[1], row[2], row[3], row[4], row[5], row[6], row[7]) for row in rows),
            ((row[1], CONFLICTING) for row in rows if row[9]),
        )
    return rows


def _failed(rows: Iterable[Sequence[Any]]) -> tuple[Failed, ...]:
    """Give those that failed now; not those of which one more moment became known after they had."""
    return tuple(
        Failed(row[0], row[1], row[10], row[11], row[8], code=int(row[6]), at=row[12])
        for row in rows
        if row[5] == "failed" and row[6] and (row[2], row[3]) != ("failed", row[6])
    )


def _keep(cursor: Cursor, orphans: Sequence[Heard], *, at: datetime) -> None:
    cursor.execute(
        _queries["keep_orphans"],
        {
            "phone_number_ids": [item.phone_number_id for item in orphans],
            "keys": listed(item.event_key for item in orphans),
            "hashes": listed(_wamid_hash(item.wamid) if item.wamid else b"" for item in orphans),
            "tokens": listed(item.token for item in orphans),
            "statuses": listed(str(item.status) for item in orphans),
            "codes": listed(item.code for item in orphans),
            "ats": listed(item.at for item in orphans),
            "at": at,
        },
    )
