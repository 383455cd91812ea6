"""Why one person is in a segment or out of it: each condition, true or false for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from django.db import connection
from psycopg import sql

from difusio.segments.compile import compile_leaves
from difusio.segments.tree import AllOf, AnyOf, Leaf, Node, Not

Group = Literal["all", "any", "none", "not_all", ""]

_OPPOSITE: Final[Mapping[Group, Group]] = {
    "all": "not_all",
    "any": "none",
    "none": "any",
    "not_all": "all",
    "": "",
}


@dataclass(frozen=True, slots=True)
class Because:
    """A condition (group: "") or a group of them, and whether it holds for the person.

    node: as the tree has it; for a condition under ``not`` the Not itself.
    """

    node: Node
    holds: bool
    group: Group
    parts: tuple["Because", ...] = ()


def why(tree: Node, *, contact_id: int, workspace_id: int, at: datetime) -> Because | None:
    """Ask every condition about one contact; None for somebody who is not there.  One query."""
    leaves = list(_leaves(tree))
    question = compile_leaves(leaves, contact_id=contact_id, workspace_id=workspace_id, at=at)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("{} LIMIT 1").format(question.query), question.parameters)
        row = cursor.fetchone()
    return _explained(tree, iter(row)) if row is not None else None


def _leaves(node: Node) -> Iterator[Leaf]:
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            for each in nodes:
                yield from _leaves(each)
        case Not(inner):
            yield from _leaves(inner)
        case _:
            yield node


def _explained(node: Node, answers: Iterator[bool]) -> Because:
    """Put the answers, in the order of ``_leaves``, back to their conditions."""
    match node:
        case AllOf(nodes):
            parts = tuple(_explained(each, answers) for each in nodes)
            return Because(node, all(part.holds for part in parts), "all", parts)
        case AnyOf(nodes):
            parts = tuple(_explained(each, answers) for each in nodes)
            return Because(node, any(part.holds for part in parts), "any", parts)
        case Not(inner):
            found = _explained(inner, answers)
            return Because(node, not found.holds, _OPPOSITE[found.group], found.parts)
        case _:
            return Because(node, next(answers), "")
