"""How many statuses a second one drain folds in, beside a plain UPDATE of the same rows."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median
from threading import Lock
from time import perf_counter
from uuid import UUID, uuid4

from django.db import connection

from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.log.port import IncomingPost, Lane
from difusio.log.table_reader import TableReader
from difusio.log.table_writer import TableWriter
from difusio.outbox import lease
from difusio.outbox.claim import Hold, Intent, claim, intend, open_batches
from difusio.outbox.record import Outcome, record
from difusio.project.bench import shop
from difusio.project.bench.figure import Figure, peak_mb
from difusio.project.bench.part import measured
from difusio.project.bench.shop import Shop
from difusio.project.bench.webhooks import status_post, wamid_of
from difusio.project.start import Installation
from difusio.receiving.drain import STATUS_POSTS, STATUS_THREADS, drain

# Each status of a message comes so many messages after the one before it.
_STATUSES = {"sent": 0, "delivered": 200, "read": 2_000}
_AT_ONCE = 1_000


def run(size: int, installation: Installation) -> Figure:
    """size: statuses, three to a message."""
    place = shop.open_shop(at=now())
    messages = max(1, size // len(_STATUSES))
    shop.everybody_agrees(place, shop.add_people(place, messages))
    shop.queue_everybody(place)
    tokens = list(accepted(place))
    asyncio.run(append(installation.url, status_posts(tokens, place)))
    shop.tidy()
    statuses = len(tokens) * len(_STATUSES)
    result = measured("fold", "measure", statuses=statuses)
    return Figure(
        figure=result["per_s"],
        unit="statuses per s",
        yardstick=result["update_per_s"],
        peak_mb=result["peak_mb"],
        conditions={
            "statuses": statuses,
            "posts": "one status each, as most of Meta's; taken from the log, opened, decoded, deduplicated, folded",
            "yardstick": "one plain UPDATE of the same rows in a twin table",
            "rounds": len(_STATUSES),
        },
    )


def measure(_installation: Installation, *, statuses: int) -> dict[str, object]:
    """Drain a third of the posts, then update as many rows; three times."""
    log = TableReader(keyring())
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_twin (LIKE outbox_delivery INCLUDING ALL)")
        cursor.execute("INSERT INTO bench_twin OVERRIDING SYSTEM VALUE SELECT * FROM outbox_delivery")
        cursor.execute("VACUUM (ANALYZE) bench_twin")
    drains, updates = [], []
    peak = 0.0
    for status in _STATUSES:
        drains.append(_drain(log, statuses // len(_STATUSES)))
        peak = peak_mb()
        updates.append(_update(status))
    return {"per_s": median(drains), "update_per_s": median(updates), "peak_mb": peak}


def _drain(log: TableReader, posts: int) -> float:
    """Drain so many posts in as many threads as the drain has."""
    left = posts
    turn = Lock()

    def work() -> None:
        nonlocal left
        while True:
            with turn:
                mine = min(left, STATUS_POSTS)
                left -= mine
            if not mine:
                break
            # What another thread holds is passed over: a short batch is made good by the next.
            done = drain(log, lane=Lane.STATUSES, limit=mine).posts
            with turn:
                left += mine - done
        connection.close()

    began = perf_counter()
    with ThreadPoolExecutor(STATUS_THREADS) as threads:
        for ended in [threads.submit(work) for _ in range(STATUS_THREADS)]:
            ended.result()
    return posts / (perf_counter() - began)


def _update(status: str) -> float:
    with connection.cursor() as cursor:
        began = perf_counter()
        cursor.execute(
            "UPDATE bench_twin SET state = %s, read_at = now() WHERE accepted_at IS NOT NULL", [status]
        )
        return int(cursor.rowcount) / (perf_counter() - began)


def accepted(place: Shop) -> Iterator[tuple[UUID, str]]:
    """Send everything without a request: claimed, intended and recorded as accepted; give tokens and message ids."""
    epoch = lease.acquire(place.number_id, owner="bench") or 0
    hold = Hold(place.number_id, "bench", epoch)
    (batch,) = open_batches(place.number_id, at=now())
    done = 0
    while claimed := claim(batch, hold, limit=_AT_ONCE, at=now()).claimed:
        intents = [Intent(item.delivery_id, uuid4(), b"{}") for item in claimed]
        intend(intents, [hold], deadline_s=1.0, at=now())
        sent = [(intent.token, wamid_of(done + n)) for n, intent in enumerate(intents)]
        record([Outcome(token, "accepted", wamid=wamid) for token, wamid in sent], at=now())
        lease.renew(place.number_id, owner="bench", epoch=epoch)
        done += len(sent)
        yield from sent


def status_posts(sent: list[tuple[UUID, str]], place: Shop) -> list[IncomingPost]:
    """Write the posts in an order that Meta might choose: each message's statuses some time apart."""
    told = [
        (
            n + delay,
            IncomingPost(Lane.STATUSES, place.at, status_post(n, token.hex, status, place.at + later)),
        )
        for n, (token, _) in enumerate(sent)
        for (status, delay), later in zip(_STATUSES.items(), map(_minutes, (1, 2, 3)), strict=True)
    ]
    return [post for _, post in sorted(told, key=lambda pair: pair[0])]


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


async def append(url: str, posts: list[IncomingPost]) -> None:
    """Put posts into the log, as the receiver does."""
    log = TableWriter(url, keyring())
    for begin in range(0, len(posts), _AT_ONCE):
        await log.append(posts[begin : begin + _AT_ONCE])
    await log.close()
