"""Turn a segment's tree into one SQL query; every value and name of the tree is a bound parameter (invariant 10).

A behaviour becomes a joined set with one row per person, never a question per person: the planner hashes it whether
it stands alone, under ``any`` or under ``not``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, LiteralString, cast

from psycopg import sql
from psycopg.types.json import Jsonb

from difusio.consent.permission import REFUSAL, SUPPRESSED_PEOPLE
from difusio.segments.tree import (
    FIELD_PREFIX,
    AllOf,
    AnyOf,
    Consents,
    Did,
    FieldIs,
    Leaf,
    Messaged,
    Node,
    Not,
    Outcome,
    Scalar,
)


@dataclass(frozen=True, slots=True)
class Question:
    """query: selects the column ``id`` of each contact meant, once, in no order.  parameters: what it binds, by name.

    Put it into a larger query as ``sql.SQL("… FROM ({}) AS member …").format(question.query)`` and hand
    ``{**parameters_of_yours, **question.parameters}`` over; the names begin with ``segment_``.
    """

    query: sql.Composed
    parameters: Mapping[str, Any]  # whatever psycopg adapts


def compile_tree(tree: Node, *, workspace_id: int, at: datetime) -> Question:
    """Give the query for the people of one workspace whom the tree means at a moment; erased people are left out."""
    compiler = _Compiler(workspace_id, at)
    condition = compiler.condition(tree)
    query = sql.SQL(
        "SELECT c.id FROM contacts_contact c{joins} "
        "WHERE c.workspace_id = {workspace} AND c.erased_at IS NULL AND {condition}"
    ).format(
        joins=sql.Composed(compiler.joins),
        workspace=compiler.workspace,
        condition=condition,
    )
    return Question(query=query, parameters=compiler.parameters)


def compile_leaves(leaves: Sequence[Leaf], *, contact_id: int, workspace_id: int, at: datetime) -> Question:
    """Give the query that says of one contact, in one row, which of these conditions hold; no row: no such contact."""
    compiler = _Compiler(workspace_id, at)
    conditions = [compiler.condition(leaf) for leaf in leaves]
    query = sql.SQL(
        "SELECT {conditions} FROM contacts_contact c{joins} "
        "WHERE c.workspace_id = {workspace} AND c.erased_at IS NULL AND c.id = {contact}"
    ).format(
        conditions=sql.SQL(", ").join(conditions),
        joins=sql.Composed(compiler.joins),
        workspace=compiler.workspace,
        contact=compiler.bind(contact_id, "bigint"),
    )
    return Question(query=query, parameters=compiler.parameters)


# The columns that a tree may name, as identifiers of ours: no name from outside becomes SQL.
_COLUMNS: Final[dict[str, sql.SQL]] = {
    "first_name": sql.SQL("c.first_name"),
    "last_name": sql.SQL("c.last_name"),
    "language": sql.SQL("c.language"),
    "country": sql.SQL("c.country"),
    "time_zone": sql.SQL("c.time_zone"),
}
# When an outcome came; empty where it has not come.
_CAME_AT: Final[dict[Outcome, sql.SQL]] = {
    "sent": sql.SQL("d.accepted_at"),
    "delivered": sql.SQL("d.delivered_at"),
    "read": sql.SQL("d.read_at"),
    "replied": sql.SQL("d.replied_at"),
    "left": sql.SQL("d.left_at"),
    "failed": sql.SQL("d.failed_at"),
}
# What a field must look like before it is compared as a number or a date.  CASE keeps PostgreSQL from casting others.
_IS_NUMBER: Final = sql.Literal("^-?[0-9]{1,15}([.][0-9]{1,10})?$")
_IS_DATE: Final = sql.Literal("^[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAMED: Final = re.compile(r"%\((\w+)\)s")


class _Compiler:
    """Collects joins and parameters while conditions are written."""

    def __init__(self, workspace_id: int, at: datetime) -> None:
        self.at = at
        self.joins: list[sql.Composed] = []
        self.parameters: dict[str, Any] = {}
        self.workspace = self.bind(workspace_id, "bigint")

    def condition(self, node: Node) -> sql.Composable:
        match node:
            case AllOf(nodes):
                return self._joined(" AND ", nodes)
            case AnyOf(nodes):
                return self._joined(" OR ", nodes)
            case Not(inner):
                return sql.SQL("(NOT {})").format(self.condition(inner))
        return self._leaf(node)

    def _leaf(self, node: Leaf) -> sql.Composed:
        match node:
            case FieldIs():
                return self._field(node)
            case Did():
                return self._did(node)
            case Messaged():
                return self._messaged(node)
            case Consents():
                return self._consents(node)

    def bind(self, value: object, kind: LiteralString) -> sql.Composed:
        name = f"segment_{len(self.parameters)}"
        self.parameters[name] = value
        # The type stands beside the placeholder: PostgreSQL must not guess it from a value.
        return sql.SQL("{}::{}").format(sql.Placeholder(name), sql.SQL(kind))

    def _joined(self, word: LiteralString, nodes: tuple[Node, ...]) -> sql.Composed:
        return sql.SQL("({})").format(sql.SQL(word).join([self.condition(node) for node in nodes]))

    def _field(self, node: FieldIs) -> sql.Composed:
        if node.name in _COLUMNS:
            text: sql.Composable = _COLUMNS[node.name]
        else:
            name = self.bind(node.name.removeprefix(FIELD_PREFIX), "text")
            text = sql.SQL("coalesce(c.fields ->> {}, '')").format(name)
        if node.test in {"at_least", "at_most"}:
            return self._bounded(node, text)
        if node.test == "is_empty":
            return sql.SQL("({} = '')" if node.value else "({} <> '')").format(text)
        if node.test == "contains":
            return sql.SQL("(strpos(lower({}), lower({})) > 0)").format(text, self.bind(node.value, "text"))
        values = node.value if isinstance(node.value, tuple) else (node.value,)
        words = self.bind([_as_text(value) for value in values], "text[]")
        return sql.SQL("({} <> ALL ({}))" if node.test == "is_not" else "({} = ANY ({}))").format(text, words)

    def _bounded(self, node: FieldIs, text: sql.Composable) -> sql.Composed:
        sign = sql.SQL(">=" if node.test == "at_least" else "<=")
        if isinstance(node.value, Decimal):
            # A number of JSON's own needs no look at its letters, which costs five times as much as the rest.
            name = self.bind(node.name.removeprefix(FIELD_PREFIX), "text")
            return sql.SQL(
                "(CASE WHEN jsonb_typeof(c.fields -> {name}) = 'number' "
                "THEN (c.fields -> {name})::numeric {sign} {bound} "
                "WHEN {text} ~ {shape} THEN ({text})::numeric {sign} {bound} ELSE false END)"
            ).format(
                name=name, text=text, shape=_IS_NUMBER, sign=sign, bound=self.bind(node.value, "numeric")
            )
        # ISO dates sort as texts do under the "C" collation; a bare date means the whole day.
        length = sql.Literal(len(str(node.value)))
        # Comparing is cheaper than looking at the shape, so that it goes first.
        return sql.SQL(
            '(CASE WHEN left({text}, {length}) {sign} {bound} COLLATE "C" THEN {text} ~ {shape} ELSE false END)'
        ).format(text=text, shape=_IS_DATE, length=length, sign=sign, bound=self.bind(node.value, "text"))

    def _did(self, node: Did) -> sql.Composed:
        """Join the people who pass; where those pass too who did nothing and have no row, the people who do not."""
        at_least = 1 if node.at_least is None and node.at_most is None else node.at_least or 0
        nothing_passes = (
            at_least == 0
            and (node.sum_at_least is None or node.sum_at_least <= 0)
            and (node.sum_at_most is None or node.sum_at_most >= 0)
        )
        having = self._having(node, at_least)
        if nothing_passes:
            having = [sql.SQL("NOT ({})").format(sql.SQL(" AND ").join(having or [sql.SQL("true")]))]
        rows = sql.SQL(
            "SELECT e.contact_id FROM contacts_event e WHERE {events} GROUP BY e.contact_id"
        ).format(events=sql.SQL(" AND ").join(self._events(node)))
        if having:
            rows = sql.SQL("{} HAVING {}").format(rows, sql.SQL(" AND ").join(having))
        return self._join(rows, is_there=not nothing_passes)

    def _events(self, node: Did) -> list[sql.Composable]:
        """Say which events count; none from after the moment of asking."""
        after = self.at - timedelta(days=node.within_days) if node.within_days is not None else node.after
        tests: list[sql.Composable] = [
            sql.SQL("e.workspace_id = {}").format(self.workspace),
            sql.SQL("e.name = {}").format(self.bind(node.event, "text")),
            sql.SQL("e.at <= {}").format(self.bind(self.at, "timestamptz")),
        ]
        if after is not None:
            tests.append(sql.SQL("e.at >= {}").format(self.bind(after, "timestamptz")))
        if node.before is not None:
            tests.append(sql.SQL("e.at < {}").format(self.bind(node.before, "timestamptz")))
        if node.where:
            properties = {name: _as_json(value) for name, value in node.where}
            tests.append(sql.SQL("e.properties @> {}").format(self.bind(Jsonb(properties), "jsonb")))
        return tests

    def _having(self, node: Did, at_least: int) -> list[sql.Composable]:
        tests: list[sql.Composable] = []
        if at_least > 1:
            tests.append(sql.SQL("count(*) >= {}").format(self.bind(at_least, "bigint")))
        if node.at_most is not None:
            tests.append(sql.SQL("count(*) <= {}").format(self.bind(node.at_most, "bigint")))
        if node.sum_of:
            total = sql.SQL(
                "coalesce(sum(CASE WHEN jsonb_typeof(e.properties -> {name}) = 'number' "
                "THEN (e.properties -> {name})::numeric END), 0)"
            ).format(name=self.bind(node.sum_of, "text"))
            bounds = ((sql.SQL(">="), node.sum_at_least), (sql.SQL("<="), node.sum_at_most))
            tests += [
                sql.SQL("{} {} {}").format(total, sign, self.bind(bound, "numeric"))
                for sign, bound in bounds
                if bound is not None
            ]
        return tests

    def _messaged(self, node: Messaged) -> sql.Composed:
        """Join the people a message of ours had this outcome with; batches are few, and lead to their deliveries."""
        came_at = _CAME_AT[node.outcome]
        tests: list[sql.Composable] = [
            sql.SQL("b.workspace_id = {} AND d.confirms_id IS NULL").format(self.workspace),
            sql.SQL("{} <= {}").format(came_at, self.bind(self.at, "timestamptz")),
        ]
        if node.within_days is not None:
            after = self.bind(self.at - timedelta(days=node.within_days), "timestamptz")
            tests.append(sql.SQL("{} >= {}").format(came_at, after))
        if node.topic:
            topic = self.bind(node.topic, "text")
            tests.append(
                sql.SQL(
                    "b.topic_id = (SELECT id FROM consent_topic WHERE workspace_id = {} AND key = {})"
                ).format(self.workspace, topic)
            )
        if node.template:
            template = self.bind(node.template, "text")
            tests.append(
                sql.SQL(
                    "b.template_id IN (SELECT id FROM message_templates_template WHERE workspace_id = {} AND name = {})"
                ).format(self.workspace, template)
            )
        rows = sql.SQL(
            "SELECT DISTINCT d.contact_id FROM outbox_batch b JOIN outbox_delivery d ON d.batch_id = b.id WHERE {}"
        ).format(sql.SQL(" AND ").join(tests))
        return self._join(rows, is_there=True)

    def _consents(self, node: Consents) -> sql.Composed:
        """Join the people whom we may write to about a topic, in the very words that a claim asks with."""
        rows = sql.SQL(
            "SELECT standing.contact_id FROM ("
            "SELECT of_topic.*, suppressed.contact_id IS NOT NULL AS is_suppressed "
            "FROM consent_standing of_topic JOIN consent_topic topic ON topic.id = of_topic.topic_id "
            "LEFT JOIN ({suppressed}) AS suppressed ON suppressed.contact_id = of_topic.contact_id "
            "WHERE topic.workspace_id = {workspace} AND topic.key = {topic}"
            ") AS standing WHERE {refusal} = ''"
        )
        return self._join(
            rows.format(
                suppressed=self._named(SUPPRESSED_PEOPLE, topic_kind=self._kind_of(node.topic)),
                workspace=self.workspace,
                topic=self.bind(node.topic, "text"),
                refusal=self._named(REFUSAL),
            ),
            is_there=True,
        )

    def _kind_of(self, topic: str) -> sql.Composed:
        return sql.SQL(
            "(SELECT kind FROM consent_topic WHERE workspace_id = {workspace} AND key = {topic})"
        ).format(workspace=self.workspace, topic=self.bind(topic, "text"))

    def _named(self, text: LiteralString, **others: sql.Composable) -> sql.Composed:
        """Put our own parameters in the place of those that another module's SQL names."""
        values = {"workspace": self.workspace, "at": self.bind(self.at, "timestamptz"), **others}
        parts = _NAMED.split(text)
        texts, names = parts[0::2], parts[1::2]
        # The parts of a text of ours are texts of ours.
        pieces: list[sql.Composable] = [sql.SQL(cast("LiteralString", texts[0]))]
        for name, after in zip(names, texts[1:], strict=True):
            pieces += [values[name], sql.SQL(cast("LiteralString", after))]
        return sql.Composed(pieces)

    def _join(self, rows: sql.Composable, *, is_there: bool) -> sql.Composed:
        """Join a set that holds each contact at most once, so that nobody is counted twice."""
        alias = sql.Identifier(f"set_{len(self.joins)}")
        self.joins.append(
            sql.SQL(" LEFT JOIN ({rows}) AS {alias} ON {alias}.contact_id = c.id").format(
                rows=rows, alias=alias
            )
        )
        test = sql.SQL("({}.contact_id IS NOT NULL)" if is_there else "({}.contact_id IS NULL)")
        return test.format(alias)


def _as_text(value: Scalar) -> str:
    """Write a value as ``->>`` writes the same value of a JSON field."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format(value.normalize(), "f")


def _as_json(value: Scalar) -> str | bool | int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
