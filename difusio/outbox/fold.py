"""Fold statuses into deliveries: repetition and disorder change nothing, a state only climbs (design, invariant 4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.outbox.record import WAMID
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))

ORPHANS_WAIT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Heard:
    """One status of one message.  status: sent, delivered, read or failed.  event_key: the same for each repetition."""

    event_key: bytes
    phone_number_id: str
    wamid: str
    token: UUID | None
    status: str
    code: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Folded:
    """failed: (contact id, code) of each delivery that failed now.  orphans: statuses of messages we do not know."""

    moved: int
    orphans: int
    failed: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Story:
    """What was heard of one delivery: the first time of each status."""

    moments: dict[str, datetime]
    code: int | None = None

    def hear(self, status: str, at: datetime, code: int | None) -> None:
        known = self.moments.get(status)
        if known is None or at < known:
            self.moments[status] = at
            if status == "failed":
                self.code = code


def fold(heard: Sequence[Heard], *, at: datetime) -> Folded:
    """Apply statuses in one transaction; those without a message wait as orphans.  Cost: at most 5 queries."""
    if not heard:
        return Folded(0, 0, ())
    keys = keyring()
    hashes = {item.wamid: keys.hash(item.wamid, kind="wamid") for item in heard if item.wamid}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _queries["resolve"],
            {
                "tokens": list({item.token for item in heard if item.token}),
                "hashes": list(hashes.values()),
            },
        )
        by_token: dict[UUID, tuple[int, int]] = {}
        by_hash: dict[bytes, tuple[int, int]] = {}
        for attempt_id, delivery_id, token, wamid_hash in cursor.fetchall():
            by_token[token] = (attempt_id, delivery_id)
            if wamid_hash is not None:
                by_hash[bytes(wamid_hash)] = (attempt_id, delivery_id)
        stories: dict[int, _Story] = {}
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
            stories.setdefault(delivery_id, _Story({})).hear(item.status, item.at, item.code)
        if echoes:
            cursor.execute(
                _queries["echo"],
                {
                    "attempts": list(echoes),
                    "hashes": [hashes.get(wamid) for wamid in echoes.values()],
                    "sealed": [
                        keys.seal(wamid.encode(), purpose=WAMID) if wamid else None for wamid in echoes.values()
                    ],
                    "at": at,
                },
            )
        moved = _climb(stories, at=at)
        if orphans:
            _keep(orphans, hashes, at=at)
    return Folded(moved=len(moved), orphans=len(orphans), failed=_failed(moved))


def fold_orphans(*, at: datetime) -> int:
    """Fold the statuses whose message we know by now, forget those older than seven days; give how many moved."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_queries["claim_orphans"])
        stories: dict[int, _Story] = {}
        for _, delivery_id, status, code, heard_at in cursor.fetchall():
            stories.setdefault(delivery_id, _Story({})).hear(status, heard_at, code)
        moved = _climb(stories, at=at)
        cursor.execute(_queries["forget_orphans"], {"before": at - ORPHANS_WAIT})
    return len(moved)


def _climb(stories: Mapping[int, _Story], *, at: datetime) -> list[tuple[object, ...]]:
    if not stories:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["fold"],
            {
                "deliveries": list(stories),
                "sent": [story.moments.get("sent") for story in stories.values()],
                "delivered": [story.moments.get("delivered") for story in stories.values()],
                "read": [story.moments.get("read") for story in stories.values()],
                "failed": [story.moments.get("failed") for story in stories.values()],
                "codes": [story.code for story in stories.values()],
                "at": at,
            },
        )
        rows = cursor.fetchall()
        bump(cursor, [Change(row[1], row[2], row[3], row[4], row[5], row[6], row[7]) for row in rows])
    return rows


def _failed(rows: Iterable[Sequence[object]]) -> tuple[tuple[int, int], ...]:
    return tuple((int(str(row[8])), int(str(row[6]))) for row in rows if row[5] == "failed" and row[6])


def _keep(orphans: Sequence[Heard], hashes: Mapping[str, bytes], *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["keep_orphans"],
            {
                "phone_number_ids": [item.phone_number_id for item in orphans],
                "keys": [item.event_key for item in orphans],
                "hashes": [hashes.get(item.wamid, b"") for item in orphans],
                "tokens": [item.token for item in orphans],
                "statuses": [item.status for item in orphans],
                "codes": [item.code for item in orphans],
                "ats": [item.at for item in orphans],
                "at": at,
            },
        )
