"""The simulator as an object: `async with Simulator(scenario) as simulator: … simulator.url …`."""

import asyncio
import errno
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from whatsapp_simulator.life import Life
from whatsapp_simulator.scenario import Scenario
from whatsapp_simulator.server import make_server
from whatsapp_simulator.state import StateError, StateFile
from whatsapp_simulator.world import World

_SHUTDOWN_S = 0.3


class PortTakenError(Exception):
    """The port cannot be had, most often because somebody else listens there; the message says so."""


class Simulator:
    """Meta's platform on one port of this machine.

    port 0 takes a free one.  state: a file to go on from, and to keep everything in; a scenario counts for a new
    file only.  public_url: how others reach it, for the files in webhooks; empty: as `url` says.  `world` is for
    those who run in the same event loop; everybody else uses the control plane.
    """

    world: World

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Path | None = None,
        public_url: str = "",
    ) -> None:
        self._public_url = public_url.rstrip("/")
        self._scenario = scenario or Scenario()
        self._state_path = state
        self._state: StateFile | None = None
        self.goes_on = False
        self._host = host
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """The address of the Graph side, without version; the control plane stands under `/_control/`."""
        # An address of version 6 stands in brackets.
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        world = self.world = World(self._scenario)
        life = Life(world)
        if self._state_path is not None:
            try:
                self._state = StateFile(self._state_path, world, life)
                self.goes_on = self._state.load()
            except StateError:
                # Nothing is written into a file that could not be read.
                if self._state is not None:
                    self._state.close()
                    self._state = None
                await self._close()
                raise
        self._runner = web.ServerRunner(make_server(world, life), shutdown_timeout=_SHUTDOWN_S)
        try:
            await self._runner.setup()
            site = web.TCPSite(self._runner, self._host, self._port, backlog=1024)
            await site.start()
        except OSError as problem:
            await self._close()
            taken = problem.errno == errno.EADDRINUSE
            reason = "is taken by another program" if taken else f"cannot be opened ({problem.strerror})"
            raise PortTakenError(f"Port {self._port} on {self._host} {reason}.") from problem
        self._port = self._runner.addresses[0][1]
        world.base_url = self._public_url or self.url
        self._tasks = [
            asyncio.create_task(world.schedule.run(), name="simulator.schedule"),
            asyncio.create_task(world.outbox.run(), name="simulator.webhooks"),
            asyncio.create_task(world.wakefulness.run(), name="simulator.wakefulness"),
        ]
        if self._state is not None:
            self._tasks.append(asyncio.create_task(self._state.keep(), name="simulator.state"))
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        # Not while updates are on their way from a lane into a parcel.
        async with self.world.outbox.packing:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._state is not None:
            await self._state.save()
            self._state.close()
        await self.world.links.close()
        await self.world.outbox.close()
        self.world.close()
