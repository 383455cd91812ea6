"""Meta in a few lines: takes any POST and answers as if the message were on its way.

Lighter than a server of aiohttp's, so that client and sender meet the same other side and not its limits.
"""

import asyncio
import ssl
import sys
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import cast

import httptools
import uvloop

from difusio.project.bench import cores
from difusio.project.bench.webhooks import wamid_of
from difusio.project.commands.common import last_line
from difusio.project.serving import listen
from difusio.project.start import Installation

_serial = count()


def serve(
    _installation: Installation, *, certificate: str = "", delay_s: float = 0.0, is_pinned: bool = True
) -> dict[str, object]:
    """Answer until standard input ends; give how many posts a second came in, from the first to the last.

    certificate: a PEM file, to be spoken to over TLS.  delay_s: how long each answer takes.  is_pinned: beside the
    sender's core.
    """
    if is_pinned:
        cores.leave_one()
    return uvloop.run(_serve(certificate, delay_s))


async def _serve(certificate: str, delay_s: float) -> dict[str, object]:
    arrived: list[float] = []
    server, port = await listening(
        lambda: arrived.append(monotonic()), certificate=certificate, delay_s=delay_s
    )
    last_line({"port": port})
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()
    lasted_s = arrived[-1] - arrived[0] if len(arrived) > 1 else 0.0
    return {"per_s": (len(arrived) - 1) / lasted_s if lasted_s else 0.0}


async def listening(
    arrived: Callable[[], object], *, certificate: str = "", delay_s: float = 0.0
) -> tuple[asyncio.Server, int]:
    """Listen on a port of the system's choice; ``arrived`` is called for each post."""
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    sock = listen("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Answering(arrived, delay_s), sock=sock, ssl=tls
    )
    return server, sock.getsockname()[1]


class _Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, arrived: Callable[[], object], delay_s: float) -> None:
        self._arrived = arrived
        self._delay_s = delay_s
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # TCP's transports write; uvloop's do not say so by their class.
        self._write = cast("asyncio.WriteTransport", transport).write

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._arrived()
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, lambda: self._write(_answer()))
        else:
            self._write(_answer())


def _answer() -> bytes:
    body = (
        b'{"messaging_product":"whatsapp","contacts":[{"input":"+34600000000","wa_id":"34600000000"}],'
        b'"messages":[{"id":"%s","message_status":"accepted"}]}'
    ) % wamid_of(next(_serial)).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: %d\r\n\r\n"
        % len(body)
    ) + body
