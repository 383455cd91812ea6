"""Claim deliveries for sending, and make the intent of each request durable before it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec
from django.db import connection, transaction

from difusio.common.binding import NO_WAIT, binding_cursor
from difusio.common.keyring import keyring
from difusio.common.sealed import DamagedValueError
from difusio.common.sql import Queries
from difusio.consent.models import TopicKind
from difusio.consent.permission import REFUSAL
from difusio.contacts.identities import PURPOSE
from difusio.outbox import room
from difusio.outbox.bounds import (
    ASLEEP_UNTIL,
    BOUNDLESS,
    QUIET,
    REACHED,
    REACHED_AT,
    SLEEPERS,
    TOO_MANY,
    Bounds,
)
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))
# So many are sent to the end of their quiet hours at once.
_MOST_SLEEPERS: Final = 5_000

CONTENT = "outbox.content"


def _composed(name: str, *, among: LiteralString = "") -> LiteralString:
    return (
        _queries[name]
        .replace("{refusal}", REFUSAL)
        .replace("{asleep_until}", ASLEEP_UNTIL)
        .replace("{sleepers}", SLEEPERS)
        .replace("{too_many}", TOO_MANY)
        .replace("{reached}", REACHED)
        .replace("{reached_at}", REACHED_AT)
        .replace("{room}", among)
    )


_QUERIES: Final = {name: _composed(name) for name in ("lock_people", "claim")}
_QUERIES_WITHOUT_PLACE: Final = {name: _composed(name, among=room.TAKES_NO_PLACE) for name in _QUERIES}
_LET_SLEEP: Final = _composed("let_sleep")


@dataclass(frozen=True, slots=True)
class Hold:
    """A sender's right to a number: see ``outbox.lease``."""

    number_id: int
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that has something to send now.

    template_id: None for a free text in ``message["text"]``.  made_at: the same for all that one launch handed over, a
    batch for each language.  is_limited: Meta limits to how many people a day its number's portfolio may write such
    messages.
    """

    id: int
    lane: int
    topic_id: int | None
    topic_kind: str
    template_id: int | None
    message: Mapping[str, object]
    made_at: datetime
    is_limited: bool = False
    bounds: Bounds = BOUNDLESS

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
class Taken:
    """What a claim took.  is_out_of_room: nobody is left to whom the portfolio may write now, though more may wait."""

    claimed: Sequence[Claimed] = ()
    is_out_of_room: bool = False


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
        OpenBatch(
            batch,
            lane,
            topic,
            kind,
            template,
            msgspec.json.decode(message),
            made_at,
            is_limited,
            Bounds.read(*bounds) if kind == TopicKind.MARKETING else BOUNDLESS,
        )
        for batch, lane, topic, kind, template, message, is_limited, made_at, *bounds in rows
    ]


def claim(batch: OpenBatch, hold: Hold, *, limit: int, at: datetime) -> Taken:
    """Claim up to ``limit`` deliveries of ``batch`` whose people may be written to at this moment.

    Who may not any more, or had enough, is skipped here; who is left alone at this hour goes back into the queue.
    Gives nothing when the lease is gone.  Within a messaging limit it takes at most the places that are left, and
    without one only people who need none.
    Cost: 3 queries, 1 transaction; 3 more within a messaging limit, 1 more where it counts what people had, and 1 more
    when somebody sleeps.
    """
    bounds = batch.bounds
    parameters: dict[str, Any] = {
        "batch": batch.id,
        "topic": batch.topic_id,
        "topic_kind": batch.topic_kind,
        "number": hold.number_id,
        "owner": hold.owner,
        "epoch": hold.epoch,
        "limit": limit,
        "at": at,
        "people": None,
        "is_counting": bounds.is_counting,
        **bounds.parameters(at),
    }
    with transaction.atomic(), binding_cursor() as cursor:
        # A claim that a power cut undoes is a delivery in the queue: no intent can exist without it.
        cursor.execute(NO_WAIT)
        # First of all locks: who waits for a portfolio holds nothing that its owner could wait for.
        places = room.places(cursor, hold.number_id, lane=batch.lane, at=at) if batch.is_limited else None
        queries = _QUERIES
        if places is not None and places.left:
            parameters["limit"] = min(limit, places.left)
        elif places is not None:
            queries = _QUERIES_WITHOUT_PLACE
            parameters |= room.without_place(places, at=at)
        if bounds.is_counting:
            cursor.execute(queries["lock_people"], parameters)
            parameters["people"] = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            queries["claim"] if batch.topic_id is not None else _queries["claim_reply"], parameters
        )
        rows = cursor.fetchall()
        if places is not None:
            room.take(cursor, [row[0] for row in rows if row[1] == "claimed"], at=at)
        bump(cursor, [Change(batch.id, "queued", row[2], 0, row[1], row[3], 0) for row in rows])
    if any(row[1] == "queued" for row in rows):
        _let_sleep(batch.id, {**parameters, "limit": _MOST_SLEEPERS})
    claimed = [_claimed(batch.id, row) for row in rows if row[1] == "claimed"]
    return Taken(claimed, is_out_of_room=places is not None and not places.left and len(rows) < limit)


def _let_sleep(batch_id: int, parameters: dict[str, Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LET_SLEEP, parameters)
        rows = cursor.fetchall()
        bump(cursor, [Change(batch_id, "queued", was, 0, "queued", QUIET, 0) for (was,) in rows])


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


def intend(intents: Sequence[Intent], holds: Sequence[Hold], *, deadline_s: float, at: datetime) -> set[int]:
    """Make the intents durable in one commit and give the deliveries that may be posted now.

    holds: of one owner, one for each number that the deliveries are of.  Only for requests that start within
    milliseconds: what is intended when the sender dies is in doubt.  A delivery is left out when its person left, its
    batch was paused, or the lease does not outlive the deadline.
    """
    contents = keyring().seal_all([intent.content for intent in intents], purpose=CONTENT)
    with binding_cursor() as cursor:
        cursor.execute(
            _queries["intend"],
            {
                "deliveries": [intent.delivery_id for intent in intents],
                "tokens": [intent.token for intent in intents],
                "contents": contents,
                "numbers": [hold.number_id for hold in holds],
                "epochs": [hold.epoch for hold in holds],
                "owner": holds[0].owner,
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


def expire(*, at: datetime, limit: int = 10_000) -> int:
    """End queued deliveries of one batch whose time to live has passed; give how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_queries["expire"], {"at": at, "limit": limit})
        rows = cursor.fetchall()
        bump(cursor, [Change(batch, "queued", was, 0, "expired", "", 0) for batch, was in rows])
    return len(rows)


def close_finished(*, before: datetime) -> None:
    """Close the batches that have nothing left to send."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_queries["lock_finished"], {"before": before})
        finished = [row[0] for row in cursor.fetchall()]
        if finished:
            cursor.execute(_queries["close_finished"], {"batches": finished})


def _claimed(batch_id: int, row: Sequence[object]) -> Claimed:
    delivery_id, _, _, _, first_name, last_name, language, country, time_zone, fields, kind, sealed = row
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
