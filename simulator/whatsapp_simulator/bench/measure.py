"""What `whatsapp-simulator bench` measures: sends with all their webhooks, beside a server with nothing behind it."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import cast

import msgspec

from whatsapp_simulator.bench.load import Receiver, Sender, UnexpectedAnswerError
from whatsapp_simulator.bench.serving import Used
from whatsapp_simulator.scenario import Habits, Number, Scenario, Setup

NUMBER = "106540352242922"
_BARE_S, _WARM_UP_S = 1.0, 0.5
_SETTLE_S, _ASK_AGAIN_S = 60.0, 0.01
_SAMPLES = 10
_TEMPLATE = {
    "name": "bench_newsletter",
    "language": "ca",
    "category": "MARKETING",
    "components": [
        {"type": "BODY", "text": "Hola {{1}}, fes servir el codi {{2}} fins diumenge."},
        {"type": "FOOTER", "text": "Botiga Exemple"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Obre", "url": "https://example.com/{{1}}"},
                {"type": "QUICK_REPLY", "text": "Atura promocions"},
            ],
        },
    ],
}
# Everybody gets and reads their messages at once and says nothing: three statuses for each send.
_HABITS = Habits(
    reads=1, receipts_off=0, replies=0, leaves=0, unreachable=0, capped=0, has_username=0, delivered=1,
    delivered_late=0, duplicate=0, swap=0, missing_delivered=0, delivered_and_failed=0,
    sent_s=(0.01, 0.1), delivered_s=(0.02, 0.2), read_s=(0.05, 0.3), webhook_flush_s=0.05,
)  # fmt: skip
_SETUP = Setup(
    numbers=(Number(phone_number_id=NUMBER, display_phone_number="+34 931 234 567", mps=1_000_000),),
    templates=(_TEMPLATE,),
)
_REQUEST = (
    b"POST /v26.0/%b/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %b\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
)
_BODY = (
    b'{"messaging_product":"whatsapp","recipient_type":"individual","to":"+346%08d","type":"template",'
    b'"template":{"name":"bench_newsletter","language":{"code":"ca"},"components":['
    b'{"type":"body","parameters":[{"type":"text","text":"Maria"},{"type":"text","text":"TARDOR%05d"}]},'
    b'{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"r/%d"}]}]},'
    b'"biz_opaque_callback_data":"d-%d"}'
)


class Result(msgspec.Struct, frozen=True):
    """A measurement; figures per second of the clock on the wall, unless their name says otherwise."""

    name: str
    figure: float
    """Accepted sends a second, with all their webhooks."""
    unit: str
    yardstick: float
    """What a bare aiohttp server answers a second, before and after."""
    ratio: float
    statuses_per_s: float
    posts_per_s: float
    per_cpu_second: float
    """Sends for each second that the process computed: what is left when others use the core too."""
    yardstick_per_cpu_second: float
    peak_mb: float
    memory_mb: tuple[float, ...]
    """Memory in use while it ran, evenly spaced; the first before the first send."""
    sends: int
    seconds: float
    conditions: str


class _Child:
    """A server in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        # It was started with pipes on both.
        self._asked = cast("asyncio.StreamWriter", process.stdin)
        self._told = cast("asyncio.StreamReader", process.stdout)
        self._process = process
        self.port = 0

    async def begin(self) -> None:
        """Wait until it listens."""
        line = await self._told.readline()
        if not line:
            raise UnexpectedAnswerError("the server to be measured did not start")
        self.port = int(line)

    async def used(self) -> Used:
        """Ask what it used so far."""
        self._asked.write(b"\n")
        return msgspec.json.decode(await self._told.readline(), type=Used)

    async def end(self) -> None:
        """Let it end."""
        self._asked.close()
        await self._process.wait()


