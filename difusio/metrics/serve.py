"""Answer a scrape: the counts of all processes and how the store stands, in Prometheus's words."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Final

import msgspec
import structlog
from django.db import connection
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from difusio.common.counters import COUNTS, Count, Seconds
from difusio.common.sql import Queries
from difusio.common.store import STORE_AWAY
from difusio.log.port import LogReader
from difusio.metrics.gauges import GAUGES, STORE_UP, read

_queries = Queries(Path(__file__).with_name("gauges.sql"))
_MICROS: Final = 1_000_000

_log = structlog.get_logger("difusio.metrics")

Kept = dict[str, dict[tuple[str, ...], int]]


class Installation(Collector):
    """Reads everything anew for each scrape."""

    def __init__(self, log: LogReader) -> None:
        self._log = log

    def collect(self) -> Iterator[Metric]:
        """Give every metric of the contract, those without a reading too; of a store that is away only that it is."""
        try:
            kept = _kept()
            readings = list(read(self._log))
        except STORE_AWAY as error:
            _log.warning("metrics.store_away", error=type(error).__name__)
            yield GaugeMetricFamily(STORE_UP.name, STORE_UP.sentence, value=0.0)
            return
        finally:
            connection.close()
        for gauge in GAUGES:
            family = GaugeMetricFamily(gauge.name, gauge.sentence, labels=gauge.labels)
            for reading in readings:
                if reading.gauge is gauge:
                    family.add_metric(reading.values, reading.n)
            yield family
        for count in COUNTS:
            yield _histogram(count, kept) if isinstance(count, Seconds) else _counter(count, kept)


def serve(log: LogReader, *, host: str, port: int, stop: Event, ready: Callable[[], object]) -> None:
    """Answer scrapes until ``stop`` is set; say ``ready`` once they are taken."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Installation(log))
    server, thread = start_http_server(port, addr=host, registry=registry)
    ready()
    stop.wait()
    server.shutdown()
    server.server_close()
    thread.join()


def _kept() -> Kept:
    kept: Kept = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_queries["counts"])
        for name, labels, n in cursor.fetchall():
            kept[name][tuple(msgspec.json.decode(labels))] = n
    return kept


def _counter(count: Count, kept: Kept) -> Metric:
    family = CounterMetricFamily(count.name, count.sentence, labels=count.labels)
    for values, n in kept.get(count.name, {}).items():
        family.add_metric(values, n)
    return family


def _histogram(count: Seconds, kept: Kept) -> Metric:
    family = HistogramMetricFamily(count.name, count.sentence)
    found = kept.get(count.name, {})
    total, buckets = 0, []
    for word in count.words:
        total += found.get((word,), 0)
        buckets.append((word, total))
    family.add_metric([], buckets, found.get(("sum",), 0) / _MICROS)
    return family
