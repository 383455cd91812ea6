"""The closed tree that a segment is: frozen nodes, and a strict reader of their JSON form.  Pure.

A node is an object that holds exactly one of ``all``, ``any``, ``not``, ``field``, ``event``, ``delivery`` or
``consent``.  Sentences of errors are English message ids with ``%(name)s`` for their values: a page translates them.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal, TypeVar

from difusio.common.sentences import SentenceError

# Deep and wide enough for every audience that a person can still explain; small enough to plan in milliseconds.
MAX_DEPTH: Final = 8
MAX_NODES: Final = 60
MAX_TEXT: Final = 200
MAX_LIST: Final = 1_000
MAX_PROPERTIES: Final = 5
MAX_COUNT: Final = 1_000_000
MAX_DAYS: Final = 36_500
MAX_NUMBER: Final = Decimal(10) ** 15

COLUMNS: Final = ("first_name", "last_name", "language", "country", "time_zone")
FIELD_PREFIX: Final = "fields."

_T = TypeVar("_T")
Scalar = str | Decimal | bool
Test = Literal["is", "is_not", "in", "contains", "at_least", "at_most", "is_empty"]
TESTS: Final[tuple[Test, ...]] = ("is", "is_not", "in", "contains", "at_least", "at_most", "is_empty")
# What became of a message, as its delivery says: we sent it, it arrived, …; the person replied, or left after it.
Outcome = Literal["sent", "delivered", "read", "replied", "left", "failed"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("sent", "delivered", "read", "replied", "left", "failed")
KINDS: Final = ("all", "any", "not", "field", "event", "delivery", "consent")


def _(sentence: str) -> str:
    """Mark a sentence for the translators; it stays as it is."""
    return sentence


class TreeError(SentenceError, ValueError):
    """The segment cannot be read."""

    # where: the node, as ``all[1].event``; the message starts with it.  sentence: English, with its values open.
    def __init__(self, where: str, sentence: str, **values: str | int) -> None:
        super().__init__(f"{where or 'segment'}: {sentence % values if values else sentence}")
        self.where = where
        self.sentence = sentence
        self.values = values


@dataclass(frozen=True, slots=True)
class AllOf:
    """Everything below holds."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of those below holds."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What is below does not hold."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class FieldIs:
    """A test of one column of the contact, or of one of its own fields (``fields.x``).

    value: a tuple of scalars for ``in``, a bool for ``is_empty``; numbers and ISO dates for ``at_least``, ``at_most``.
    """

    name: str
    test: Test
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Did:
    """How often, and for how much, a person did something.

    after: inclusive; before: exclusive.  at_least, at_most: how many events; with neither, at least one.
    sum_of: a property that holds numbers.  where: properties that the event must have, equal to these values.
    """

    event: str
    within_days: int | None = None
    after: datetime | None = None
    before: datetime | None = None
    at_least: int | None = None
    at_most: int | None = None
    sum_of: str = ""
    sum_at_least: Decimal | None = None
    sum_at_most: Decimal | None = None
    where: tuple[tuple[str, Scalar], ...] = ()


@dataclass(frozen=True, slots=True)
class Messaged:
    """What became of the messages that we sent to a person: at least one had this outcome.

    topic, template: of which topic (its key) and template (its name) alone; empty: whichever.
    within_days: the outcome came in the last so many days.
    """

    outcome: Outcome
    topic: str = ""
    template: str = ""
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class Consents:
    """The person agreed to the topic with this key, and the agreement is in force."""

    topic: str


Leaf = FieldIs | Did | Messaged | Consents
Node = AllOf | AnyOf | Not | Leaf


_TOO_DEEP: Final = _("at most %(levels)s levels.")
_EXACTLY_ONE: Final = _("exactly one of %(words)s is needed.")


