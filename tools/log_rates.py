"""How many posts a second each log makes durable, in one run: the table, and JetStream on three servers here.

``python -m tools.log_rates [--seconds 5]``.  Once as the receiver appends under load, in groups, and once post by post
with many on their way, which is what a group saves; then a whole receiver before each.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from tools.cluster.nats import NatsCluster

_GROUP: Final = 200
_IN_FLIGHT: Final = 256
_POST_BYTES: Final = 600


def main() -> None:
    parser = argparse.ArgumentParser(prog="log_rates", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each figure is measured")
    parser.add_argument("--posts", type=int, default=20_000, help="how many a round the receivers take")
    options = parser.parse_args()
    from difusio.project.bench.store import own_store

    with tempfile.TemporaryDirectory(prefix="difusio-rates-") as folder, NatsCluster(Path(folder)) as servers:
        with own_store() as installation:
            figures = uvloop.run(_measure(servers, installation.url, options.seconds))
        named = {"DIFUSIO_LOG_URL": servers.url, "DIFUSIO_LOG_SYSTEM_URL": servers.system_url}
        for name, environment in (("table", {}), ("JetStream", named)):
            figures[f"a receiver before {name}"] = _received(options.posts, environment)
    for name, rate in figures.items():
        print(f"{name:42} {rate:8,.0f} a second")
    print(json.dumps(figures))


def _received(posts: int, environment: Mapping[str, str]) -> float:
    """Run the receiver's own bench; give its figure."""
    run = subprocess.run(
        [sys.executable, "-m", "difusio", "bench", "receive", "--size", str(posts), "--json"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(json.loads(run.stdout.strip().splitlines()[-1])["figure"])


async def _measure(servers: NatsCluster, store_url: str, seconds: float) -> dict[str, float]:
    from difusio.common.clock import now
    from difusio.common.keyring import keyring
    from difusio.log.jetstream import Cluster
    from difusio.log.jetstream_check import examine
    from difusio.log.jetstream_writer import JetStreamWriter
    from difusio.log.port import IncomingPost, Lane, LogWriter
    from difusio.log.table_writer import TableWriter

    cluster = Cluster(servers.url, servers.system_url)
    await examine(cluster)
    posts = [IncomingPost(Lane.STATUSES, now(), bytes(_POST_BYTES))] * _GROUP
    figures: dict[str, float] = {}
    writers: dict[str, Callable[[], LogWriter]] = {
        "table": lambda: TableWriter(store_url, keyring()),
        "JetStream": lambda: JetStreamWriter(cluster, keyring()),
    }
    for name, make in writers.items():
        writer = make()
        await writer.append(posts[:1])
        groups = await _count(partial(writer.append, posts), 1, seconds)
        figures[f"{name}, in groups of {_GROUP}"] = round(groups * _GROUP)
        one = partial(writer.append, posts[:1])
        figures[f"{name}, one at a time"] = round(await _count(one, 1, seconds))
        if name == "JetStream":
            many = await _count(one, _IN_FLIGHT, seconds)
            figures[f"{name}, one by one, {_IN_FLIGHT} on their way"] = round(many)
        await writer.close()
    return figures


async def _count(append: Callable[[], Awaitable[None]], in_flight: int, seconds: float) -> float:
    """Append again and again; give how often a second it was acknowledged."""
    done = 0
    ends = time.monotonic() + seconds

    async def again() -> None:
        nonlocal done
        while time.monotonic() < ends:
            await append()
            done += 1

    began = time.monotonic()
    await asyncio.gather(*(again() for _ in range(in_flight)))
    return done / (time.monotonic() - began)


if __name__ == "__main__":
    main()
