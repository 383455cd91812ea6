"""A server to be measured, in a process and on a core of its own: `python -m whatsapp_simulator.bench.serving`.

It says its port in the first line, and what it used so far for each line that it is sent; it ends with its input.
"""

import asyncio
import os
import resource
import sys
import time
from pathlib import Path

import msgspec
from aiohttp import web
from aiohttp.web_request import BaseRequest

from whatsapp_simulator.loop import run
from whatsapp_simulator.scenario import Scenario, read_scenario
from whatsapp_simulator.simulator import Simulator

_KILOBYTE = 1024
_PAGE_BYTES = resource.getpagesize()


class Used(msgspec.Struct, frozen=True):
    """What a process used since it began; rss_mb: now, where the system tells it, else the peak."""

    cpu_s: float
    rss_mb: float
    peak_mb: float


async def _play(scenario: Scenario) -> None:
    async with Simulator(scenario) as simulator:
        await _tell(simulator.port)


async def _answer(answer: bytes) -> None:
    """Say the same whatever is asked: what aiohttp costs with nothing behind it."""

    async def handle(request: BaseRequest) -> web.StreamResponse:
        await request.read()
        return web.Response(body=answer, content_type="application/json", charset="UTF-8")

    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    await _tell(runner.addresses[0][1])
    await runner.cleanup()


async def _tell(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    asked = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    while await asked.readline():
        sys.stdout.write(msgspec.json.encode(_used()).decode() + "\n")
        sys.stdout.flush()


def _used() -> Used:
    # The peak is in kilobytes on Linux and in bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / _KILOBYTE / (_KILOBYTE if sys.platform == "darwin" else 1)
    try:
        rss_mb = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES / _KILOBYTE**2
    except OSError:
        rss_mb = peak_mb
    return Used(cpu_s=time.process_time(), rss_mb=rss_mb, peak_mb=peak_mb)


def _main(what: str, core: str, content: str) -> None:
    if core:
        os.sched_setaffinity(0, {int(core)})
    if what == "simulator":
        run(_play(read_scenario(Path(content))))
    else:
        run(_answer(content.encode()))


if __name__ == "__main__":
    _main(*sys.argv[1:])
