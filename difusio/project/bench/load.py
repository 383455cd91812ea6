"""A light client: ready-made requests over connections that stay open, one in the air on each.

A client of aiohttp's would be slower than the receiver and so measure itself.
"""

import asyncio
from collections.abc import Sequence
from itertools import cycle
from time import perf_counter
from typing import cast


class UnexpectedAnswer(RuntimeError):
    """The server said something else than 200."""


def request(port: int, path: str, body: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """Write one POST."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def post_all(port: int, requests: Sequence[bytes], *, count: int, connections: int) -> float:
    """Post ``count`` requests, the given ones in turn; give how many a second.  Raises UnexpectedAnswer."""
    load = _Load(requests, count)
    loop = asyncio.get_running_loop()
    transports = [
        (await loop.create_connection(lambda: _Client(load), "127.0.0.1", port))[0]
        for _ in range(min(connections, count))
    ]
    began = perf_counter()
    load.begin()
    await load.done
    seconds = perf_counter() - began
    for transport in transports:
        transport.close()
    return count / seconds


class _Load:
    """What is left to post, shared by the connections."""

    def __init__(self, requests: Sequence[bytes], count: int) -> None:
        self._requests = cycle(requests)
        self._to_post = count
        self._to_hear = count
        self._clients: list[_Client] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def join(self, client: "_Client") -> None:
        self._clients.append(client)

    def begin(self) -> None:
        for client in self._clients:
            client.post(self.next())

    def next(self) -> bytes:
        """Give the next request, empty when all are on their way."""
        if not self._to_post:
            return b""
        self._to_post -= 1
        return next(self._requests)

    def heard(self) -> None:
        self._to_hear -= 1
        if not self._to_hear:
            self.done.set_result(None)

    def fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(UnexpectedAnswer(why))


class Line(asyncio.Protocol):
    """One connection, one post in the air.  The receiver's answers have no body, so that each ends with its head."""

    def __init__(self) -> None:
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # TCP's transports write; uvloop's do not say so by their class.
        self._transport = cast("asyncio.WriteTransport", transport)
        self.opened()

    def post(self, request: bytes) -> None:
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._heard.endswith(b"\r\n\r\n"):
            return
        if not self._heard.startswith(b"HTTP/1.1 200 "):
            self.failed(self._heard.split(b"\r\n", 1)[0].decode("latin-1"))
            return
        self._heard = b""
        self.answered()

    def connection_lost(self, error: Exception | None) -> None:
        self.failed(f"the connection was closed ({type(error).__name__})")

    def opened(self) -> None:
        """Hear that it may be used."""

    def answered(self) -> None:
        """Hear that the post was taken."""

    def failed(self, why: str) -> None:
        """Hear that it was not."""


class _Client(Line):
    """Posts the load's next request as soon as the last was answered."""

    def __init__(self, load: _Load) -> None:
        super().__init__()
        self._load = load

    def opened(self) -> None:
        self._load.join(self)

    def post(self, request: bytes) -> None:
        if request:
            super().post(request)

    def answered(self) -> None:
        self._load.heard()
        self.post(self._load.next())

    def failed(self, why: str) -> None:
        self._load.fail(why)
