"""How many messages a second one sender sends, beside a bare aiohttp loop that posts the same bytes, and beside pywa.

The sender is the real one, from the claim to the verdict written back, with consent checks and encryption; only the
pace of its number is lifted, because Meta's own ceiling is below what it can do.  Then it sends at that ceiling, over
TLS to a server that takes 200 ms for each answer, which is what a real day looks like.
"""

import asyncio
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
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
from difusio.project.bench import cores, shop
from difusio.project.bench.certificate import HOST, write_certificate
from difusio.project.bench.figure import Figure, peak_mb
from difusio.project.bench.part import Part, measured
from difusio.project.start import Installation
from difusio.sending.sender import run as run_sender

_PACE_PER_S = 20_000
# What a bare loop is fastest with.
_CONNECTIONS = 64
_DIFFERENT = 1_000
_LOOK_S = 0.1
# Meta's own ceiling for one number, and how long an answer of Meta's takes on a slow day.
_CEILING_PER_S = 1_000
_LATENCY_S = 0.2
_AT_THE_CEILING = 10_000
_PYWA_POSTS = 2_000
_PYWA = "pywa_async"


def run(size: int, installation: Installation) -> Figure:
    """size: messages."""
    with Part("meta", "serve") as meta:
        port = meta.said()["port"]
        place = shop.open_shop(at=now(), api_port=port, pace_per_s=_PACE_PER_S)
        shop.everybody_agrees(place, shop.add_people(place, size))
        queued = shop.queue_everybody(place)
        before = measured("send", "bare", posts=queued)
        sent = measured("send", "sender", messages=queued)
        after = measured("send", "bare", posts=queued)
        apart = _with_the_store_apart(place, installation)
        pywa = measured("send", "pywa", posts=min(queued, _PYWA_POSTS)) if find_spec(_PYWA) else None
    ceiling = _at_the_ceiling(place)
    return Figure(
        figure=sent["per_s"],
        unit="messages per s",
        yardstick=mean([before["per_s"], after["per_s"]]),
        peak_mb=sent["peak_mb"],
        conditions={
            "messages": queued,
            "times_pywa": round(sent["per_s"] / pywa["per_s"], 1) if pywa else "pywa is not installed",
            "pywa_per_s": round(pywa["per_s"]) if pywa else None,
            "at_200_ms_over_tls_per_s": round(ceiling),
            "pace_per_s": _PACE_PER_S,
            "with_the_store_apart_per_s": apart and round(apart),
            "per_s_of_sender_cpu": round(queued / sent["cpu_s"]),
            "yardstick": f"a bare aiohttp loop on {_CONNECTIONS} connections, before and after",
            "yardstick_rounds": [round(before["per_s"]), round(after["per_s"])],
            "yardstick_per_s_of_cpu": round(queued / before["cpu_s"]),
        },
    )


def _with_the_store_apart(place: shop.Shop, installation: Installation) -> float | None:
    """Send once more with PostgreSQL kept off the sender's core; None: it is somebody else's server."""
    if not installation.store:
        return None
    cores.leave_one_to_others(installation.store.data)
    queued = shop.queue_everybody(place)
    return float(measured("send", "sender", messages=queued)["per_s"])


def _at_the_ceiling(place: shop.Shop) -> float:
    """Send at Meta's ceiling to a slow server over TLS; give how many a second arrive there."""
    with tempfile.TemporaryDirectory() as folder:
        certificate = str(write_certificate(Path(folder)))
        # OpenSSL's own variable: what the sender trusts besides Meta's certificates.
        os.environ["SSL_CERT_FILE"] = certificate
        with Part("meta", "serve", certificate=certificate, delay_s=_LATENCY_S) as meta:
            url = f"https://{HOST}:{meta.said()['port']}"
            Number.objects.filter(pk=place.number_id).update(
                api_url=url, is_simulated=False, pace_per_s=_CEILING_PER_S
            )
            # Fewer than there are people: some are in a paused country or lack a field.
            queued = shop.queue_everybody(place)
            measured("send", "sender", messages=min(queued, _AT_THE_CEILING))
            return float(meta.ended()["per_s"])


