"""Evaluate a segment over the input: the node kinds that demos and benchmarks use, and no others."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from difusio_checker.inputs import Event, Person


class SegmentError(Exception):
    """The checker does not know this kind of condition: it must be evaluated by other means."""


def is_meant(node: Mapping[str, Any], person: Person, at: datetime) -> bool:
    """Tell whether a segment means a person at a moment.  Raises SegmentError."""
    if "all" in node:
        return all(is_meant(each, person, at) for each in node["all"])
    if "any" in node:
        return any(is_meant(each, person, at) for each in node["any"])
    if "not" in node:
        return not is_meant(node["not"], person, at)
    if "field" in node:
        return _field(node, person)
    if "event" in node:
        return _event(node, person, at)
    raise SegmentError(f"{SegmentError.__doc__} ({', '.join(node)})")


def _field(node: Mapping[str, Any], person: Person) -> bool:
    text = person.columns.get(str(node["field"]).removeprefix("fields."), "")
    if "is" in node:
        return bool(text == node["is"])
    if "is_not" in node:
        return bool(text != node["is_not"])
    if "in" in node:
        return text in node["in"]
    if "contains" in node:
        return str(node["contains"]).lower() in text.lower()
    if "is_empty" in node:
        return bool((text == "") == node["is_empty"])
    raise SegmentError(f"{SegmentError.__doc__} ({', '.join(node)})")


def _event(node: Mapping[str, Any], person: Person, at: datetime) -> bool:
    if "where" in node:
        raise SegmentError(f"{SegmentError.__doc__} (where)")
    events = [event for event in person.events if _counts(node, event, at)]
    least = node.get("at_least", node.get("exactly", 0 if "at_most" in node else 1))
    most = node.get("at_most", node.get("exactly"))
    if len(events) < least or (most is not None and len(events) > most):
        return False
    if "sum_of" not in node:
        return True
    if node["sum_of"] not in {"total", "quantity"}:
        raise SegmentError(f"{SegmentError.__doc__} (sum_of {node['sum_of']})")
    total = sum((getattr(event, node["sum_of"]) for event in events), Decimal(0))
    low, high = node.get("sum_at_least"), node.get("sum_at_most")
    return (low is None or total >= Decimal(str(low))) and (high is None or total <= Decimal(str(high)))


def _counts(node: Mapping[str, Any], event: Event, at: datetime) -> bool:
    if event.name != node["event"] or event.at > at:
        return False
    if "within_days" in node and event.at < at - timedelta(days=node["within_days"]):
        return False
    if "after" in node and event.at < _moment(node["after"]):
        return False
    return not ("before" in node and event.at >= _moment(node["before"]))


def _moment(text: str) -> datetime:
    """Read a date or time of a segment; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
