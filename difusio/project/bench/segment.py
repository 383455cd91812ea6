"""How long the typical questions take, the slowest of them being the figure, beside a count of all contacts."""

from statistics import median
from time import perf_counter
from typing import Any, Final

from django.db import connection

from difusio.common.clock import now
from difusio.project.bench import shop
from difusio.project.bench.figure import Figure, peak_mb
from difusio.project.bench.part import measured
from difusio.project.start import Installation
from difusio.segments.count import count
from difusio.segments.tree import parse

_EVENTS_A_PERSON = 10
_ROUNDS = 3

# Named by what a marketer would call them; ``fields`` and ``behaviour`` have a goal each.
_FIELDS: Final[dict[str, Any]] = {
    "language": {"field": "language", "in": ["ca", "es"]},
    "size": {"field": "fields.size", "is": "L"},
    "points": {"field": "fields.points", "at_least": 500},
    "since": {"all": [{"field": "country", "is": "ES"}, {"field": "fields.since", "at_least": "2025-01-01"}]},
}
_BEHAVIOUR: Final[dict[str, Any]] = {
    "bought lately": {"event": "bought", "within_days": 30},
    "bought often": {"event": "bought", "within_days": 365, "at_least": 3},
    "spent much": {"event": "bought", "within_days": 365, "sum_of": "amount", "sum_at_least": 300},
    "left a cart and did not buy": {
        "all": [
            {"event": "abandoned_cart", "within_days": 14},
            {"not": {"event": "bought", "within_days": 14}},
        ]
    },
    "fell asleep": {
        "all": [
            {"consent": {"topic": shop.TOPIC}},
            {"event": "bought"},
            {"not": {"event": "bought", "within_days": 180}},
        ]
    },
}


def run(size: int, _installation: Installation) -> Figure:
    """size: contacts; each has ten events."""
    place = shop.open_shop(at=now())
    people = shop.add_people(place, size)
    shop.add_events(place, first=people[0], people=size, events=size * _EVENTS_A_PERSON)
    shop.most_agree(place, people)
    result = measured("segment", "measure", workspace_id=place.workspace_id)
    return Figure(
        figure=max(each["s"] for each in result["segments"].values()),
        unit="s for the worst of the typical segments",
        yardstick=result["count_s"],
        peak_mb=result["peak_mb"],
        conditions={
            "contacts": size,
            "events": size * _EVENTS_A_PERSON,
            "worst_of_fields_s": max(result["segments"][name]["s"] for name in _FIELDS),
            "worst_of_behaviour_s": max(result["segments"][name]["s"] for name in _BEHAVIOUR),
            "segments": result["segments"],
            "yardstick": "count(*) over the workspace's contacts",
            "rounds": _ROUNDS,
        },
    )


def measure(_installation: Installation, *, workspace_id: int) -> dict[str, object]:
    """Ask each question some times, the median counts; then count everybody as often."""
    segments = {}
    for name, document in {**_FIELDS, **_BEHAVIOUR}.items():
        tree = parse(document)
        times = []
        for _ in range(_ROUNDS):
            began = perf_counter()
            people = count(tree, workspace_id=workspace_id, at=now())
            times.append(perf_counter() - began)
        segments[name] = {"s": round(median(times), 4), "people": people}
    peak = peak_mb()
    counts = [_count(workspace_id) for _ in range(_ROUNDS)]
    return {"segments": segments, "count_s": median(counts), "peak_mb": peak}


def _count(workspace_id: int) -> float:
    with connection.cursor() as cursor:
        began = perf_counter()
        cursor.execute("SELECT count(*) FROM contacts_contact WHERE workspace_id = %s", [workspace_id])
        cursor.fetchone()
        return perf_counter() - began
