"""How much of its limit a number uses while people write to it, and whether any second has more than Meta allows.

The receiving side counts: a process that plays Meta notes when each request of ours and each message of a person
arrives.  What people write goes the real way: log, drain, store, and from there to the sender's pacer.
"""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import Any

import uvloop

from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.log.port import IncomingPost, Lane
from difusio.log.table_reader import TableReader
from difusio.log.table_writer import TableWriter
from difusio.numbers.models import Number
from difusio.project.bench import cores, shop
from difusio.project.bench.figure import Figure, peak_mb
from difusio.project.bench.meta import listening
from difusio.project.bench.part import Part
from difusio.project.bench.webhooks import text_post
from difusio.project.commands.common import last_line
from difusio.project.start import Installation
from difusio.receiving import drain as receiving
from difusio.sending.sender import run as run_sender

LIMITS = (80, 500, 1_000)
# For each message of a person so many of ours are allowed.
_ALLOWED_AN_INBOUND = 20
# A new owner starts empty, and the connections must open.
_SETTLES_S = 3.0
# People have been writing for so long when it begins.
_BEFORE_S = 4.0
_LOOK_S = 0.05
_SPARE = 1.2


def run(size: int, installation: Installation) -> Figure:
    """size: seconds, a third for each limit."""
    if installation.store:
        cores.leave_one_to_others(installation.store.data)
    seconds = max(1.0, size / len(LIMITS))
    place = shop.open_shop(at=now())
    people = int(sum(LIMITS) * (seconds + _SETTLES_S) * _SPARE)
    shop.everybody_agrees(place, shop.add_people(place, people))
    shop.queue_everybody(place)
    found, peak = {}, 0.0
    with Part("pace", "drain"):
        for limit in LIMITS:
            found[limit], used_mb = _at(limit, seconds, place.number_id)
            peak = max(peak, used_mb)
    return Figure(
        figure=min(one["share"] for one in found.values()),
        unit="share of the limit",
        yardstick=1.0,
        peak_mb=peak,
        conditions={
            "seconds_a_limit": round(seconds),
            "by_limit": {str(limit): one for limit, one in found.items()},
            "over_the_limit_and_one": [
                limit for limit, one in found.items() if one["most_in_a_second"] > limit + 1
            ],
            "yardstick": "all that inbound leaves of the limit",
        },
    )


def _at(limit: int, seconds: float, number_id: int) -> tuple[dict[str, Any], float]:
    with Part(
        "pace", "meta", inbound_per_s=limit / _ALLOWED_AN_INBOUND, limit=limit, seconds=seconds
    ) as meta:
        url = f"http://127.0.0.1:{meta.said()['port']}"
        Number.objects.filter(pk=number_id).update(api_url=url, pace_per_s=limit)
        with Part("pace", "sender") as sender:
            counted = meta.said()
            return counted, float(sender.ended()["peak_mb"])


def sender(_installation: Installation, *, is_pinned: bool = True) -> dict[str, object]:
    """Send until standard input ends.  is_pinned: on a core of its own."""
    if is_pinned:
        cores.take_one()
    uvloop.run(_send())
    return {"peak_mb": peak_mb()}


async def _send() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    _at_the_end_of_input(lambda: loop.call_soon_threadsafe(stop.set))
    await run_sender(owner="bench", log=TableReader(keyring()), stop=stop)


def drain(_installation: Installation, *, is_pinned: bool = True) -> dict[str, object]:
    """Fold in what comes until standard input ends.  is_pinned: beside the sender's core."""
    if is_pinned:
        cores.leave_one()
    stop = threading.Event()
    _at_the_end_of_input(stop.set)
    receiving.run(TableReader(keyring()), stop)
    return {}


def meta(
    installation: Installation, *, limit: int, inbound_per_s: float, seconds: float
) -> dict[str, object]:
    """Take what comes and let people write, for so many seconds from the first message; give what was counted."""
    cores.leave_one()
    return uvloop.run(_count(installation.url, limit, inbound_per_s, seconds))


async def _count(url: str, limit: int, inbound_per_s: float, seconds: float) -> dict[str, object]:
    ours: list[float] = []
    server, port = await listening(lambda: ours.append(monotonic()))
    theirs: list[float] = []
    writing = asyncio.create_task(_people_write(url, inbound_per_s, theirs))
    await asyncio.sleep(_BEFORE_S)
    last_line({"port": port})
    sys.stdout.flush()
    while not ours or monotonic() < ours[0] + _SETTLES_S + seconds:  # noqa: ASYNC110  # it waits for a moment
        await asyncio.sleep(_LOOK_S)
    writing.cancel()
    server.close()
    begin = ours[0] + _SETTLES_S
    sent, written = _within(ours, begin, begin + seconds), _within(theirs, begin, begin + seconds)
    return {
        "share": round(sent / (limit * seconds - written), 3),
        "most_in_a_second": _busiest_second([*ours, *theirs]),
        "sent": sent,
        "inbound": written,
    }


async def _people_write(url: str, per_s: float, theirs: list[float]) -> None:
    """Let people write evenly, and note when."""
    log = TableWriter(url, keyring())
    began_at = monotonic()
    while True:
        await asyncio.sleep(max(0.0, began_at + len(theirs) / per_s - monotonic()))
        theirs.append(monotonic())
        await log.append([IncomingPost(Lane.INBOUND, now(), text_post(len(theirs), "Moltes gràcies", now()))])


def _within(times: Iterable[float], begin: float, end: float) -> int:
    return sum(begin <= at < end for at in times)


def _busiest_second(times: Iterable[float]) -> int:
    """Count the most in any second, both ends included."""
    window: deque[float] = deque()
    most = 0
    for at in sorted(times):
        window.append(at)
        while at - window[0] > 1.0:
            window.popleft()
        most = max(most, len(window))
    return most


def _at_the_end_of_input(act: Any) -> None:
    def wait() -> None:
        sys.stdin.read()
        act()

    threading.Thread(target=wait, daemon=True).start()
