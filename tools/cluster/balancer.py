"""One address before several receivers, as a load balancer is: connections in turn, to whoever listens."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from threading import Thread

_CHUNK_BYTES = 64 * 1024


class Balancer:
    """Runs in a thread of its own from the start to the end of the program."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turns = count()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listening.getsockname()[1]
        Thread(target=lambda: asyncio.run(self._serve()), name="balancer", daemon=True).start()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, sock=self._listening)
        await server.serve_forever()

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        first = next(self._turns)
        for place in range(len(self._ports)):
            port = self._ports[(first + place) % len(self._ports)]
            with suppress(OSError):
                far, out = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_pour(near, out), _pour(far, back))
                return
        back.close()


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Carry bytes until either side ends; the other side is told."""
    with suppress(OSError):
        while chunk := await source.read(_CHUNK_BYTES):
            target.write(chunk)
            await target.drain()
    target.close()
