"""Freeze an audience: one statement writes a delivery for every member, queued or skipped with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg import sql

from difusio.common.sql import Queries
from difusio.consent.models import TopicKind
from difusio.consent.permission import REFUSAL, SUPPRESSED_PEOPLE
from difusio.outbox.bounds import ASLEEP_UNTIL, BOUNDLESS, REACHED, REACHED_AT, SLEEPERS, TOO_MANY, Bounds

_queries = Queries(Path(__file__).with_suffix(".sql"))

# Contact columns that a placeholder may need; anything else is a key of ``fields``.
_COLUMNS = frozenset({"first_name", "last_name", "language", "country", "time_zone"})


@dataclass(frozen=True, slots=True)
class Canary:
    """Which of those who will be written to come first, by a hash of their id: random, and the same when repeated.

    batches: contact language → their batch id.  per_million: of a million people, so many.  seed: another one chooses
    others.
    """

    batches: Mapping[str, int]
    per_million: int
    seed: int


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is asked for, and what must hold for each.

    members: SQL that gives contact ids as ``id`` (a compiled segment), parameters: what it binds.  paused_countries:
    whose numbers get no marketing.  required_fields: fields that must not be empty, as ``first_name`` or
    ``fields.size``.  bounds: who is left alone now is queued for later.  batches: contact language → batch id; whose
    language is none of these goes with the first, so that nobody is lost who came in since they were counted.  Judging
    needs none.  canary: who goes into batches of their own.
    """

    workspace_id: int
    number_id: int
    topic_id: int
    topic_kind: TopicKind
    members: sql.Composable
    parameters: Mapping[str, Any]
    paused_countries: Sequence[str] = ()
    required_fields: Sequence[str] = ()
    bounds: Bounds = BOUNDLESS
    batches: Mapping[str, int] = field(default_factory=dict)
    canary: Canary | None = None


@dataclass(frozen=True, slots=True)
class Frozen:
    """audience: everyone the segment names.  skipped: reason → how many."""

    audience: int
    skipped: Mapping[str, int]

    @property
    def queued(self) -> int:
        """How many will be written to."""
        return self.audience - sum(self.skipped.values())


@dataclass(frozen=True, slots=True)
class Judged:
    """How many members of one language and country share a reason; an empty reason: they will be written to.

    asleep_until: when their quiet hours end, None: it is not quiet where they are.  ageing: of them, those whose
    consent is more than 21 months old; from 24 months on it has expired.  had_enough: those whom the cap or the topic's
    promise would leave out now.
    """

    language: str
    reason: str
    country: str
    asleep_until: datetime | None
    people: int
    ageing: int
    had_enough: int


def freeze(audience: Audience, *, due_at: datetime, at: datetime) -> Frozen:
    """Write the deliveries and their tallies in one statement, then refresh the statistics.

    In the caller's transaction.  Not safe to repeat for the same batches: the batch holds a person once.
    Cost: 3 statements, whatever the audience.
    """
    with connection.cursor() as cursor:
        cursor.execute(_queries["room"])
        cursor.execute(_compose("freeze", audience), {**_parameters(audience, at), "due_at": due_at})
        counts = {(row[0], row[1]): int(row[2]) for row in cursor.fetchall()}
        cursor.execute(_queries["analyze"])
    return Frozen(
        audience=counts.get(("audience", ""), 0),
        skipped={reason: n for (measure, reason), n in sorted(counts.items()) if measure == "skipped"},
    )


def judge(audience: Audience, *, at: datetime, leaves_at: datetime | None = None) -> list[Judged]:
    """Count what ``freeze`` would do, by the same words; writes nothing.  Cost: 1 query.

    leaves_at: when it would be sent, None: at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _compose("judge", audience),
            {**_parameters(audience, at), **audience.bounds.parameters(leaves_at or at)},
        )
        return [Judged(*row) for row in cursor.fetchall()]


def _compose(name: str, audience: Audience) -> sql.Composed:
    refusal = REFUSAL.replace("is_suppressed", "coalesce(suppression.is_suppressed, false)")
    bounds = {
        "asleep_until": sql.SQL(ASLEEP_UNTIL),
        "sleepers": sql.SQL(SLEEPERS),
        "too_many": sql.SQL(TOO_MANY),
        "reached": sql.SQL(REACHED),
        "reached_at": sql.SQL(REACHED_AT),
    }
    judged = sql.SQL(_queries["judged"]).format(
        members=audience.members,
        suppressed=sql.SQL(SUPPRESSED_PEOPLE),
        refusal=sql.SQL(refusal),
        missing_field=_missing_field(audience.required_fields),
        **bounds,
    )
    return sql.SQL(_queries[name]).format(judged=judged, **bounds)


def _missing_field(fields: Sequence[str]) -> sql.Composable:
    tests: list[sql.Composable] = [sql.SQL("false")]
    for name in fields:
        if name in _COLUMNS:
            tests.append(sql.SQL("contact.{} = ''").format(sql.Identifier(name)))
        else:
            key = sql.Literal(name.removeprefix("fields."))
            tests.append(sql.SQL("coalesce(contact.fields ->> {}, '') = ''").format(key))
    return sql.SQL("({})").format(sql.SQL(" OR ").join(tests))


def _parameters(audience: Audience, at: datetime) -> dict[str, Any]:
    canary = audience.canary
    first = next(iter(audience.batches), "")
    return {
        **audience.parameters,
        "workspace": audience.workspace_id,
        "number": audience.number_id,
        "topic": audience.topic_id,
        "topic_kind": str(audience.topic_kind),
        "languages": list(audience.batches.keys()),
        "batches": list(audience.batches.values()),
        "canaries": [canary.batches[language] if canary else None for language in audience.batches],
        "other_batch": audience.batches.get(first),
        "other_canary": canary.batches[first] if canary else None,
        "canary_per_million": canary.per_million if canary else 0,
        "seed": canary.seed if canary else 0,
        "paused_countries": list(audience.paused_countries),
        "is_counting": audience.bounds.is_counting,
        "at": at,
        **audience.bounds.parameters(at),
    }
