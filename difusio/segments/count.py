"""Ask a segment: how many people, a few of them, all of them.  Faces hand the tree over; the clock comes along."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from django.db import OperationalError, connection, transaction
from psycopg import sql

from difusio.segments.compile import Question, compile_tree
from difusio.segments.errors import SegmentError
from difusio.segments.models import Segment
from difusio.segments.tree import Node, parse

# A page waits for an answer as long as a person does; who plans a campaign may leave and find the count later.
PATIENCE_S: Final = 3.0
_FETCHED_ROWS: Final = 10_000
_MS: Final = 1_000


class TookLongError(SegmentError):
    """Counting takes longer than this page waits: the number is counted anew when the campaign is checked."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people a tree means, of how many contacts of the workspace."""

    people: int
    of: int


def count(tree: Node, *, workspace_id: int, at: datetime) -> int:
    """Count the people whom the tree means.  One query."""
    question = compile_tree(tree, workspace_id=workspace_id, at=at)
    rows = _rows(sql.SQL("SELECT count(*) FROM ({}) AS member").format(question.query), question)
    return next(rows)


def ask(tree: Node, *, workspace_id: int, at: datetime, patience_s: float = PATIENCE_S) -> Counted:
    """Count the people meant and all contacts, but give up after a while.  2 queries.  Raises TookLongError."""
    with patience(patience_s):
        people = count(tree, workspace_id=workspace_id, at=at)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM contacts_contact WHERE workspace_id = %s AND erased_at IS NULL",
                [workspace_id],
            )
            return Counted(people, cursor.fetchone()[0])


def recount(segment: Segment, *, at: datetime, patience_s: float = PATIENCE_S) -> Counted:
    """Ask a saved segment and keep the answer.  Raises TreeError, TookLongError; then the last count stays."""
    counted = ask(parse(segment.tree), workspace_id=segment.workspace_id, at=at, patience_s=patience_s)
    # Only the question that was asked: who changed the tree meanwhile gets no answer to the old one.
    Segment.objects.filter(pk=segment.pk, tree=segment.tree).update(
        counted=counted.people, counted_of=counted.of, counted_at=at
    )
    return counted


@contextmanager
def patience(patience_s: float) -> Iterator[None]:
    """Let the store give up on statements that take longer.  Raises TookLongError."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            before = cursor.fetchone()[0]
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(round(patience_s * _MS))])
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise TookLongError from None
        raise


def sample(tree: Node, *, workspace_id: int, at: datetime, size: int = 10) -> list[int]:
    """Give the ids of the newest ``size`` contacts whom the tree means.  One query."""
    question = compile_tree(tree, workspace_id=workspace_id, at=at)
    newest = sql.SQL("{} ORDER BY c.id DESC LIMIT {}").format(question.query, sql.Literal(size))
    return list(_rows(newest, question))


def members(tree: Node, *, workspace_id: int, at: datetime) -> Iterator[int]:
    """Give the ids of all contacts whom the tree means, in order.  One query; about 30 MB a million people."""
    question = compile_tree(tree, workspace_id=workspace_id, at=at)
    return _rows(sql.SQL("{} ORDER BY c.id").format(question.query), question)


def _rows(query: sql.Composed, question: Question) -> Iterator[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, question.parameters)
        while rows := cursor.fetchmany(_FETCHED_ROWS):
            for (number,) in rows:
                yield number