async def measure(*, seconds: float, connections: int, people: int) -> Result:
    """Measure; raises UnexpectedAnswerError if anything is lost on the way."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    core = str(cores[0]) if len(cores) > 1 else ""
    if core:
        os.sched_setaffinity(0, cores[1:])
    try:
        before = await _bare(core, connections)
        told = await _simulator(core, seconds=seconds, connections=connections, people=people)
        after = await _bare(core, connections)
    finally:
        if core:
            os.sched_setaffinity(0, cores)
    yardstick, per_cpu = ((one + other) / 2 for one, other in zip(before, after, strict=True))
    where = f"one process on core {core}, sender and receiver on the others" if core else "one process"
    return msgspec.structs.replace(
        told,
        yardstick=round(yardstick, 1),
        yardstick_per_cpu_second=round(per_cpu, 1),
        ratio=round(told.figure / yardstick, 3),
        conditions=f"{where}; {connections} connections, {people} people, template sends with sent, delivered and "
        f"read, every signature checked; Python {sys.version.split()[0]}, {_loop_name()}",
    )


def in_words(result: Result) -> str:
    """Write the figures for people."""
    return (
        f"{result.figure:,.0f} sends a second, with {result.statuses_per_s:,.0f} statuses in "
        f"{result.posts_per_s:,.0f} posts; a bare server answers {result.yardstick:,.0f} "
        f"({result.ratio:.0%}).\n"
        f"For a second of computing: {result.per_cpu_second:,.0f} sends, the bare server "
        f"{result.yardstick_per_cpu_second:,.0f}.\n"
        f"{result.sends:,} sends in {result.seconds:,.1f} s; memory {result.memory_mb[0]:,.0f} MB before, "
        f"{result.memory_mb[len(result.memory_mb) // 2]:,.0f} MB in the middle, {result.memory_mb[-1]:,.0f} MB at "
        f"the end, at most {result.peak_mb:,.0f} MB.\n"
        f"{result.conditions}."
    )


async def _bare(core: str, connections: int) -> tuple[float, float]:
    """Measure the bare server: answers a second, and a second of computing."""
    answer = (
        '{"messaging_product":"whatsapp","contacts":[{"input":"+34600000001","wa_id":"34600000001"}],'
        f'"messages":[{{"id":"wamid.{"A" * 56}","message_status":"accepted"}}]}}'
    )
    async with _child("bare", core, answer) as child, _sender(child, 1000, connections) as sender:
        await sender.run(_WARM_UP_S)
        before = await child.used()
        rate = await sender.run(_BARE_S)
        cpu_s = (await child.used()).cpu_s - before.cpu_s
        return rate, rate * _BARE_S / cpu_s


async def _simulator(core: str, *, seconds: float, connections: int, people: int) -> Result:
    receiver = Receiver(_SETUP.app_secret)
    setup = msgspec.structs.replace(_SETUP, callback_url=await receiver.start())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scenario.json")
        file.write_bytes(msgspec.json.encode(Scenario(setup=setup, habits=_HABITS)))  # noqa: ASYNC240 - once, before anything is measured
        async with (
            _child("simulator", core, str(file)) as child,
            _sender(child, people, connections) as sender,
        ):
            memory, began = [await child.used()], time.perf_counter()
            for _ in range(_SAMPLES):
                await sender.run(seconds / _SAMPLES)
                memory.append(await child.used())
            await _all_told(receiver, sender.answered)
            took, last = time.perf_counter() - began, await child.used()
    receiver.close()
    # All webhooks must be there before the clock stops: what is put off is not won.
    return Result(
        name="sends_with_webhooks",
        figure=round(sender.answered / took, 1),
        unit="sends/s",
        yardstick=0,
        ratio=0,
        statuses_per_s=round(receiver.statuses.total() / took, 1),
        posts_per_s=round(receiver.posts / took, 1),
        per_cpu_second=round(sender.answered / (last.cpu_s - memory[0].cpu_s), 1),
        yardstick_per_cpu_second=0,
        peak_mb=round(last.peak_mb, 1),
        memory_mb=tuple(round(one.rss_mb, 1) for one in memory),
        sends=sender.answered,
        seconds=round(took, 2),
        conditions="",
    )


@asynccontextmanager
async def _child(what: str, core: str, content: str) -> AsyncIterator[_Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "whatsapp_simulator.bench.serving", what, core, content,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    child = _Child(process)
    try:
        await child.begin()
        yield child
    finally:
        await child.end()


@asynccontextmanager
async def _sender(child: _Child, people: int, connections: int) -> AsyncIterator[Sender]:
    numbers = count()

    def request() -> bytes:
        number = next(numbers)
        body = _BODY % (number % people, number, number, number)
        return _REQUEST % (NUMBER.encode(), _SETUP.access_token.encode(), len(body), body)

    sender = Sender(request)
    await sender.connect(child.port, connections)
    try:
        yield sender
    finally:
        sender.close()


async def _all_told(receiver: Receiver, sends: int) -> None:
    """Wait until every send was told as sent, delivered and read, once each."""
    end = time.perf_counter() + _SETTLE_S
    expected = dict.fromkeys(("sent", "delivered", "read"), sends)
    while (told := {name: amount for name, amount in receiver.statuses.items() if amount}) != expected:
        if receiver.trouble:
            raise UnexpectedAnswerError(receiver.trouble)
        if time.perf_counter() > end:
            raise UnexpectedAnswerError(f"of {sends} sends the webhooks told only {told}")
        await asyncio.sleep(_ASK_AGAIN_S)


def _loop_name() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]
