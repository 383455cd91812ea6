"""How many webhooks of all kinds a second the drain takes in, beside reading the same ones for nothing."""

import asyncio
from threading import Event, Thread
from time import perf_counter

from django.db import connection, transaction

from difusio.cloud_api.webhooks import read_webhook
from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.log.port import IncomingPost, Lane
from difusio.log.table_reader import TableReader
from difusio.project.bench import shop
from difusio.project.bench.figure import Figure, peak_mb
from difusio.project.bench.fold import accepted, append, status_posts
from difusio.project.bench.part import measured
from difusio.project.bench.shop import Shop
from difusio.project.bench.webhooks import text_post
from difusio.project.serving import collect_rarely
from difusio.project.start import Installation
from difusio.receiving.drain import STATUS_POSTS
from difusio.receiving.drain import run as drain_until

# Of a hundred people who were written to so many write back, and so many of these leave.
_ANSWER, _LEAVE = 10, 2
_LOOK_S = 0.02


def run(size: int, installation: Installation) -> Figure:
    """size: webhooks; of each message three statuses, and some people write."""
    place = shop.open_shop(at=now())
    messages = max(1, size * 100 // (300 + _ANSWER))
    shop.everybody_agrees(place, shop.add_people(place, messages))
    shop.queue_everybody(place)
    sent = list(accepted(place))
    posts = [
        *status_posts(sent, place),
        *_answers(len(sent), place),
        IncomingPost(Lane.STATUSES, place.at, b"{"),
    ]
    asyncio.run(append(installation.url, posts))
    shop.tidy()
    result = measured("events", "measure", posts=len(posts))
    return Figure(
        figure=result["per_s"],
        unit="webhooks per s",
        yardstick=result["read_per_s"],
        peak_mb=result["peak_mb"],
        conditions={
            "webhooks": len(posts),
            "posts": "one update each: statuses, one person in ten writes, one in fifty leaves, one post is poison",
            "inbound_s": result["inbound_s"],
            "yardstick": "the same posts taken from the log, opened and read, without any effect",
            "rounds": 1,
        },
    )


def measure(_installation: Installation, *, posts: int) -> dict[str, object]:
    """Read every post for nothing, then let the drain take them in, as it runs in production."""
    collect_rarely()
    log = TableReader(keyring())
    read_per_s = _read_all(log)
    stop = Event()
    drain = Thread(target=drain_until, args=(log, stop))
    began = perf_counter()
    inbound_s = 0.0
    drain.start()
    while waiting := _unread():
        if Lane.INBOUND not in waiting:
            inbound_s = inbound_s or perf_counter() - began
        stop.wait(_LOOK_S)
    took = perf_counter() - began
    stop.set()
    drain.join()
    return {
        "per_s": posts / took,
        "read_per_s": read_per_s,
        "inbound_s": round(inbound_s or took, 3),
        "peak_mb": peak_mb(),
    }


def _read_all(log: TableReader) -> float:
    """Take every post, settle it so that the next are taken, and undo it all."""
    began = perf_counter()
    done = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for lane in Lane:
            while found := log.take(cursor, lane, STATUS_POSTS):
                for post in found:
                    list(read_webhook(post.body))
                log.settle(cursor, [post.id for post in found], now())
                done += len(found)
        transaction.set_rollback(True)
    return done / (perf_counter() - began)


def _unread() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT lane FROM log_post WHERE folded_at IS NULL AND quarantined_reason = ''"
        )
        return {row[0] for row in cursor.fetchall()}


def _answers(people: int, place: Shop) -> list[IncomingPost]:
    return [
        IncomingPost(
            Lane.INBOUND,
            place.at,
            text_post(one, "BAIXA" if one % 100 < _LEAVE else "Teniu hores?", place.at),
        )
        for one in range(people)
        if one % 100 < _ANSWER
    ]
