"""What there is to ask about in a workspace: the fields, events, topics and templates that it knows, for suggestions.

Looked up in a few hundred rows, so that a page can ask; what only others have can still be typed.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from django.db import connection

from difusio.common.sql import Queries
from difusio.consent.models import Topic
from difusio.message_templates.models import Template

Kind = Literal["text", "number", "date", "yes_no"]

queries = Queries(Path(__file__).with_suffix(".sql"))

_PEOPLE: Final = 500
_EVENT_KINDS: Final = 200
_EVENTS_EACH: Final = 50
_SUGGESTED: Final = 20
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Known:
    """fields: own field → its kind.  values: field → what is written in it most often.  events: name → property → kind.

    languages, countries, time_zones: codes, sorted.  topics: key → name.  templates: names, sorted.
    """

    fields: Mapping[str, Kind]
    values: Mapping[str, tuple[str, ...]]
    events: Mapping[str, Mapping[str, Kind]]
    topics: Mapping[str, str]
    templates: tuple[str, ...]


def known(workspace_id: int) -> Known:
    """Look around in a workspace.  Cost: 4 queries, whatever the number of people."""
    values: dict[str, Counter[str]] = defaultdict(Counter)
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for language, country, time_zone, fields in _rows("fields", workspace=workspace_id, people=_PEOPLE):
        for column, text in (("language", language), ("country", country), ("time_zone", time_zone)):
            values[column].update([text] if text else [])
        for name, value in _loaded(fields).items():
            if (kind := _kind(value)) is not None:
                kinds[name].add(kind)
                values[f"fields.{name}"].update([_as_text(value)])
    events: dict[str, dict[str, set[Kind]]] = defaultdict(lambda: defaultdict(set))
    for name, properties in _rows("events", workspace=workspace_id, kinds=_EVENT_KINDS, each=_EVENTS_EACH):
        of_event = events[name]
        for key, value in _loaded(properties).items():
            if (kind := _kind(value)) is not None:
                of_event[key].add(kind)
    return Known(
        fields={name: _one(found) for name, found in sorted(kinds.items())},
        values={name: _common(counter) for name, counter in values.items()},
        events={
            name: {key: _one(found) for key, found in sorted(keys.items())} for name, keys in events.items()
        },
        topics=topics(workspace_id),
        templates=tuple(
            Template.objects.filter(workspace_id=workspace_id)
            .values_list("name", flat=True)
            .order_by("name")
            .distinct()
        ),
    )


def topics(workspace_id: int) -> dict[str, str]:
    """Give the name of each topic by its key.  Cost: 1 query."""
    found = Topic.objects.filter(workspace_id=workspace_id).order_by("name", "key")
    return dict(found.values_list("key", "name"))


def _rows(name: str, **parameters: int) -> list[tuple[Any, ...]]:  # Any: columns of several kinds
    with connection.cursor() as cursor:
        cursor.execute(queries[name], parameters)
        return list(cursor.fetchall())


def _loaded(value: str | Mapping[str, object]) -> Mapping[str, object]:
    # Django hands jsonb over as it came: text, for its own fields to read.
    loaded = json.loads(value) if isinstance(value, str) else value
    return loaded if isinstance(loaded, dict) else {}


def _kind(value: object) -> Kind | None:
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, int | float):
        return "number"
    if not isinstance(value, str) or not value:
        return None
    try:
        float(value)
    except ValueError:
        pass
    else:
        return "number" if value.isascii() else "text"
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return "text"
    return "date"


def _one(kinds: set[Kind]) -> Kind:
    return next(iter(kinds)) if len(kinds) == 1 else "text"


def _common(counter: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(text for text, _ in counter.most_common(_SUGGESTED) if len(text) <= _LONGEST))


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
