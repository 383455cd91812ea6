"""HTTP/1.1 to one server, over connections that stay open: one request in the air on each, one deadline for all.

The sender's hot path: a general client spends most of its time on objects made anew for each request (decision 0016).
And only who writes the bytes knows for certain whether the first one left: the line between `NotSent` and `Lost`.
httptools parses; aiohappyeyeballs and the event loop connect.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import cast
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from difusio.cloud_api.answers import Answer, Lost, NotSent

Result = Answer | NotSent | Lost
Heard = Callable[[Result], None]

# A connection idle for longer is not used again: the other side may be closing it at this very moment.
_KEPT_S = 15.0
# Deadlines are looked at so often within one; a timer for each request would cost as much as the request.
_LOOKS = 20
# After so long without a connection the server's next address is tried beside the first.
_NEXT_ADDRESS_S = 0.25


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that waits for a connection.  until: its deadline, monotonic.  late: to be told when it leaves."""

    request: bytes
    heard: Heard
    until: float
    late: Callable[[], None] | None = None


class Wires:
    """The connections to one server; they belong to the running event loop.

    url: scheme, host and port.  most: connections at once; further requests wait for one.  deadline_s: from the call to
    the last byte of the answer, waiting included.  connect_s: for the TCP and TLS handshakes.
    """

    def __init__(self, url: str, *, most: int, deadline_s: float, connect_s: float) -> None:
        parts = urlsplit(url)
        is_secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if is_secure else 80)
        self._tls = ssl.create_default_context() if is_secure else None
        self._most = most
        self._deadline_s = deadline_s
        self._connect_s = connect_s
        # The last used goes first, so that connections that are too many grow old.
        self._idle: list[_Wire] = []
        self._busy: set[_Wire] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[_Asked] = deque()
        self._look_every_s = min(1.0, deadline_s / _LOOKS)
        self._looking = asyncio.get_running_loop().call_later(self._look_every_s, self._look)

    def ask(self, request: bytes, heard: Heard, late: Callable[[], None] | None = None) -> None:
        """Send a request; ``heard`` is called once, later, with what came of it.  Never raises, never repeats.

        late: called when it leaves, if it had to wait for a connection.
        """
        asked = _Asked(request, heard, monotonic() + self._deadline_s, late)
        while self._idle:
            wire = self._idle.pop()
            if wire.is_fresh():
                self._give(wire, asked)
                return
            wire.close()
        self._waiting.append(asked)
        self._open_more()

    async def close(self) -> None:
        """Close all connections; what is in the air is lost."""
        self._looking.cancel()
        while self._waiting:
            self._waiting.popleft().heard(NotSent("closed"))
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for wire in [*self._busy, *self._idle]:
            wire.close()
        # The loop tells each protocol of its end in a turn of its own.
        await asyncio.sleep(0)

    def released(self, wire: "_Wire") -> None:
        """Use a connection again whose answer is complete."""
        self._busy.discard(wire)
        # Whoever stood still (a sleeping machine, SIGSTOP) hears of answers before its timers run: what waited for
        # longer than it may must not leave now, when the number may be another's.
        self._give_up(monotonic())
        if self._waiting:
            asked = self._waiting.popleft()
            self._give(wire, asked)
            if asked.late:
                asked.late()
        else:
            self._idle.append(wire)

    def ended(self, wire: "_Wire") -> None:
        """Forget a connection that is closed."""
        self._busy.discard(wire)
        if wire in self._idle:
            self._idle.remove(wire)
        self._open_more()

    def _give(self, wire: "_Wire", asked: _Asked) -> None:
        self._busy.add(wire)
        wire.ask(asked)

    def _open_more(self) -> None:
        """Open a connection for each request that waits, as far as they may be that many."""
        room = self._most - len(self._busy) - len(self._idle) - len(self._opening)
        for _ in range(min(room, len(self._waiting) - len(self._opening))):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opened)

    def _opened(self, task: "asyncio.Task[None]") -> None:
        self._opening.discard(task)
        # Whoever waits for a connection that could not be opened needs another.
        self._open_more()

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(self._connect_s):
                wire = await self._connect()
        except (OSError, RuntimeError) as error:
            # Names, addresses, TLS, time: all are OSErrors, but some of uvloop's.  No byte of a request has left.
            if self._waiting:
                self._waiting.popleft().heard(NotSent(type(error).__name__))
            return
        self.released(wire)

    async def _connect(self) -> "_Wire":
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        connected = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_S, loop=loop)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            _, wire = await loop.create_connection(
                lambda: _Wire(self),
                sock=connected,
                ssl=self._tls,
                server_hostname=self._host if self._tls else None,
            )
        except BaseException:
            connected.close()
            raise
        return wire

    def _look(self) -> None:
        """End what is past its deadline, and close what has been idle for long."""
        now = monotonic()
        self._give_up(now)
        for wire in [wire for wire in self._busy if wire.until <= now]:
            wire.end(Lost("deadline"))
        while self._idle and not self._idle[0].is_fresh():
            self._idle.pop(0).close()
        self._looking = asyncio.get_running_loop().call_later(self._look_every_s, self._look)

    def _give_up(self, now: float) -> None:
        """End what has waited for a connection until its deadline."""
        while self._waiting and self._waiting[0].until <= now:
            self._waiting.popleft().heard(NotSent("no_connection_in_time"))


class _Wire(asyncio.Protocol):
    """One connection.  until: the deadline of its request, monotonic."""

    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        self._heard: Heard | None = None
        self._parser = HttpResponseParser(self)
        self._body: list[bytes] = []
        self._answer: Answer | None = None
        self._is_open = True
        self._is_kept = True
        self._since = monotonic()
        self.until = 0.0

    def ask(self, asked: _Asked) -> None:
        """Write the request; there is none in the air."""
        self._heard = asked.heard
        self.until = asked.until
        self._transport.write(asked.request)

    def is_fresh(self) -> bool:
        """Tell whether it may be used again."""
        return self._is_open and monotonic() - self._since < _KEPT_S

    def end(self, result: Result) -> None:
        """Tell what came of the request, and close."""
        heard, self._heard = self._heard, None
        self.close()
        if heard:
            heard(result)

    def close(self) -> None:
        """Close at once."""
        self._is_open = False
        self._transport.abort()

    # What the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # TCP's transports write; uvloop's do not say so by their class.
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._is_open = False
        heard, self._heard = self._heard, None
        self._wires.ended(self)
        if heard:
            # The request was handed over, so that nobody knows how much of it arrived.
            heard(Lost(type(error).__name__ if error else "connection_closed"))

    def data_received(self, data: bytes) -> None:
        if self._heard is None:
            # Nobody asked; whoever talks without being asked is not used again.
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.end(Lost("no_http"))
            return
        answer = self._answer
        if answer is None:
            return
        heard, self._heard, self._answer = self._heard, None, None
        self._since = monotonic()
        if self._is_kept:
            self._wires.released(self)
        else:
            self.close()
        heard(answer)

    # What the parser tells

    def on_message_begin(self) -> None:
        self._body = []

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= HTTPStatus.OK:
            self._answer = Answer(status, b"".join(self._body))
            self._is_kept = self._parser.should_keep_alive()
