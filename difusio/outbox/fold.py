"""Fold statuses into deliveries: repetition and disorder change nothing, a state only climbs (design, invariant 4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from difusio.cloud_api.news import Status
from difusio.common.binding import binding_cursor
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.outbox import ladder
from difusio.outbox.ladder import Progress
from difusio.outbox.record import WAMID
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))

ORPHANS_WAIT = timedelta(days=7)
# An attempt after which another follows: of it only counts that it arrived after all.
_TRIED_AGAIN: Final = "wait_a_day"
_ARRIVED: Final = frozenset({Status.DELIVERED, Status.READ, Status.PLAYED})


@dataclass(frozen=True, slots=True)
class Heard:
    """One status of one message.  event_key: the same for each repetition."""

    event_key: bytes
    phone_number_id: str
    wamid: str
    token: UUID | None
    status: Status
    code: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Folded:
    """failed: (contact id, code) of each delivery that failed now.  orphans: statuses of messages we do not know."""

    moved: int
    orphans: int
    failed: tuple[tuple[int, int], ...]


def fold(heard: Sequence[Heard], *, at: datetime) -> Folded:
    """Apply statuses in one transaction; those without a message wait as orphans.  Cost: at most 5 queries."""
    if not heard:
        return Folded(0, 0, ())
    keys = keyring()
    hashes = {item.wamid: keys.hash(item.wamid, kind="wamid") for item in heard if item.wamid}
    with transaction.atomic(), binding_cursor() as cursor:
        cursor.execute(
            _queries["resolve"],
            {
                "tokens": list({item.token for item in heard if item.token}),
                "hashes": list(hashes.values()),
            },
        )
        by_token: dict[UUID, tuple[int, int]] = {}
        by_hash: dict[bytes, tuple[int, int]] = {}
        tried_again: set[int] = set()
        for attempt_id, delivery_id, token, wamid_hash, outcome in cursor.fetchall():
            if outcome == _TRIED_AGAIN:
                tried_again.add(attempt_id)
            by_token[token] = (attempt_id, delivery_id)
            if wamid_hash is not None:
                by_hash[bytes(wamid_hash)] = (attempt_id, delivery_id)
        told: list[tuple[int, Status, datetime, int | None]] = []
        echoes: dict[int, str] = {}
        orphans: list[Heard] = []
        for item in heard:
            found = by_token.get(item.token) if item.token else None
            found = found or by_hash.get(hashes.get(item.wamid, b""))
            if found is None:
                orphans.append(item)
                continue
            attempt_id, delivery_id = found
            echoes.setdefault(attempt_id, item.wamid)
            if attempt_id not in tried_again or item.status in _ARRIVED:
                told.append((delivery_id, item.status, item.at, item.code))
        if echoes:
            sealed = keys.seal_all([wamid.encode() for wamid in echoes.values()], purpose=WAMID)
            cursor.execute(
                _queries["echo"],
                {
                    "attempts": list(echoes),
                    "hashes": [hashes.get(wamid) for wamid in echoes.values()],
                    "sealed": [
                        value if wamid else None for wamid, value in zip(echoes.values(), sealed, strict=True)
                    ],
                    "at": at,
                },
            )
        moved = _climb(ladder.fold(told), at=at)
        if orphans:
            _keep(orphans, hashes, at=at)
    return Folded(moved=len(moved), orphans=len(orphans), failed=_failed(moved))


def fold_orphans(*, at: datetime) -> int:
    """Fold the statuses whose message we know by now, forget those older than seven days; give how many moved."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_queries["claim_orphans"])
        told = [
            (row[1], Status(row[2]), row[4], row[3])
            for row in cursor.fetchall()
            if row[5] != _TRIED_AGAIN or row[2] in _ARRIVED
        ]
        moved = _climb(ladder.fold(told), at=at)
        cursor.execute(_queries["forget_orphans"], {"before": at - ORPHANS_WAIT})
    return len(moved)


def _climb(progress: Mapping[int, Progress], *, at: datetime) -> list[Sequence[Any]]:
    if not progress:
        return []
    with binding_cursor() as cursor:
        cursor.execute(
            _queries["fold"],
            {
                "deliveries": list(progress),
                "sent": [step.sent_at for step in progress.values()],
                "delivered": [step.delivered_at for step in progress.values()],
                "read": [step.read_at for step in progress.values()],
                "failed": [step.failed_at for step in progress.values()],
                "codes": [step.failed_code for step in progress.values()],
                "at": at,
            },
        )
        rows: list[Sequence[Any]] = cursor.fetchall()
        bump(cursor, [Change(row[1], row[2], row[3], row[4], row[5], row[6], row[7]) for row in rows])
    return rows


def _failed(rows: Iterable[Sequence[Any]]) -> tuple[tuple[int, int], ...]:
    return tuple((row[8], int(row[6])) for row in rows if row[5] == "failed" and row[6])


def _keep(orphans: Sequence[Heard], hashes: Mapping[str, bytes], *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["keep_orphans"],
            {
                "phone_number_ids": [item.phone_number_id for item in orphans],
                "keys": [item.event_key for item in orphans],
                "hashes": [hashes.get(item.wamid, b"") for item in orphans],
                "tokens": [item.token for item in orphans],
                "statuses": [str(item.status) for item in orphans],
                "codes": [item.code for item in orphans],
                "ats": [item.at for item in orphans],
                "at": at,
            },
        )
