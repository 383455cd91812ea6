"""The JetStream adapter's way in: groups of posts as messages, each acknowledged by a majority's disks; no Django."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from secrets import token_hex
from typing import Final

from nats.aio.client import Client
from nats.errors import MaxPayloadError
from nats.js.api import Header

from difusio.common.sealed import Keyring
from difusio.log.jetstream import AWAY, SUBJECTS, Cluster, SealedPost, pack
from difusio.log.port import IncomingPost, Lane, LogUnavailableError
from difusio.log.table_writer import BODY

# Small messages are copied between the servers without holding each other up; a larger post is one by itself.
_MOST_BYTES: Final = 512 * 1024
# While the servers choose a new leader nobody answers; asking again under the same id writes nothing twice.
_ANSWER_S: Final = 1.0
_AGAIN_S: Final = 0.1
_WRITE_S: Final = 5.0


class JetStreamWriter:
    """Write posts into the stream.  Connects when it first writes; a broken connection comes back by itself."""

    def __init__(self, cluster: Cluster, keyring: Keyring) -> None:
        self._cluster = cluster
        self._keyring = keyring
        self._client: Client | None = None

    async def append(self, posts: Sequence[IncomingPost]) -> None:
        """Write the posts; when it returns, two of three servers have synced them.  Raises LogUnavailableError."""
        try:
            async with asyncio.timeout(_WRITE_S):
                client = await self._connected()
                await asyncio.gather(
                    *(_publish(client, SUBJECTS[lane], message) for lane, message in self._messages(posts))
                )
        except AWAY as error:
            raise LogUnavailableError(LogUnavailableError.__doc__) from error

    async def close(self) -> None:
        """Close the connection, if there is one."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _connected(self) -> Client:
        if self._client is None or self._client.is_closed:
            self._client = await self._cluster.connect("difusio receive")
        return self._client

    def _messages(self, posts: Sequence[IncomingPost]) -> Iterator[tuple[Lane, bytes]]:
        for lane in Lane:
            chosen = [post for post in posts if post.lane is lane]
            sealed = self._keyring.seal_all([post.body for post in chosen], purpose=BODY)
            group: list[SealedPost] = []
            size = 0
            for post, body in zip(chosen, sealed, strict=True):
                if group and size + len(body) > _MOST_BYTES:
                    yield lane, pack(group)
                    group, size = [], 0
                group.append((post.received_at, body))
                size += len(body)
            if group:
                yield lane, pack(group)


async def _publish(client: Client, subject: str, message: bytes) -> None:
    """Publish until it is acknowledged; the caller's patience is the limit.  Raises what AWAY lists."""
    headers = {str(Header.MSG_ID.value): token_hex(16)}
    while True:
        try:
            answer = await client.request(subject, message, timeout=_ANSWER_S, headers=headers)
        except MaxPayloadError:
            raise
        except AWAY:
            await asyncio.sleep(_AGAIN_S)
            continue
        verdict = json.loads(answer.data)
        # A refusal names a place in the stream too, as when the first try still waits for a second disk.
        if "error" not in verdict and verdict.get("seq"):
            return
        await asyncio.sleep(_AGAIN_S)
