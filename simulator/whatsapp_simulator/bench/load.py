"""The other side of a measurement: a sender with many connections, and a receiver that checks what it gets.

Both speak HTTP by hand, for a client library would cost more than the simulator and so measure itself.
"""

import asyncio
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable
from time import perf_counter
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SIGNATURE = re.compile(rb"\r\nx-hub-signature-256: *sha256=([0-9a-f]{64})", re.IGNORECASE)
_CHALLENGE = re.compile(rb"[?&]hub\.challenge=([^& ]*)")
_END_OF_HEAD = b"\r\n\r\n"
_STATUSES = ("sent", "delivered", "read", "failed")


class UnexpectedAnswerError(RuntimeError):
    """Somebody said something else than a measurement can go on with; the message says what."""


class Sender:
    """Posts requests over so many connections, one in the air on each, until it is told to stop.

    next_request: gives the bytes of the next request.
    """

    def __init__(self, next_request: Callable[[], bytes]) -> None:
        self._next = next_request
        self.answered = 0
        self.asked = 0
        self._is_on = False
        self._clients: list[_Client] = []
        self._idle = asyncio.Event()
        self._trouble = ""

    async def connect(self, port: int, connections: int) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, client = await loop.create_connection(lambda: _Client(self), "127.0.0.1", port)
            self._clients.append(client)

    async def run(self, seconds: float) -> float:
        """Post for so many seconds and hear all answers; tells how many were answered a second."""
        self._is_on, before = True, self.answered
        self._idle.clear()
        began = perf_counter()
        for client in self._clients:
            client.post()
        ending = asyncio.get_running_loop().call_later(seconds, self._stop)
        try:
            await self._idle.wait()
        finally:
            ending.cancel()
        if self._trouble:
            raise UnexpectedAnswerError(self._trouble)
        return (self.answered - before) / (perf_counter() - began)

    def close(self) -> None:
        """Close the connections."""
        self._stop()
        for client in self._clients:
            client.close()

    def _stop(self) -> None:
        self._is_on = False

    def next(self) -> bytes:
        """Give the next request; empty when it is over."""
        if not self._is_on:
            return b""
        self.asked += 1
        return self._next()

    def heard(self) -> None:
        """Count an answer."""
        self.answered += 1
        if not self._is_on and self.answered == self.asked:
            self._idle.set()

    def fail(self, why: str) -> None:
        """Give up."""
        self._is_on = False
        self._trouble = self._trouble or why
        self._idle.set()


class _Client(asyncio.Protocol):
    """One connection of the sender; answers are short and come whole or in a few pieces."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # TCP's transports write; uvloop's do not say so by their class.
        self._transport = cast("asyncio.WriteTransport", transport)

    def post(self) -> None:
        request = self._sender.next()
        if request:
            self._transport.write(request)

    def close(self) -> None:
        self._sender = Sender(bytes)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        heard = self._heard = self._heard + data if self._heard else data
        if not _is_whole(heard):
            return
        self._heard = b""
        if not heard.startswith(b"HTTP/1.1 200 "):
            self._sender.fail(heard.decode("utf-8", "replace"))
            return
        self._sender.heard()
        self.post()

    def connection_lost(self, error: Exception | None) -> None:
        self._sender.fail(f"the connection was closed ({type(error).__name__})")


class Receiver:
    """Takes webhooks on a port of its own: checks the signature over the exact bytes and counts the statuses."""

    def __init__(self, app_secret: str) -> None:
        self._secret = app_secret.encode()
        self._server: asyncio.Server | None = None
        self.posts = 0
        self.statuses: Counter[str] = Counter()
        self.trouble = ""

    async def start(self) -> str:
        """Listen on a free port; tells the address."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Caller(self), "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    def close(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()

    def take(self, head: bytes, body: bytes) -> bytes:
        """Answer the challenge, or take a webhook."""
        challenge = _CHALLENGE.search(head)
        if challenge is not None:
            return challenge[1]
        signature = _SIGNATURE.search(head)
        right = hmac.new(self._secret, body, hashlib.sha256).hexdigest().encode()
        if signature is None or signature[1] != right:
            self.trouble = "a webhook came without its signature"
        self.posts += 1
        for name in _STATUSES:
            self.statuses[name] += body.count(b'"status":"%b"' % name.encode())
        return b""


class _Caller(asyncio.Protocol):
    """One connection of the simulator to the receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._heard = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        heard = self._heard
        heard += data
        if not _is_whole(heard):
            return
        head, _, body = bytes(heard).partition(_END_OF_HEAD)
        self._heard = bytearray()
        said = self._receiver.take(head, body)
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))


def _is_whole(heard: bytes | bytearray) -> bool:
    """Tell whether a request or an answer has come to its end."""
    end = heard.find(_END_OF_HEAD)
    if end < 0:
        return False
    length = _LENGTH.search(heard, 0, end)
    return len(heard) >= end + len(_END_OF_HEAD) + (int(length[1]) if length else 0)
