"""A way to a server that can be shut: while it is, connections are refused."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE_BYTES = 65_536


class Gate:
    """Carries bytes between its own port and another one of this machine.  Begins shut."""

    def __init__(self, port: int, leads_to: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._leads_to = leads_to
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None

    @contextmanager
    def standing(self) -> Iterator["Gate"]:
        """Stand there until the block ends."""
        thread = threading.Thread(target=self._loop.run_forever, name="gate")
        thread.start()
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._fall(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def open(self) -> None:
        """Let connections through from now on."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)

    async def _fall(self) -> None:
        if self._server is not None:
            self._server.close()
        carrying = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, on = await asyncio.open_connection("127.0.0.1", self._leads_to)
        with suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(_pour(near, on), _pour(far, back))
        for side in (back, on):
            side.close()


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    while piece := await source.read(_PIECE_BYTES):
        into.write(piece)
        await into.drain()
    into.close()
