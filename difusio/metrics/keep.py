"""Write down what this process counts, every few seconds, in one statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

import msgspec
import structlog
from django.db import DatabaseError, connection

from difusio.common.counters import COUNTS, Label
from difusio.common.sql import Queries

_queries = Queries(Path(__file__).with_name("gauges.sql"))
_EVERY_S: Final = 10.0
_END_S: Final = 5.0

_log = structlog.get_logger("difusio.metrics")


class Keeper:
    """Remembers what it has written down, so that each number is added once."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, tuple[Label, ...]], int] = {
            (count.name, values): n for count in COUNTS for values, n in count.read().items()
        }

    def keep(self) -> None:
        """Add what was counted since the last time.  Cost: 1 statement, none if nothing was."""
        counted = {(count.name, values): n for count in COUNTS for values, n in list(count.read().items())}
        grown = {key: n - self._written.get(key, 0) for key, n in counted.items()}
        rows = sorted(
            (name, msgspec.json.encode([str(value) for value in values]).decode(), n)
            for (name, values), n in grown.items()
            if n
        )
        if not rows:
            return
        names, labels, ns = (list(column) for column in zip(*rows, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(_queries["add_counts"], {"names": names, "labels": labels, "ns": ns})
        self._written = counted


@contextmanager
def keeping() -> Iterator[None]:
    """Keep this process's counts as long as the context lasts, in a thread with a connection of its own."""
    stop = Event()
    thread = Thread(target=_keep_until, args=(stop,), name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_END_S)


def _keep_until(stop: Event) -> None:
    keeper = Keeper()
    is_over = False
    while not is_over:
        is_over = stop.wait(_EVERY_S)
        try:
            keeper.keep()
        except DatabaseError as error:
            # Nothing is lost: it is added the next time.
            _log.warning("metrics.not_kept", error=type(error).__name__)
        connection.close()