def parse_text(text: str) -> Node:
    """Read a segment from JSON text.  Raises TreeError."""
    try:
        document = json.loads(text, object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except RecursionError:
        raise TreeError("", _TOO_DEEP, levels=MAX_DEPTH) from None
    except ValueError as error:
        raise TreeError("", _("this is not JSON (%(why)s)."), why=str(error)) from None
    return parse(document)


def parse(document: object) -> Node:
    """Read a segment from its JSON form, already loaded.  Raises TreeError, which says where."""
    return _Reader().node(document, "", 1)


class _Reader:
    """Counts the nodes while they are read."""

    def __init__(self) -> None:
        self._nodes = 0

    def node(self, document: object, where: str, depth: int) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise TreeError(
                where, _("at most %(conditions)s conditions in one segment."), conditions=MAX_NODES
            )
        if depth > MAX_DEPTH:
            raise TreeError(where, _TOO_DEEP, levels=MAX_DEPTH)
        node = _object(document, where)
        kinds = [kind for kind in KINDS if kind in node]
        if len(kinds) != 1:
            raise TreeError(
                where,
                _(
                    "a condition has exactly one of all, any, not, field, event, delivery and consent as a key."
                ),
            )
        kind = kinds[0]
        inner = f"{where}.{kind}" if where else kind
        if kind in {"all", "any"}:
            _only(node, {kind}, where)
            nodes = self._nodes_of(node[kind], inner, depth)
            return AllOf(nodes) if kind == "all" else AnyOf(nodes)
        if kind == "not":
            _only(node, {"not"}, where)
            return Not(self.node(node["not"], inner, depth + 1))
        return _LEAVES[kind](node, inner)

    def _nodes_of(self, document: object, where: str, depth: int) -> tuple[Node, ...]:
        if not isinstance(document, list) or not document:
            raise TreeError(where, _("a list with at least one condition is needed."))
        return tuple(self.node(each, f"{where}[{n}]", depth + 1) for n, each in enumerate(document))


def _field(node: Mapping[str, object], where: str) -> FieldIs:
    name = _text(node["field"], where)
    if name not in COLUMNS and not (name.startswith(FIELD_PREFIX) and len(name) > len(FIELD_PREFIX)):
        raise TreeError(
            where,
            _("%(name)s is unknown: use %(known)s, or fields. and the name of a field."),
            name=repr(name),
            known=", ".join(COLUMNS),
        )
    tests = [test for test in TESTS if test in node]
    if len(tests) != 1:
        raise TreeError(where, _EXACTLY_ONE, words=", ".join(TESTS))
    test = tests[0]
    _only(node, {"field", test}, where)
    return FieldIs(name=name, test=test, value=_field_value(name, test, node[test], f"{where}.{test}"))


def _field_value(name: str, test: Test, value: object, where: str) -> Scalar | tuple[Scalar, ...]:
    if test == "is_empty":
        if not isinstance(value, bool):
            raise TreeError(where, _("true or false is needed."))
        return value
    if test == "in":
        if not isinstance(value, list) or not value or len(value) > MAX_LIST:
            raise TreeError(where, _("a list of 1 to %(most)s values is needed."), most=MAX_LIST)
        return tuple(_value_of(name, each, f"{where}[{n}]") for n, each in enumerate(value))
    if test == "contains":
        text = _text(value, where)
        if not text:
            raise TreeError(where, _("a text to look for is needed."))
        return text
    if test in {"at_least", "at_most"}:
        return _bound(name, value, where)
    return _value_of(name, value, where)


def _bound(name: str, value: object, where: str) -> Scalar:
    if name in COLUMNS:
        raise TreeError(
            where,
            _("%(name)s is a text: more and less is for fields. that hold numbers or dates."),
            name=name,
        )
    if isinstance(value, str):
        _moment(value, where)
        return value
    return _number(value, where)


def _value_of(name: str, value: object, where: str) -> Scalar:
    scalar = _scalar(value, where)
    if name in COLUMNS and not isinstance(scalar, str):
        raise TreeError(where, _("%(name)s is a text."), name=name)
    return scalar


def _event(node: Mapping[str, object], where: str) -> Did:
    _only(
        node,
        {"event", "within_days", "after", "before", "at_least", "at_most", "exactly"}
        | {"sum_of", "sum_at_least", "sum_at_most", "where"},
        where,
    )
    name = _text(node["event"], where)
    if not name:
        raise TreeError(where, _("the event's name is missing."))
    if "within_days" in node and ("after" in node or "before" in node):
        raise TreeError(where, _("within_days, or after and before: not both."))
    at_least, at_most = _counts(node, where)
    sum_of, sum_at_least, sum_at_most = _sums(node, where)
    return Did(
        event=name,
        within_days=_optional(node, "within_days", where, _days),
        after=_optional(node, "after", where, _moment),
        before=_optional(node, "before", where, _moment),
        at_least=at_least,
        at_most=at_most,
        sum_of=sum_of,
        sum_at_least=sum_at_least,
        sum_at_most=sum_at_most,
        where=_optional(node, "where", where, _properties) or (),
    )


def _counts(node: Mapping[str, object], where: str) -> tuple[int | None, int | None]:
    exactly = _optional(node, "exactly", where, _count)
    at_least = _optional(node, "at_least", where, _count)
    at_most = _optional(node, "at_most", where, _count)
    if exactly is not None:
        if at_least is not None or at_most is not None:
            raise TreeError(where, _("exactly, or at_least and at_most: not both."))
        return exactly, exactly
    if at_least is not None and at_most is not None and at_least > at_most:
        raise TreeError(where, _("at_least is more than at_most: nobody can be meant."))
    return at_least, at_most


def _sums(node: Mapping[str, object], where: str) -> tuple[str, Decimal | None, Decimal | None]:
    least = _optional(node, "sum_at_least", where, _number)
    most = _optional(node, "sum_at_most", where, _number)
    sum_of = _optional(node, "sum_of", where, _text) or ""
    if bool(sum_of) != (least is not None or most is not None):
        raise TreeError(where, _("sum_of goes with sum_at_least or sum_at_most."))
    return sum_of, least, most


def _properties(value: object, where: str) -> tuple[tuple[str, Scalar], ...]:
    properties = _object(value, where)
    if not 1 <= len(properties) <= MAX_PROPERTIES:
        raise TreeError(where, _("1 to %(most)s properties are needed."), most=MAX_PROPERTIES)
    return tuple((_text(key, where), _scalar(each, f"{where}.{key}")) for key, each in properties.items())


def _delivery(node: Mapping[str, object], where: str) -> Messaged:
    _only(node, {"delivery", "topic", "template", "within_days"}, where)
    outcome = next((known for known in OUTCOMES if known == node["delivery"]), None)
    if outcome is None:
        raise TreeError(where, _EXACTLY_ONE, words=", ".join(OUTCOMES))
    return Messaged(
        outcome=outcome,
        topic=_optional(node, "topic", where, _text) or "",
        template=_optional(node, "template", where, _text) or "",
        within_days=_optional(node, "within_days", where, _days),
    )


def _consent(node: Mapping[str, object], where: str) -> Consents:
    _only(node, {"consent"}, where)
    inner = _object(node["consent"], where)
    _only(inner, {"topic"}, where)
    topic = _text(inner.get("topic"), f"{where}.topic")
    if not topic:
        raise TreeError(f"{where}.topic", _("the topic's key is missing."))
    return Consents(topic=topic)


_LEAVES: Final[dict[str, Callable[[Mapping[str, object], str], Node]]] = {
    "field": _field,
    "event": _event,
    "delivery": _delivery,
    "consent": _consent,
}


def _optional(
    node: Mapping[str, object], key: str, where: str, read: Callable[[object, str], _T]
) -> _T | None:
    return read(node[key], f"{where}.{key}") if key in node else None


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TreeError(where, _("an object, as {…}, is needed."))
    return value


def _only(node: Mapping[str, object], known: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in node if key not in known)
    if unknown:
        raise TreeError(where, _("%(name)s is unknown here."), name=repr(unknown[0]))


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise TreeError(where, _("a text is needed."))
    if len(value) > MAX_TEXT:
        raise TreeError(where, _("at most %(most)s characters."), most=MAX_TEXT)
    # PostgreSQL stores neither; JSON can write both.
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise TreeError(where, _("the text holds a character that cannot be stored."))
    return value


def _scalar(value: object, where: str) -> Scalar:
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, bool):
        return value
    return _number(value, where)


def _number(value: object, where: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TreeError(where, _("a number is needed."))
    if isinstance(value, float) and not math.isfinite(value):
        raise TreeError(where, _("a finite number is needed."))
    number = Decimal(str(value)) if isinstance(value, float) or abs(value) <= MAX_NUMBER else MAX_NUMBER + 1
    if abs(number) > MAX_NUMBER:
        raise TreeError(where, _("a number between ±%(most)s is needed."), most=str(MAX_NUMBER))
    return number


def _count(value: object, where: str, *, low: int = 0, high: int = MAX_COUNT) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise TreeError(where, _("a whole number from %(low)s to %(high)s is needed."), low=low, high=high)
    return value


def _days(value: object, where: str) -> int:
    return _count(value, where, low=1, high=MAX_DAYS)


def _moment(value: object, where: str) -> datetime:
    """Read an ISO date or time; without an offset it is UTC, a bare date is its first moment."""
    try:
        moment = datetime.fromisoformat(_text(value, where))
    except ValueError as error:
        if isinstance(error, TreeError):
            raise
        raise TreeError(where, _("a date, as 2026-03-31, is needed.")) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")
