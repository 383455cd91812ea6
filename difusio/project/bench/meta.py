"""Meta in a few lines: takes any POST and answers as if the message were on its way.

Lighter than a server of aiohttp's, so that client and sender meet the same other side and not its limits.
"""

import asyncio
import sys
from collections.abc import Callable
from itertools import count
from typing import cast

import httptools
import uvloop

from difusio.project.bench.webhooks import wamid_of
from difusio.project.commands.common import last_line
from difusio.project.serving import listen
from difusio.project.start import Installation

_serial = count()


def serve(_installation: Installation) -> dict[str, object]:
    """Answer until standard input ends."""
    uvloop.run(_serve())
    return {}


async def _serve() -> None:
    listening = listen("127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answering, sock=listening)
    last_line({"port": listening.getsockname()[1]})
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


class _Answering(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # TCP's transports write; uvloop's do not say so by their class.
        write = cast("asyncio.WriteTransport", transport).write
        self._parser = httptools.HttpRequestParser(_Ends(lambda: write(_answer())))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)


class _Ends:
    """Hears when a request is whole."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self.on_message_complete = answer


def _answer() -> bytes:
    body = (
        b'{"messaging_product":"whatsapp","contacts":[{"input":"+34600000000","wa_id":"34600000000"}],'
        b'"messages":[{"id":"%s","message_status":"accepted"}]}'
    ) % wamid_of(next(_serial)).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: %d\r\n\r\n"
        % len(body)
    ) + body