def sender(_installation: Installation, *, messages: int) -> dict[str, object]:
    """Send until so many more messages are accepted."""
    cores.take_one()
    before = _accepted()
    connection.close()
    return uvloop.run(_send(messages, before))


async def _send(messages: int, before: int) -> dict[str, object]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    watcher = threading.Thread(target=_stop_after, args=(before + messages, loop, stop), daemon=True)
    began, cpu_began = perf_counter(), process_time()
    watcher.start()
    await run_sender(owner="bench", log=TableReader(keyring()), stop=stop)
    seconds, cpu_s = perf_counter() - began, process_time() - cpu_began
    return {"per_s": messages / seconds, "cpu_s": cpu_s, "peak_mb": peak_mb()}


def _stop_after(accepted: int, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while _accepted() < accepted:
        sleep(_LOOK_S)
    connection.close()
    loop.call_soon_threadsafe(stop.set)


def _accepted() -> int:
    return Tally.objects.filter(measure="accepted").aggregate(n=Sum("n"))["n"] or 0


def bare(_installation: Installation, *, posts: int) -> dict[str, object]:
    """Post messages of the same shape and length as fast as aiohttp can, and look at nothing."""
    cores.take_one()
    return uvloop.run(_post_all(posts))


async def _post_all(posts: int) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    url, headers, bodies = await loop.run_in_executor(None, _requests)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def post(place: int) -> None:
            async with session.post(url, data=bodies[place % len(bodies)], headers=headers) as response:
                await response.read()

        return await _timed(post, posts)


def pywa(_installation: Installation, *, posts: int) -> dict[str, object]:
    """Send the same message through pywa, the usual client for Python, as many at once."""
    cores.take_one()
    return uvloop.run(_post_with_pywa(posts))


async def _post_with_pywa(posts: int) -> dict[str, object]:
    # Not among our dependencies: whoever has installed it, as tests have, gets the comparison.
    client, httpx = import_module(_PYWA), import_module("httpx")
    types = import_module("pywa.types.templates")
    number, token = await asyncio.get_running_loop().run_in_executor(None, _number)
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, timeout=30) as session:
        api = client.WhatsApp(phone_id=number.phone_number_id, token=token, session=session)
        # pywa's session holds the address.
        session.base_url = f"{number.api_url}/{number.api_version}"

        async def post(place: int) -> None:
            await api.send_template(
                to=shop.phone_of(place),
                name="autumn",
                language=types.TemplateLanguage.CATALAN,
                params=[types.BodyText.params(first_name="Nom123", item="abric")],
                tracker=uuid4().hex,
                use_mm_lite_api=True,
            )

        return await _timed(post, posts)


async def _timed(post: Callable[[int], Awaitable[None]], posts: int) -> dict[str, object]:
    left = iter(range(posts))

    async def some(share: Iterator[int]) -> None:
        for place in share:
            await post(place)

    began, cpu_began = perf_counter(), process_time()
    await asyncio.gather(*(some(left) for _ in range(_CONNECTIONS)))
    seconds, cpu_s = perf_counter() - began, process_time() - cpu_began
    return {"per_s": posts / seconds, "cpu_s": cpu_s}


def _number() -> tuple[Number, str]:
    number = Number.objects.get()
    token = access_token(number)
    connection.close()
    return number, token


def _requests() -> tuple[str, dict[str, str], list[bytes]]:
    template, batch = Template.objects.get(), Batch.objects.get()
    message = compile_batch(template, batch.message["values"])
    contact = {"first_name": "Nom123", "fields": {"item": "abric"}}
    bodies = [message.fill(shop.phone_of(place), contact, uuid4().hex) for place in range(_DIFFERENT)]
    number, token = _number()
    return (
        f"{number.api_url}/{number.api_version}/{number.phone_number_id}/{message.path}",
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        bodies,
    )
