"""Send for a long time at full pace, with statuses, replies and leavings, and watch what must not grow.

Real engines, a simulator and a durable store of its own, which is removed afterwards.  Every minute a line: what was
accepted a second, the memory of each process, how old the oldest unread webhook was.  The last line is one JSON object:

    make soak MINUTES=20 PACE=1000

Memory is what is a process's own (Linux's RssAnon): the store's shared buffers fill once and are shared.  Shown and not
judged are the simulator, which remembers all that it took so that it can be asked, and ``passing``: those of the
store's processes that come for one piece of work and go, and take what that work is worth.
"""

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.db import connection

from difusio.project.bench.store import own_store

TABLES: Final = ("outbox_delivery", "outbox_attempt", "outbox_tally", "log_post", "receiving_seenevent")
LEAST_OF_PACE: Final = 0.95
MOST_GROWTH: Final = 0.05
MOST_QUEUE_AGE_S: Final = 5.0
MOST_BLOAT: Final = 2.0
# People live sixty times faster than we do, so that what they do comes within the soak.
HABITS: Final = {"replies": 0.02, "leaves": 0.002, "leaves_by_button": 0.3, "leaves_natively": 0.3}
_SAMPLE_S: Final = 2.0
_LINE_S: Final = 60.0
# A campaign lasts about so long, and the next one begins before it is over.
_CAMPAIGN_S: Final = 60
_BEGINS_EARLY_S: Final = 10
_MB: Final = 1024
_ENGINES: Final = ("receive", "drain", "clock", "send", "simulator")
_NOT_JUDGED: Final = ("simulator", "passing")
# As PostgreSQL titles them.
_PASSING: Final = re.compile(rb"postgres: (autovacuum worker|parallel worker)")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
# A table of a few pages, all of them changed all the time, cannot be bloated to anybody's harm.
_SMALL_BYTES: Final = 8 << 20


