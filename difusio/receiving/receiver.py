"""Take Meta's webhooks: check the signature over the raw bytes, make them durable, say 200; no more, and no Django.

What a body means is worked out by the drain.  Whatever goes wrong here is answered so that Meta posts again.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
(read 2026-11-22).
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import structlog

from difusio.cloud_api import signature
from difusio.cloud_api.webhooks import looks_inbound
from difusio.common import clock as wall_clock
from difusio.common import counters
from difusio.log.port import IncomingPost, Lane, LogError, LogWriter
from difusio.receiving.group_commit import GroupCommit

PATH = "/webhooks/whatsapp"
HEALTH_PATH = "/healthz"

MOST_BODY_BYTES = 4 * 1024 * 1024  # Meta's largest has 3 MB
# Bodies that are still coming in, all together: ten thousand slow callers must not take the memory.
MOST_BYTES_IN_THE_AIR = 256 * 1024 * 1024
BODY_S = 20.0

# Any: ASGI's own loose shapes.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SIGNATURE = signature.HEADER.lower().encode()
_TEXT = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]

_log = structlog.get_logger()


def receiver(
    log: LogWriter,
    *,
    secrets: Callable[[], Sequence[bytes]],
    verify_token: Callable[[], str],
    clock: Callable[[], datetime] = wall_clock.now,
) -> App:
    """Make the ASGI application.

    secrets: the app secrets that sign webhooks at the moment; while there is none, every POST is refused with
    503.
    verify_token: the word that Meta's handshake must know; while it is empty, every handshake is refused.
    Both are asked for each request, so they answer from memory.
    """
    return _Receiver(log, secrets, verify_token, clock)


class _Receiver:
    def __init__(
        self,
        log: LogWriter,
        secrets: Callable[[], Sequence[bytes]],
        verify_token: Callable[[], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._commit = GroupCommit(log)
        self._secrets = secrets
        self._verify_token = verify_token
        self._clock = clock
        self._bytes_in_the_air = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        began = monotonic()
        status, text = await self._answer(scope, receive)
        if scope["method"] == "POST":
            counters.POSTS.add(status)
            counters.POST_SECONDS.observe(monotonic() - began)
        body = text.encode("utf-8", "replace")
        headers = [*_TEXT, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._commit.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, str]:
        method = scope["method"]
        if scope["path"] == PATH:
            if method == "POST":
                return await self._take(scope, receive)
            return self._shake_hands(scope) if method == "GET" else (405, "POST or GET")
        if scope["path"] == HEALTH_PATH and method in {"GET", "HEAD"}:
            return 200, "" if method == "HEAD" else "ok"
        return 404, "not found"

    def _shake_hands(self, scope: Scope) -> tuple[int, str]:
        """Prove to Meta that this address is ours: it knows our word and gets its own back."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        expected = self._verify_token()
        given = query.get("hub.verify_token", [""])[0]
        known = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
        if query.get("hub.mode") != ["subscribe"] or not expected or not known:
            return 403, "not ours"
        return 200, query.get("hub.challenge", [""])[0]

    async def _take(self, scope: Scope, receive: Receive) -> tuple[int, str]:
        try:
            raw = await self._signed_body(dict(scope["headers"]), receive)
            lane = Lane.INBOUND if looks_inbound(raw) else Lane.STATUSES
            await self._commit.write(IncomingPost(lane, self._clock(), raw))
        except _NotTakenError as refusal:
            return refusal.status, refusal.text
        except LogError:
            return 503, "not taken; post again"
        return 200, ""

    async def _signed_body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """Return the raw bytes that Meta signed; raises _NotTakenError."""
        secrets = self._secrets()
        if not any(secrets):
            _log.error("receiver.no_secret")
            raise _NotTakenError(503, "no app secret is configured")
        if _length(headers) > MOST_BODY_BYTES:
            raise _NotTakenError(413, "too large")
        given = headers.get(_SIGNATURE, b"").decode("latin-1")
        # Whoever does not even sign is not read.
        if not given:
            raise _NotTakenError(401, "not signed")
        raw = await self._body(receive)
        if not signature.is_signed(raw, given, secrets):
            raise _NotTakenError(401, "not signed")
        return raw

    async def _body(self, receive: Receive) -> bytes:
        """Collect the body; raises _NotTakenError when it is too large, too slow or never ends."""
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _NotTakenError(400, "it never ended")
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    self._bytes_in_the_air += len(chunk)
                    if size > MOST_BODY_BYTES:
                        raise _NotTakenError(413, "too large")
                    if self._bytes_in_the_air > MOST_BYTES_IN_THE_AIR:
                        raise _NotTakenError(503, "too busy; post again")
                    chunks.append(chunk)
                    if not message.get("more_body"):
                        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        except TimeoutError:
            raise _NotTakenError(408, "too slow") from None
        finally:
            self._bytes_in_the_air -= size


class _NotTakenError(Exception):
    """A body did not come in whole."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def _length(headers: dict[bytes, bytes]) -> int:
    """Return the length that the request announces; 0 when it does not say, and then the chunks are counted."""
    announced = headers.get(b"content-length", b"")
    return int(announced) if announced.isdigit() else 0
