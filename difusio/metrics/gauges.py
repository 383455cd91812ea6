"""How the installation stands now, asked of the store when somebody scrapes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import connection
from django.db.models import Count, Min
from django_tasks_db.models import DBTaskResult

from difusio.accounts.hold import is_held
from difusio.common.clock import now
from difusio.common.sql import Cursor, Queries
from difusio.log.port import Lane, LogReader

_queries = Queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that goes up and down.  labels: their names."""

    name: str
    sentence: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a gauge says for one combination of its labels' values."""

    gauge: Gauge
    values: tuple[str, ...]
    n: float


_LANES: Final = ("reply", "service", "bulk")
STORE_UP: Final = Gauge("difusio_store_up", "1 while the store answers; without it nothing else is told.")
QUEUE_AGE: Final = Gauge(
    "difusio_queue_age_seconds",
    "For how long the first message of a queue has been due; nothing while none is.",
    ("number", "lane"),
)
WAITING: Final = Gauge(
    "difusio_waiting_deliveries",
    "Messages that wait to be sent, of paused campaigns too.",
    ("number", "lane"),
)
IN_DOUBT: Final = Gauge(
    "difusio_in_doubt_deliveries", "Messages without an answer whose echo is waited for.", ("number",)
)
PARKED: Final = Gauge(
    "difusio_parked_deliveries", "Messages whose outcome nobody knows: a person decides.", ("number",)
)
PACE: Final = Gauge(
    "difusio_number_pace_per_second", "What a number may send at most, inbound included.", ("number",)
)
STOPPED: Final = Gauge(
    "difusio_number_stopped", "1 while a number is stopped and sends nothing.", ("number",)
)
EPOCH: Final = Gauge(
    "difusio_lease_epoch", "How often a number has changed hands between senders.", ("number",)
)
OWNED: Final = Gauge("difusio_lease_held", "1 while a sender has the number.", ("number",))
UNREAD: Final = Gauge(
    "difusio_log_unread_age_seconds",
    "How far the drain is behind: the wait of the oldest unread webhook.",
    ("lane",),
)
JOBS_WAITING: Final = Gauge("difusio_jobs_waiting", "Jobs that wait for `difusio work`.")
JOB_AGE: Final = Gauge("difusio_job_age_seconds", "For how long the first of them has waited.")
HELD: Final = Gauge("difusio_held", "1 while a restored store sends nothing until a person lets it.")

GAUGES: Final = (
    STORE_UP,
    QUEUE_AGE,
    WAITING,
    IN_DOUBT,
    PARKED,
    PACE,
    STOPPED,
    EPOCH,
    OWNED,
    UNREAD,
    JOBS_WAITING,
    JOB_AGE,
    HELD,
)


def read(log: LogReader) -> Iterator[Reading]:
    """Ask the store.  Cost: 9 queries, whatever waits; none of them counts a campaign's people."""
    yield Reading(STORE_UP, (), 1.0)
    with connection.cursor() as cursor:
        for query, gauge in (("queue_age", QUEUE_AGE), ("waiting", WAITING)):
            for number, lane, n in _rows(cursor, query):
                yield Reading(gauge, (str(number), _LANES[int(lane)]), n)
        for query, gauge in (("in_doubt", IN_DOUBT), ("parked", PARKED)):
            for number, n in _rows(cursor, query):
                yield Reading(gauge, (str(number),), n)
        for number, *readings in _rows(cursor, "numbers"):
            for gauge, n in zip((PACE, STOPPED, EPOCH, OWNED), readings, strict=True):
                yield Reading(gauge, (str(number),), n)
        for lane in Lane:
            yield Reading(UNREAD, (lane.name.lower(),), log.oldest_unread_age(cursor, lane, now()))
    jobs = DBTaskResult.objects.ready().aggregate(n=Count("id"), first=Min("enqueued_at"))
    yield Reading(JOBS_WAITING, (), jobs["n"])
    yield Reading(JOB_AGE, (), (now() - jobs["first"]).total_seconds() if jobs["n"] else 0.0)
    yield Reading(HELD, (), float(is_held()))


def _rows(cursor: Cursor, query: str) -> list[tuple[float, ...]]:
    cursor.execute(_queries[query])
    return cursor.fetchall()
