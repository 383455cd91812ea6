"""How many messages a second one sender sends, beside a bare aiohttp loop that posts the same bytes.

The sender is the real one, from the claim to the verdict written back, with consent checks and encryption; only the
pace of its number is lifted, because Meta's own ceiling is below what it can do.
"""

import asyncio
import threading
from collections.abc import Iterator
from statistics import mean
from time import perf_counter, process_time, sleep
from uuid import uuid4

import aiohttp
import uvloop
from django.db import connection
from django.db.models import Sum

from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.log.table_reader import TableReader
from difusio.message_templates.compiled import compile_batch
from difusio.message_templates.models import Template
from difusio.numbers.models import Number
from difusio.numbers.secrets import access_token
from difusio.outbox.models import Batch, Tally
from difusio.project.bench import shop
from difusio.project.bench.figure import Figure, peak_mb
from difusio.project.bench.part import Part, measured
from difusio.project.start import Installation
from difusio.sending.sender import run as run_sender

_PACE_PER_S = 20_000
# What a bare loop is fastest with.
_CONNECTIONS = 64
_DIFFERENT = 1_000
_LOOK_S = 0.02


def run(size: int, _installation: Installation) -> Figure:
    """size: messages."""
    with Part("meta", "serve") as meta:
        port = meta.said()["port"]
        place = shop.open_shop(at=now(), api_port=port, pace_per_s=_PACE_PER_S)
        shop.everybody_agrees(place, shop.add_people(place, size))
        queued = shop.queue_everybody(place)
        before = measured("send", "bare", posts=queued)
        sent = measured("send", "sender", messages=queued)
        after = measured("send", "bare", posts=queued)
    return Figure(
        figure=sent["per_s"],
        unit="messages per s",
        yardstick=mean([before["per_s"], after["per_s"]]),
        peak_mb=sent["peak_mb"],
        conditions={
            "messages": queued,
            "pace_per_s": _PACE_PER_S,
            "per_s_of_sender_cpu": round(queued / sent["cpu_s"]),
            "yardstick": f"a bare aiohttp loop on {_CONNECTIONS} connections, before and after",
            "yardstick_rounds": [round(before["per_s"]), round(after["per_s"])],
            "yardstick_per_s_of_cpu": round(queued / before["cpu_s"]),
        },
    )


def sender(_installation: Installation, *, messages: int) -> dict[str, object]:
    """Send everything that is queued."""
    return uvloop.run(_send(messages))


async def _send(messages: int) -> dict[str, object]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    watcher = threading.Thread(target=_stop_after, args=(messages, loop, stop), daemon=True)
    began, cpu_began = perf_counter(), process_time()
    watcher.start()
    await run_sender(owner="bench", log=TableReader(keyring()), stop=stop)
    seconds, cpu_s = perf_counter() - began, process_time() - cpu_began
    return {"per_s": messages / seconds, "cpu_s": cpu_s, "peak_mb": peak_mb()}


def _stop_after(messages: int, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    accepted = Tally.objects.filter(measure="accepted")
    while (accepted.aggregate(n=Sum("n"))["n"] or 0) < messages:
        sleep(_LOOK_S)
    connection.close()
    loop.call_soon_threadsafe(stop.set)


def bare(_installation: Installation, *, posts: int) -> dict[str, object]:
    """Post messages of the same shape and length as fast as aiohttp can, and look at nothing."""
    return uvloop.run(_post_all(posts))


async def _post_all(posts: int) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    url, headers, bodies = await loop.run_in_executor(None, _requests)
    left = iter(range(posts))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def post(share: Iterator[int]) -> None:
            for place in share:
                async with session.post(url, data=bodies[place % len(bodies)], headers=headers) as response:
                    await response.read()

        began, cpu_began = perf_counter(), process_time()
        await asyncio.gather(*(post(left) for _ in range(_CONNECTIONS)))
        seconds, cpu_s = perf_counter() - began, process_time() - cpu_began
    return {"per_s": posts / seconds, "cpu_s": cpu_s}


def _requests() -> tuple[str, dict[str, str], list[bytes]]:
    number, template, batch = Number.objects.get(), Template.objects.get(), Batch.objects.get()
    message = compile_batch(template, batch.message["values"])
    contact = {"first_name": "Nom123", "fields": {"item": "abric"}}
    bodies = [message.fill(shop.phone_of(place), contact, uuid4().hex) for place in range(_DIFFERENT)]
    token = access_token(number)
    connection.close()
    return (
        f"{number.api_url}/{number.api_version}/{number.phone_number_id}/{message.path}",
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        bodies,
    )
