"""Ask a segment: how many people, a few of them, all of them.  Faces hand the tree over; the clock comes along."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import connection
from psycopg import sql

from difusio.segments.compile import Question, compile_tree
from difusio.segments.tree import Node

_FETCHED_ROWS: Final = 10_000


def count(tree: Node, *, workspace_id: int, at: datetime) -> int:
    """Count the people whom the tree means.  One query."""
    question = compile_tree(tree, workspace_id=workspace_id, at=at)
    rows = _rows(sql.SQL("SELECT count(*) FROM ({}) AS member").format(question.query), question)
    return next(rows)


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
