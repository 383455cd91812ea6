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

_queries = Queries(Path(__file__).with_suffix(".sql"))

# Contact columns that a placeholder may need; anything else is a key of ``fields``.
_COLUMNS = frozenset({"first_name", "last_name", "language", "country", "time_zone"})


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is asked for, and what must hold for each.

    members: SQL that gives contact ids as ``id`` (a compiled segment), parameters: what it binds.  paused_countries:
    whose numbers get no marketing.  required_fields: fields that must not be empty, as ``first_name`` or
    ``fields.size``.  batches: contact language → batch id, for every language that occurs; judging needs none.
    """

    workspace_id: int
    number_id: int
    topic_id: int
    topic_kind: TopicKind
    members: sql.Composable
    parameters: Mapping[str, Any]
    paused_countries: Sequence[str] = ()
    required_fields: Sequence[str] = ()
    batches: Mapping[str, int] = field(default_factory=dict)


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

    ageing: of them, those whose consent is more than 21 months old; from 24 months on it has expired.
    """

    language: str
    reason: str
    country: str
    people: int
    ageing: int


def freeze(audience: Audience, *, due_at: datetime, at: datetime) -> Frozen:
    """Write the deliveries and their tallies in one statement, then refresh the statistics.

    In the caller's transaction.  Not safe to repeat for the same batches: the batch holds a person once.
    Cost: 2 statements, whatever the audience.
    """
    with connection.cursor() as cursor:
        cursor.execute(_compose("freeze", audience), {**_parameters(audience, at), "due_at": due_at})
        counts = {(row[0], row[1]): int(row[2]) for row in cursor.fetchall()}
        cursor.execute(_queries["analyze"])
    return Frozen(
        audience=counts.get(("audience", ""), 0),
        skipped={reason: n for (measure, reason), n in sorted(counts.items()) if measure == "skipped"},
    )


def judge(audience: Audience, *, at: datetime) -> list[Judged]:
    """Count what ``freeze`` would do, by the same words; writes nothing.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_compose("judge", audience), _parameters(audience, at))
        return [Judged(*row) for row in cursor.fetchall()]


def _compose(name: str, audience: Audience) -> sql.Composed:
    refusal = REFUSAL.replace("is_suppressed", "coalesce(suppression.is_suppressed, false)")
    judged = sql.SQL(_queries["judged"]).format(
        members=audience.members,
        suppressed=sql.SQL(SUPPRESSED_PEOPLE),
        refusal=sql.SQL(refusal),
        missing_field=_missing_field(audience.required_fields),
    )
    return sql.SQL(_queries[name]).format(judged=judged)


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
    return {
        **audience.parameters,
        "workspace": audience.workspace_id,
        "number": audience.number_id,
        "topic": audience.topic_id,
        "topic_kind": str(audience.topic_kind),
        "languages": list(audience.batches.keys()),
        "batches": list(audience.batches.values()),
        "paused_countries": list(audience.paused_countries),
        "at": at,
    }
