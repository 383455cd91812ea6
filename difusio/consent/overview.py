"""The ledger at a glance, read from its tallies: what came and went, from where, and what it rests on."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Sum

from difusio.accounts.models import Workspace
from difusio.consent.ledger import queries
from difusio.consent.models import Act, Measure, Tally, Topic, Wording
from difusio.rules.consent_age import AGEING_MONTHS, OLD_MONTHS, months_before

GRANTS: Final = frozenset({Act.GRANTED, Act.RENEWED})
LEAVINGS: Final = frozenset({Act.WITHDRAWN, Act.OBJECTED})
WEEKS: Final = 12
# Sources and wordings shown; a file may bring thousands.
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from Monday on, in the workspace's zone.  granted, left: acts, not people."""

    monday: date
    granted: int
    left: int


@dataclass(frozen=True, slots=True)
class TopicCount:
    """people: who may be written to by the ledger.  granted, left: acts since the beginning."""

    topic: Topic
    people: int
    granted: int
    left: int


@dataclass(frozen=True, slots=True)
class SourceCount:
    """Where acts came from.  n: how many."""

    source: str
    topic_name: str
    is_leaving: bool
    n: int


@dataclass(frozen=True, slots=True)
class WordingCount:
    """people: whose permission rests on these words now."""

    wording: Wording
    people: int


@dataclass(frozen=True, slots=True)
class Ageing:
    """old: permissions that no longer count.  ageing: those that will not in three months."""

    old: int
    ageing: int


def weeks(workspace: Workspace, *, at: datetime, n: int = WEEKS) -> Sequence[Week]:
    """Give the last ``n`` weeks, the running one last.  Cost: 1 query over the days' tallies."""
    today = at.astimezone(ZoneInfo(workspace.time_zone)).date()
    first = today - timedelta(days=today.weekday(), weeks=n - 1)
    days = (
        Tally.objects.filter(workspace=workspace, measure=Measure.DAY, detail__gte=first.isoformat())
        .values_list("detail", "act")
        .annotate(acts=Sum("n"))
    )
    found: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for day, act, acts in days:
        monday = date.fromisoformat(day)
        monday -= timedelta(days=monday.weekday())
        if act in GRANTS:
            found[monday][0] += acts
        elif act in LEAVINGS:
            found[monday][1] += acts
    mondays = [first + timedelta(weeks=place) for place in range(n)]
    return [Week(monday, *found[monday]) for monday in mondays]


def topics(workspace: Workspace) -> Sequence[TopicCount]:
    """Give each topic with its people and acts.  Cost: 2 queries; the sum runs over the days' tallies."""
    sums: dict[tuple[int, str], int] = {}
    told = Tally.objects.filter(workspace=workspace, measure__in=[Measure.DAY, Measure.STANDING])
    for topic_id, act, n in told.values_list("topic_id", "act").annotate(acts=Sum("n")):
        sums[topic_id, act] = n
    return [
        TopicCount(
            topic,
            people=sums.get((topic.pk, ""), 0),
            granted=sum(sums.get((topic.pk, act), 0) for act in GRANTS),
            left=sum(sums.get((topic.pk, act), 0) for act in LEAVINGS),
        )
        for topic in Topic.objects.filter(workspace=workspace).order_by("name", "id")
    ]


def sources(workspace: Workspace) -> Sequence[SourceCount]:
    """Give the sources that most acts came from.  Cost: 1 query."""
    largest = Tally.objects.filter(workspace=workspace, measure=Measure.SOURCE, n__gt=0)
    rows = largest.exclude(act=Act.REQUESTED).order_by("-n", "id").select_related("topic")[:_MOST]
    return [SourceCount(row.detail, row.topic.name, row.act in LEAVINGS, row.n) for row in rows]


def wordings(workspace: Workspace) -> Sequence[WordingCount]:
    """Give the wordings that most permissions rest on.  Cost: 2 queries."""
    largest = Tally.objects.filter(workspace=workspace, measure=Measure.WORDING, n__gt=0)
    people: dict[int, int] = defaultdict(int)
    for detail, n in largest.order_by("-n", "id").values_list("detail", "n")[:_MOST]:
        people[int(detail)] += n
    known = Wording.objects.in_bulk(people)
    return [WordingCount(known[pk], n) for pk, n in sorted(people.items(), key=lambda pair: -pair[1])]


def ageing(workspace: Workspace, *, at: datetime) -> Ageing:
    """Count the permissions that are too old or soon will be (consent rules, 25).  Cost: 1 query of an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            queries["ageing"],
            {
                "workspace": workspace.pk,
                "old": months_before(at, OLD_MONTHS),
                "ageing": months_before(at, AGEING_MONTHS),
            },
        )
        return Ageing(*cursor.fetchone())
