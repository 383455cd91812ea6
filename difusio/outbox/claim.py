"""Claim deliveries for sending, and make the intent of each request durable before it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec
from django.db import connection, transaction

from difusio.common.binding import NO_WAIT, binding_cursor
from difusio.common.keyring import keyring
from difusio.common.sealed import DamagedValueError
from difusio.common.sql import Queries
from difusio.consent.permission import REFUSAL
from difusio.contacts.identities import PURPOSE
from difusio.outbox import room
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))
_CLAIM = _queries["claim"].replace("{refusal}", REFUSAL).replace("{room}", "")
_CLAIM_WITHOUT_PLACE = _queries["claim"].replace("{refusal}", REFUSAL).replace("{room}", room.TAKES_NO_PLACE)

CONTENT = "outbox.content"


@dataclass(frozen=True, slots=True)
class Hold:
    """A sender's right to a number: see ``outbox.lease``."""

    number_id: int
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that has something to send now.

    template_id: None for a free text in ``message["text"]``.  is_limited: Meta limits to how many people a day its
    number's portfolio may write such messages.
    """

    id: int
    lane: int
    topic_id: int | None
    topic_kind: str
    template_id: int | None
    message: Mapping[str, object]
    is_limited: bool

    @property
    def is_marketing(self) -> bool:
        """Whether this must wait for unread inbound messages (design, invariant 6)."""
        return self.topic_kind == "marketing"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in this sender's hands.  contact: what merge fields may read; address: E.164 phone or BSUID."""

    delivery_id: int
    batch_id: int
    contact: Mapping[str, object]
    address_kind: str
    address: str


@dataclass(frozen=True, slots=True)
class Intent:
    """token: random, echoed in every status; content: what will be sent, kept sealed."""

    delivery_id: int
    token: UUID
    content: bytes


def open_batches(number_id: int, *, at: datetime) -> list[OpenBatch]:
    """List the batches of a number that have something to send now, the fastest lane first."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["open_batches"], {"number": number_id, "at": at})
        # Django's raw cursor hands JSON over as text.
        rows = cursor.fetchall()
    return [
        OpenBatch(batch, lane, topic, kind, template, msgspec.json.decode(message), is_limited)
        for batch, lane, topic, kind, template, message, is_limited in rows
    ]


def claim(batch: OpenBatch, hold: Hold, *, limit: int, at: datetime) -> list[Claimed]:
    """Claim up to ``limit`` deliveries of ``batch`` whose people may be written to at this moment.

    Who may not any more is skipped here.  Gives nothing when the lease is gone.  Within a messaging limit it takes at
    most the places that are left, and without one only people who need none.
    Cost: 3 queries, 1 transaction; 3 more queries within a messaging limit.
    """
    query = _CLAIM if batch.topic_id is not None else _queries["claim_reply"]
    with transaction.atomic(), binding_cursor() as cursor:
        # A claim that a power cut undoes is a delivery in the queue: no intent can exist without it.
        cursor.execute(NO_WAIT)
        places = room.places(cursor, hold.number_id, lane=batch.lane, at=at) if batch.is_limited else None
        facts: room.Facts = {}
        if places is not None and places.left:
            limit = min(limit, places.left)
        elif places is not None:
            query, facts = _CLAIM_WITHOUT_PLACE, room.without_place(places, at=at)
        cursor.execute(
            query,
            {
                **facts,
                "batch": batch.id,
                "topic": batch.topic_id,
                "topic_kind": batch.topic_kind,
                "number": hold.number_id,
                "owner": hold.owner,
                "epoch": hold.epoch,
                "limit": limit,
                "at": at,
            },
        )
        rows = cursor.fetchall()
        if places is not None:
            room.take(cursor, [row[0] for row in rows if row[1] == "claimed"], at=at)
        reason = "left" if batch.topic_id is not None else "window_closed"
        bump(
            cursor,
            [Change(batch.id, "queued", "", 0, "skipped", reason, 0) for row in rows if row[1] == "skipped"],
        )
    return [_claimed(batch.id, row) for row in rows if row[1] == "claimed"]


def unclaim(delivery_ids: Sequence[int], hold: Hold) -> None:
    """Give back what was claimed and not started."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["unclaim"], {"deliveries": list(delivery_ids), "epoch": hold.epoch})


def postpone(delivery_ids: Sequence[int], hold: Hold, *, until: datetime) -> None:
    """Give back what was claimed too soon: it is due again at a later moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["postpone"], {"deliveries": list(delivery_ids), "epoch": hold.epoch, "until": until}
        )


def intend(intents: Sequence[Intent], hold: Hold, *, deadline_s: float, at: datetime) -> set[int]:
    """Make the intents durable in one commit and give the deliveries that may be posted now.

    Only for requests that start within milliseconds: what is intended when the sender dies is in doubt.
    A delivery is left out when its person left, its batch was paused, or the lease does not outlive the deadline.
    """
    contents = keyring().seal_all([intent.content for intent in intents], purpose=CONTENT)
    with binding_cursor() as cursor:
        cursor.execute(
            _queries["intend"],
            {
                "deliveries": [intent.delivery_id for intent in intents],
                "tokens": [intent.token for intent in intents],
                "contents": contents,
                "number": hold.number_id,
                "owner": hold.owner,
                "epoch": hold.epoch,
                "deadline_s": deadline_s,
                "at": at,
            },
        )
        return {row[0] for row in cursor.fetchall()}


def skip_claimed(reasons: Mapping[int, str], hold: Hold) -> None:
    """End claimed deliveries that cannot be filled or addressed: delivery id → reason."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _queries["refuse_claimed"],
            {"deliveries": list(reasons), "reasons": list(reasons.values()), "epoch": hold.epoch},
        )
        bump(
            cursor,
            [Change(batch, "claimed", "", 0, "skipped", reason, 0) for batch, reason in cursor.fetchall()],
        )


def expire(*, at: datetime, limit: int = 1_000) -> int:
    """End queued deliveries whose time to live has passed; give how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_queries["expire"], {"at": at, "limit": limit})
        batches = [row[0] for row in cursor.fetchall()]
        bump(cursor, [Change(batch, "queued", "", 0, "expired", "", 0) for batch in batches])
    return len(batches)


def close_finished(*, before: datetime) -> None:
    """Close the batches that have nothing left to send."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["close_finished"], {"before": before})


def _claimed(batch_id: int, row: Sequence[object]) -> Claimed:
    delivery_id, _, first_name, last_name, language, country, time_zone, fields, kind, sealed = row
    contact: dict[str, object] = {
        "first_name": first_name,
        "last_name": last_name,
        "language": language,
        "country": country,
        "time_zone": time_zone,
        "fields": fields,
    }
    address = _address(sealed) if isinstance(sealed, bytes) else ""
    return Claimed(
        delivery_id=int(str(delivery_id)),
        batch_id=batch_id,
        contact=contact,
        address_kind=str(kind or ""),
        address=address,
    )


def _address(sealed: bytes) -> str:
    try:
        return keyring().open(sealed, purpose=PURPOSE).decode()
    except DamagedValueError:
        # One damaged row must not hold up everybody behind it: its person is skipped, and counted as such.
        return ""
