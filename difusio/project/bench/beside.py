"""How long the receiver takes for a webhook while a campaign runs at Meta's ceiling and its statuses come in.

The sender sends a thousand a second; for each message three statuses are posted, evenly, by a client that does not wait
for answers: a post is timed from the moment at which it was due, so that a receiver which stands still is not measured
more rarely.  Sender, drain, receiver, PostgreSQL, Meta and the client share the machine as they find it.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import Final
from uuid import uuid4

import uvloop
from django.db import connection

from difusio.cloud_api import signature
from difusio.common.clock import now
from difusio.log.models import Post
from difusio.numbers.models import Number
from difusio.outbox.models import Attempt
from difusio.project.bench import shop
from difusio.project.bench.figure import Figure
from difusio.project.bench.load import Line, UnexpectedAnswer, request
from difusio.project.bench.part import Part, measured
from difusio.project.bench.webhooks import status_post
from difusio.project.start import Installation
from difusio.receiving.receiver import PATH

_PACE_PER_S: Final = 1_000
_STATUSES: Final = ("sent", "delivered", "read")
_CONNECTIONS: Final = 128
# The campaign is so far ahead of its statuses.
_AHEAD_S: Final = 3.0
_SPARE: Final = 1.1
_TICK_S: Final = 0.002
_LOOK_S: Final = 0.25


def run(size: int, _installation: Installation) -> Figure:
    """size: seconds."""
    place = shop.open_shop(at=now(), pace_per_s=_PACE_PER_S)
    people = int((size + 2 * _AHEAD_S) * _PACE_PER_S * _SPARE)
    shop.everybody_agrees(place, shop.add_people(place, people))
    shop.queue_everybody(place)
    with Part("receive", "serve", is_durable=True) as receiver:
        port = receiver.said()["port"]
        alone = measured("beside", "post", port=port, seconds=size)
        Post.objects.all().delete()
        with Part("meta", "serve", is_pinned=False) as meta, Part("pace", "drain", is_pinned=False):
            Number.objects.update(api_url=f"http://127.0.0.1:{meta.said()['port']}")
            with Part("pace", "sender", is_pinned=False) as sender:
                beside = measured("beside", "post", port=port, seconds=size, ahead_s=_AHEAD_S)
                unread = Post.objects.filter(folded_at=None).count()
                sender.ended()
            sent_per_s = meta.ended()["per_s"]
        peak = receiver.ended()["peak_mb"]
    return Figure(
        figure=beside["p99_ms"],
        unit="ms within which 99 of 100 posts were answered",
        yardstick=alone["p99_ms"],
        peak_mb=peak,
        conditions={
            "seconds": size,
            "posts_per_s": round(beside["per_s"]),
            "sent_per_s": round(sent_per_s),
            "median_ms": beside["median_ms"],
            "worst_ms": beside["worst_ms"],
            "unread_at_the_end": unread,
            "yardstick": "the same posts to the same receiver without a campaign beside it",
            "yardstick_worst_ms": alone["worst_ms"],
        },
    )


def post(
    _installation: Installation, *, port: int, seconds: float, ahead_s: float = 0.0
) -> dict[str, object]:
    """Post three statuses for each message of a second, and tell how long the answers took."""
    return uvloop.run(_post(port, seconds, ahead_s))


async def _post(port: int, seconds: float, ahead_s: float) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    traffic = _Traffic()
    for _ in range(_CONNECTIONS):
        await loop.create_connection(lambda: _Line(traffic), "127.0.0.1", port)
    tokens: deque[str] = deque()
    looking = asyncio.create_task(_look(tokens)) if ahead_s else None
    await asyncio.sleep(ahead_s)
    requests = _requests(port, tokens)
    per_s, began_at = _PACE_PER_S * len(_STATUSES), monotonic()
    count = int(per_s * seconds)
    for place in range(count):
        due_at = began_at + place / per_s
        if monotonic() < due_at:
            await asyncio.sleep(_TICK_S)
        traffic.due(due_at, next(requests))
    await traffic.all_answered(count)
    lasted_s = monotonic() - began_at
    if looking:
        looking.cancel()
    took = sorted(traffic.took_s)
    return {
        "per_s": count / lasted_s,
        "median_ms": round(took[count // 2] * 1_000, 2),
        "p99_ms": round(took[count * 99 // 100] * 1_000, 2),
        "worst_ms": round(took[-1] * 1_000, 1),
    }


async def _look(tokens: deque[str]) -> None:
    """Follow the campaign: what has left will be told of."""
    newest = 0
    loop = asyncio.get_running_loop()
    while True:
        rows = await loop.run_in_executor(None, _sent_after, newest)
        tokens.extend(token for _, token in rows)
        newest = rows[-1][0] if rows else newest
        await asyncio.sleep(_LOOK_S)


def _sent_after(newest: int) -> list[tuple[int, str]]:
    rows = list(Attempt.objects.filter(pk__gt=newest).order_by("pk").values_list("pk", "token"))
    connection.close()
    return [(pk, token.hex) for pk, token in rows]


def _requests(port: int, tokens: deque[str]) -> Iterator[bytes]:
    """Write the statuses of each message in turn; while nothing has left, those of messages that nobody sent."""
    place = 0
    while True:
        token = tokens.popleft() if tokens else uuid4().hex
        for status in _STATUSES:
            body = status_post(place, token, status, now())
            signed = signature.sign(body, shop.APP_SECRET.encode())
            yield request(
                port, PATH, body, [("Content-Type", "application/json"), (signature.HEADER, signed)]
            )
        place += 1


class _Traffic:
    """What is due, what waits for a connection, and how long each answer took."""

    def __init__(self) -> None:
        self.took_s: list[float] = []
        # In turn, so that the receiver closes none for being idle.
        self._idle: deque[_Line] = deque()
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._failure = ""

    def due(self, at: float, request: bytes) -> None:
        if self._idle:
            self._idle.popleft().post_due(at, request)
        else:
            self._waiting.append((at, request))

    def free(self, line: "_Line") -> None:
        if self._waiting:
            line.post_due(*self._waiting.popleft())
        else:
            self._idle.append(line)

    def fail(self, why: str) -> None:
        self._failure = why

    async def all_answered(self, count: int) -> None:
        """Wait for the last answer.  Raises UnexpectedAnswer."""
        while len(self.took_s) < count:
            if self._failure:
                raise UnexpectedAnswer(self._failure)
            await asyncio.sleep(_TICK_S)


class _Line(Line):
    """Times what it posts from when it was due."""

    def __init__(self, traffic: _Traffic) -> None:
        super().__init__()
        self._traffic = traffic
        self._due_at = 0.0

    def post_due(self, due_at: float, request: bytes) -> None:
        self._due_at = due_at
        self.post(request)

    def opened(self) -> None:
        self._traffic.free(self)

    def answered(self) -> None:
        self._traffic.took_s.append(monotonic() - self._due_at)
        self._traffic.free(self)

    def failed(self, why: str) -> None:
        self._traffic.fail(why)