@dataclass(slots=True)
class Watch:
    """What was seen.  memory_mb: by process, a value a sample; ages_s: of the oldest unread webhook.

    cpu_s: by process, the processor's time at the first sample and at the last.
    """

    memory_mb: dict[str, list[float]] = field(default_factory=dict)
    cpu_s: dict[str, tuple[float, float]] = field(default_factory=dict)
    ages_s: list[float] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def growth(self) -> dict[str, float]:
        """Compare each process's last tenth with the tenth after the first quarter."""
        found = {}
        for name, values in self.memory_mb.items():
            if name in _NOT_JUDGED:
                continue
            tenth = max(1, len(values) // 10)
            early = statistics.median(values[len(values) // 4 :][:tenth])
            found[name] = round(statistics.median(values[-tenth:]) / early - 1, 3)
        return found

    def see(self, name: str, memory_mb: float, cpu_s: float = 0.0) -> None:
        """Note one process's sample."""
        self.memory_mb.setdefault(name, []).append(memory_mb)
        first, _ = self.cpu_s.get(name, (cpu_s, cpu_s))
        self.cpu_s[name] = (first, cpu_s)

    def cores(self) -> dict[str, float]:
        """Say how much of a core each engine had."""
        seconds = self.at[-1] - self.at[0]
        return {name: round((self.cpu_s[name][1] - self.cpu_s[name][0]) / seconds, 2) for name in _ENGINES}

    def line(self) -> str:
        """Tell how it stands now."""
        since = max(0, len(self.at) - 1 - round(_LINE_S / _SAMPLE_S))
        seconds = self.at[-1] - self.at[since]
        pace = (self.accepted[-1] - self.accepted[since]) / seconds if seconds else 0
        memory = ", ".join(f"{name} {values[-1]:.0f}" for name, values in self.memory_mb.items())
        return f"{self.at[-1] / 60:5.1f} min  {pace:6.0f}/s  oldest unread {self.ages_s[-1]:4.1f} s  MB: {memory}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak; 0: all stayed flat, 1: something did not."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--pace", type=int, choices=[80, 1_000], default=1_000, help="messages a second")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="difusio-soak-") as folder, own_store() as installation:
        os.environ["DATABASE_URL"] = installation.url
        result = soak(Path(folder), minutes=options.minutes, pace=options.pace)
    print(json.dumps(result))
    return 0 if result["holds"] else 1


def soak(folder: Path, *, minutes: float, pace: int) -> dict[str, Any]:
    """Keep the number busy for so long, let everything settle, and judge what was seen."""
    from tests.faults.scale import SCALED
    from tests.faults.stage import counters, states

    with _platform(folder) as platform:
        shop = platform.shop(pace_per_s=pace)
        platform.crowd(shop, pace * _CAMPAIGN_S)
        platform.control("PUT", "habits", {**platform.control("GET", "habits"), **HABITS})
        watch, campaigns, ends = Watch(), 0, time.monotonic() + minutes * 60
        began = told = time.monotonic()
        while time.monotonic() < ends:
            waiting = sum(states(shop).get(state, 0) for state in ("queued", "claimed"))
            if waiting < pace * _BEGINS_EARLY_S:
                platform.launch(shop)
                campaigns += 1
            _look(platform, shop, watch, time.monotonic() - began)
            if time.monotonic() - told > _LINE_S:
                told = time.monotonic()
                print(watch.line(), flush=True)
            time.sleep(_SAMPLE_S)
        seconds = time.monotonic() - began
        accepted = platform.accepted(shop)
        counts = platform.control("GET", "counts")
        told_us = counters(shop)
    growth = watch.growth()
    age_p99 = sorted(watch.ages_s)[int(len(watch.ages_s) * 0.99)]
    bloat = _bloat()
    is_flat = max(growth.values()) < MOST_GROWTH
    # Meta counts what people write as well.
    is_at_pace = accepted + counts["inbound"] >= LEAST_OF_PACE * pace * seconds
    return {
        "holds": is_flat and is_at_pace and age_p99 < MOST_QUEUE_AGE_S and bloat < MOST_BLOAT,
        "minutes": round(seconds / 60, 1), "pace": pace, "campaigns": campaigns,
        "accepted": accepted, "accepted_per_s": round(accepted / seconds, 1),
        "statuses": sum(counts["statuses"].values()), "inbound": counts["inbound"], "left": told_us.get("left", 0),
        "in_doubt": told_us.get("in_doubt", 0), "parked": told_us.get("parked", 0),
        "queue_age_p99_s": round(age_p99, 2), "growth": growth, "bloat": bloat, "cores": watch.cores(),
        "memory_mb": {name: round(values[-1], 1) for name, values in watch.memory_mb.items()},
        "scale": SCALED,
    }  # fmt: skip


@contextmanager
def _platform(folder: Path) -> "Iterator[Any]":
    # Imported late: the tests' stage needs Django set up.
    from tests.faults.stage import Platform

    platform = Platform(folder)
    try:
        platform.open()
        yield platform
    finally:
        platform.close()


def _look(platform: Any, shop: Any, watch: Watch, at_s: float) -> None:
    for name in _ENGINES:
        pid = platform.the(name).pid
        watch.see(name, _own_mb(pid), _cpu_s(pid))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)"
            " FROM log_post WHERE folded_at IS NULL AND quarantined_reason = ''"
        )
        watch.ages_s.append(float(cursor.fetchone()[0]))
        cursor.execute("SHOW data_directory")
        data = Path(cursor.fetchone()[0])
    for name, memory_mb in _family_mb(data).items():
        watch.see(name, memory_mb)
    watch.accepted.append(platform.accepted(shop))
    watch.at.append(at_s)


def _own_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0.0  # a backend that has just ended
    found = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(found[0].split()[1]) / _MB if found else 0.0


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _family_mb(data: Path) -> dict[str, float]:
    """Add up the server's processes: those that stay, and those that come and go."""
    first = int((data / "postmaster.pid").read_text("utf-8").split()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text("utf-8").split()
    found = {"store": _own_mb(first), "passing": 0.0}
    for pid in map(int, children):
        found["passing" if _is_passing(pid) else "store"] += _own_mb(pid)
    return found


def _is_passing(pid: int) -> bool:
    try:
        return _PASSING.match(Path(f"/proc/{pid}/cmdline").read_bytes()) is not None
    except OSError:
        return True  # it has just ended


def _bloat() -> float:
    """Say how many times larger the tables are than if they were written anew; that is how it is found out."""
    worst = 1.0
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
            if not cursor.fetchone()[0]:
                continue
            before = _bytes(cursor, table)
            if before < _SMALL_BYTES:
                continue
            cursor.execute(f"VACUUM FULL {table}")
            worst = max(worst, before / max(1, _bytes(cursor, table)))
    return round(worst, 2)


def _bytes(cursor: Any, table: str) -> int:
    cursor.execute("SELECT pg_table_size(%s)", [table])
    return int(cursor.fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
