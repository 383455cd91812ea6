"""A segment's tree as a form: inputs typed by people in, a tree's JSON out, and back.

The whole tree travels in the form, so that no step is kept anywhere.  A group or a condition is a ``Part`` with a path,
"0" for the outermost group, "0-2" for its third part; an input is named by its part's path, "0-2.name".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from difusio.segments.tree import (
    FIELD_PREFIX,
    MAX_DEPTH,
    MAX_PROPERTIES,
    AllOf,
    AnyOf,
    Consents,
    Did,
    FieldIs,
    Leaf,
    Messaged,
    Node,
    Not,
    Scalar,
    TreeError,
    parse,
)

GROUPS: Final = ("all", "any", "none")
LEAVES: Final = ("field", "event", "delivery", "consent")
ROOT: Final = "0"
# Chosen in place of a name to write another one.
OTHER: Final = "other"

_INPUT: Final = re.compile(r"(\d{1,3}(?:-\d{1,3})*)\.([a-z_0-9]+)")
# More than a tree may hold, so that what is too much is read and refused with a sentence.
_MAX_PARTS: Final = 120
# Beyond what a tree may hold; a number like 1e999999999 is not even written out.
_MOST_DIGITS: Final = 15
_BLANK: Final[Mapping[str, Mapping[str, str]]] = {
    "field": {"name": "language", "test": "in"},
    "event": {"times": "some", "when": "lately", "days": "90"},
    "delivery": {"outcome": "read", "days": "90"},
    "consent": {},
}

Inputs = dict[str, list[str]]
Document = dict[str, object]


@dataclass(slots=True)
class Part:
    """A group or a condition as it was typed.

    errors: input → what is wrong with it; "" for the condition as a whole.  is_new: it was added just now.
    """

    kind: str
    inputs: Inputs = field(default_factory=dict)
    parts: list["Part"] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    is_new: bool = False
    path: str = ROOT

    @property
    def is_group(self) -> bool:
        """Tell whether it holds other parts."""
        return self.kind in GROUPS

    def text(self, name: str) -> str:
        """Give one input, without the space around it; empty when it is missing."""
        return self.inputs.get(name, [""])[0].strip()

    def lines(self, name: str) -> list[str]:
        """Give what was ticked, or each line that was written."""
        found = [line.strip() for text in self.inputs.get(name, []) for line in text.splitlines()]
        return list(dict.fromkeys(line for line in found if line))

    def numbered(self, path: str = ROOT) -> "Part":
        """Write down the path of every part, from the outermost on."""
        self.path = path
        for place, part in enumerate(self.parts):
            part.numbered(f"{path}-{place}")
        return self

    def every(self) -> Iterator["Part"]:
        """Give this part and all below it."""
        yield self
        for part in self.parts:
            yield from part.every()


def blank() -> Part:
    """Begin: everything holds, and one condition waits to be written."""
    return Part("all", parts=[blank_part("field")]).numbered()


def blank_part(kind: str) -> Part:
    """Give a new condition, or a new group with one."""
    if kind in GROUPS:
        return Part(kind, parts=[blank_part("field")], is_new=True)
    return Part(kind, {name: [text] for name, text in _BLANK[kind].items()}, is_new=True)


def read(post: QueryDict) -> Part:
    """Read the tree that was sent; what makes no sense is left out, and nothing is judged yet."""
    inputs: dict[str, Inputs] = {}
    for key in post:
        found = _INPUT.fullmatch(key)
        if found and (found[1] in inputs or len(inputs) < _MAX_PARTS):
            inputs.setdefault(found[1], {})[found[2]] = [str(text) for text in post.getlist(key)]
    root = _read_part(ROOT, inputs)
    if root is None or not root.is_group:
        return blank()
    return root.numbered()


def _read_part(path: str, inputs: Mapping[str, Inputs]) -> Part | None:
    mine = dict(inputs.get(path, {}))
    kind = (mine.pop("kind", None) or [""])[0]
    if kind in LEAVES:
        return Part(kind, mine)
    if kind not in GROUPS or path.count("-") > MAX_DEPTH:
        return None
    depth = path.count("-") + 1
    below = [other for other in inputs if other.startswith(f"{path}-") and other.count("-") == depth]
    below.sort(key=lambda other: int(other.rpartition("-")[2]))
    parts = [part for other in below if (part := _read_part(other, inputs)) is not None]
    return Part(kind, mine, parts)


def edit(root: Part, act: str) -> Part:
    """Do what a button of the form says, at the part with that path; anything else changes nothing.

    act: "add:PATH:KIND", "remove:PATH", "wrap:PATH", "unwrap:PATH", "up:PATH" or "down:PATH".
    """
    verb, _colon, rest = act.partition(":")
    path, _colon, kind = rest.partition(":")
    place = _find(root, path)
    if place is None:
        return root
    parent, part = place
    if verb == "add" and part.is_group and kind in (*GROUPS, *LEAVES):
        part.parts.append(blank_part(kind))
    elif parent is not None:
        _move(parent, part, verb)
    return root.numbered()


def _find(root: Part, path: str) -> tuple[Part | None, Part] | None:
    for part in root.every():
        if part.path == path:
            parent = path.rpartition("-")[0]
            return next((other for other in root.every() if other.path == parent), None), part
    return None


def _move(parent: Part, part: Part, verb: str) -> None:
    # By identity: two conditions may be typed alike.
    place = next(at for at, other in enumerate(parent.parts) if other is part)
    siblings = parent.parts
    if verb == "remove":
        del siblings[place]
        parent.is_new = True
    elif verb == "wrap":
        siblings[place] = Part("any" if parent.kind == "all" else "all", parts=[part], is_new=True)
    elif verb == "unwrap" and part.is_group:
        siblings[place : place + 1] = part.parts
        parent.is_new = True
    elif verb in {"up", "down"}:
        other = place + (1 if verb == "down" else -1)
        if 0 <= other < len(siblings):
            siblings[place], siblings[other] = siblings[other], siblings[place]
        part.is_new = True


def document_of(root: Part, zone: tzinfo) -> Document | None:
    """Give the tree's JSON; None when something has to be mended, which then stands in the parts' errors."""
    document = _document(root, zone)
    if any(part.errors for part in root.every()):
        return None
    try:
        parse(document)
    except TreeError as error:
        root.errors[""] = _told(error)
        return None
    return document


def _document(part: Part, zone: tzinfo) -> Document:
    if not part.is_group:
        return _leaf(part, zone)
    if not part.parts:
        part.errors[""] = _("This group is empty: add a condition to it, or take it out.")
    parts = [_document(each, zone) for each in part.parts]
    if part.kind == "none":
        return {"not": parts[0] if len(parts) == 1 else {"any": parts}}
    return {part.kind: parts}


def _leaf(part: Part, zone: tzinfo) -> Document:
    document = {
        "field": _field,
        "event": lambda part: _event(part, zone),
        "delivery": _delivery,
        "consent": _consent,
    }[part.kind](part)
    if not part.errors:
        try:
            parse(document)
        except TreeError as error:
            part.errors[""] = _told(error)
    return document


def _told(error: TreeError) -> str:
    sentence = _(error.sentence) % error.values if error.values else _(error.sentence)
    return sentence[:1].upper() + sentence[1:]


def field_name(part: Part) -> str:
    """Give which field a condition asks: the chosen one, or the one written in its stead."""
    chosen = part.text("name")
    return f"{FIELD_PREFIX}{part.text('other')}" if chosen == OTHER else chosen


def event_name(part: Part) -> str:
    """Give which event a condition asks for: the chosen one, or the one written in its stead."""
    chosen = part.text("name")
    return part.text("other") if chosen == OTHER else chosen


def _field(part: Part) -> Document:
    name, test = field_name(part), part.text("test")
    document: Document = {"field": name}
    if name == FIELD_PREFIX:
        part.errors["other"] = _("Write the field's name.")
    if test in {"empty", "filled"}:
        document["is_empty"] = test == "empty"
    elif test == "in":
        document["in"] = part.lines("values")
        if not document["in"]:
            part.errors["values"] = _("Choose or write at least one value.")
    elif test in {"at_least", "at_most"}:
        document[test] = _bound(part)
    else:
        document[test if test in {"is", "is_not", "contains"} else "is"] = part.text("value")
        if not part.text("value"):
            part.errors["value"] = _("Write a value.")
    return document


def _bound(part: Part) -> object:
    text = part.text("value")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return _number(part, "value", _("Write a number, or a date as 2026-03-31."))
    return text


def _event(part: Part, zone: tzinfo) -> Document:
    document: Document = {"event": event_name(part)}
    if not document["event"]:
        part.errors["other" if part.text("name") == OTHER else "name"] = _(
            "Choose an event, or write its name."
        )
    times = part.text("times")
    if times in {"at_least", "at_most", "exactly"}:
        document[times] = _count(part, "n")
    elif times == "between":
        document |= {"at_least": _count(part, "n"), "at_most": _count(part, "m")}
    elif times == "never":
        document["at_most"] = 0
    when = part.text("when")
    if when == "lately":
        document["within_days"] = _count(part, "days", least=1)
    if when in {"since", "between"}:
        document["after"] = _moment(part, "after", zone, days=0)
    if when in {"until", "between"}:
        document["before"] = _moment(part, "before", zone, days=1)
    return document | _sums(part) | _properties(part)


def _sums(part: Part) -> Document:
    if not part.text("sum_of"):
        if part.text("low") or part.text("high"):
            part.errors["sum_of"] = _("Which property is added up? Choose one.")
        return {}
    bounds = {"sum_at_least": "low", "sum_at_most": "high"}
    sums: Document = {
        key: _number(part, name, _("Write a number.")) for key, name in bounds.items() if part.text(name)
    }
    if not sums:
        part.errors["low"] = _("Write how much at least, or at most.")
    return {"sum_of": part.text("sum_of"), **sums}


def _properties(part: Part) -> Document:
    where: Document = {}
    for row in range(MAX_PROPERTIES):
        key, value, kind = (part.text(f"{name}{row}") for name in ("key", "value", "kind"))
        if not key and not value:
            continue
        if not key:
            part.errors[f"key{row}"] = _("Which property? Write its name.")
        elif key in where:
            part.errors[f"key{row}"] = _("This property is asked twice: keep one.")
        elif kind == "number":
            where[key] = _number(part, f"value{row}", _("Write a number."))
        elif kind == "yes_no":
            where[key] = value in {"true", "yes", _("yes")}
        else:
            where[key] = value
    return {"where": where} if where else {}


def _delivery(part: Part) -> Document:
    document: Document = {"delivery": part.text("outcome")}
    document |= {name: part.text(name) for name in ("topic", "template") if part.text(name)}
    if part.text("days"):
        document["within_days"] = _count(part, "days", least=1)
    return document


def _consent(part: Part) -> Document:
    if not part.text("topic"):
        part.errors["topic"] = _("Choose a topic.")
    return {"consent": {"topic": part.text("topic")}}


def _count(part: Part, name: str, *, least: int = 0) -> int:
    text = part.text(name)
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) >= least:  # noqa: PLR2004  # a billion is too many anyway
        return int(text)
    part.errors[name] = _("Write a whole number.")
    return least


def _number(part: Part, name: str, sentence: str) -> int | float:
    """Read a number as people write it: with a point, or with a comma before the decimals."""
    text = part.text(name)
    if "," in text and "." not in text:
        text = text.replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        part.errors[name] = sentence
        return 0
    return int(number) if number == number.to_integral_value() else float(number)


def _moment(part: Part, name: str, zone: tzinfo, *, days: int) -> str:
    """Read a day of the workspace, or a moment; days: 1 for an end, since the day that is written is meant too."""
    text = part.text(name)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        part.errors[name] = _("Choose a day.")
        return ""
    if "T" not in text:
        moment += timedelta(days=days)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def part_of(tree: Node, zone: tzinfo) -> Part:
    """Give the form of a tree; its outermost part is always a group."""
    part = _part(tree, zone)
    return (part if part.is_group else Part("all", parts=[part])).numbered()


def _part(node: Node, zone: tzinfo) -> Part:
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            return Part(
                "all" if isinstance(node, AllOf) else "any", parts=[_part(each, zone) for each in nodes]
            )
        case Not(AnyOf(nodes)):
            return Part("none", parts=[_part(each, zone) for each in nodes])
        case Not(inner):
            return Part("none", parts=[_part(inner, zone)])
    return _leaf_part(node, zone)


def _leaf_part(node: Leaf, zone: tzinfo) -> Part:
    match node:
        case FieldIs():
            return Part("field", _listed(_of_field(node)))
        case Did():
            return Part("event", _listed(_of_event(node, zone)))
        case Messaged(outcome, topic, template, within_days):
            days = "" if within_days is None else str(within_days)
            return Part(
                "delivery",
                _listed({"outcome": outcome, "topic": topic, "template": template, "days": days}),
            )
        case Consents(topic):
            return Part("consent", {"topic": [topic]})


def _listed(inputs: Mapping[str, str | Sequence[str]]) -> Inputs:
    return {name: [text] if isinstance(text, str) else list(text) for name, text in inputs.items()}


def _of_field(node: FieldIs) -> dict[str, str | Sequence[str]]:
    inputs: dict[str, str | Sequence[str]] = {"name": node.name, "test": node.test}
    if node.test == "is_empty":
        inputs["test"] = "empty" if node.value else "filled"
    elif isinstance(node.value, tuple):
        inputs["values"] = [written(value) for value in node.value]
    else:
        inputs["value"] = written(node.value)
    return inputs


def _of_event(node: Did, zone: tzinfo) -> dict[str, str | Sequence[str]]:
    inputs: dict[str, str | Sequence[str]] = {"name": node.event, **_of_times(node)}
    if node.within_days is not None:
        inputs |= {"when": "lately", "days": str(node.within_days)}
    else:
        bounds = (node.after is not None, node.before is not None)
        inputs["when"] = {(True, True): "between", (True, False): "since", (False, True): "until"}.get(
            bounds, "ever"
        )
    if node.after is not None:
        inputs["after"] = _written_moment(node.after, zone, days=0)
    if node.before is not None:
        inputs["before"] = _written_moment(node.before, zone, days=1)
    if node.sum_of:
        inputs["sum_of"] = node.sum_of
    for name, bound in (("low", node.sum_at_least), ("high", node.sum_at_most)):
        if bound is not None:
            inputs[name] = written(bound)
    for row, (key, value) in enumerate(node.where):
        kind = "yes_no" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        inputs |= {f"key{row}": key, f"value{row}": written(value), f"kind{row}": kind}
    return inputs


def _of_times(node: Did) -> dict[str, str]:
    low, high = node.at_least, node.at_most
    if low is None and high is None:
        return {"times": "some"}
    if high == 0 and not low:
        return {"times": "never"}
    if low == high:
        return {"times": "exactly", "n": str(low)}
    if low is not None and high is not None:
        return {"times": "between", "n": str(low), "m": str(high)}
    return {"times": "at_least", "n": str(low)} if high is None else {"times": "at_most", "n": str(high)}


def _written_moment(moment: datetime, zone: tzinfo, *, days: int) -> str:
    local = moment.astimezone(zone)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return (local - timedelta(days=days)).date().isoformat()
    return local.replace(tzinfo=None).isoformat()


def written(value: Scalar) -> str:
    """Write a value as it stands in an input."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format(value.normalize(), "f")
