"""The log in NATS JetStream: one stream, a subject and a consumer for each lane, and the way to its servers.

A message holds posts of one lane that were appended together, each sealed by itself: one acknowledgement, and so one
sync of the disks, serves them all, as one statement does in the table.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
import structlog
from nats.aio.client import Client, Srv
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from difusio.log.port import Lane

STREAM: Final = "difusio_posts"
SUBJECTS: Final = {Lane.INBOUND: "difusio.posts.inbound", Lane.STATUSES: "difusio.posts.statuses"}
CONSUMERS: Final = {Lane.INBOUND: "drain_inbound", Lane.STATUSES: "drain_statuses"}
REPLICAS: Final = 3
# Whatever goes wrong between us and the servers; the driver's own errors and the system's.
AWAY: Final = (NatsError, OSError, TimeoutError)
# A post with when it came in and its body, sealed under log.body.
SealedPost = tuple[datetime, bytes]

# As long as the table keeps them (consent rules, 36).
_KEPT_S: Final = 30 * 24 * 3600.0
_CONNECT_S: Final = 3
_RECONNECT_S: Final = 1

_log = structlog.get_logger("difusio.log")
_decoder = msgspec.msgpack.Decoder(list[SealedPost])
pack = msgspec.msgpack.Encoder().encode


def unpack(data: bytes) -> list[SealedPost]:
    """Read a message's posts.  Raises msgspec.DecodeError for what is none of ours."""
    return _decoder.decode(data)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the servers answer, as whom, and for how long a drain may keep a post to itself.

    url: nats:// or tls:// with user and password, several parted by commas.  system_url: the same servers as their
    system account.  ca_file: who signed their certificates; empty: whom this machine trusts.  again_s: a post that was
    taken and not settled for so long goes to another drain.
    """

    url: str = field(repr=False)
    system_url: str = field(default="", repr=False)
    ca_file: str = ""
    again_s: float = 10.0

    async def connect(self, name: str) -> Client:
        """Connect; a connection that breaks later is mended in the background.  Raises what AWAY lists."""
        return await self._connect(self.url, name)

    async def connect_as_system(self) -> Client:
        """Connect as the system account, which alone may ask each server.  Raises what AWAY lists."""
        return await self._connect(self.system_url, "difusio check")

    async def prepare(self, client: Client) -> None:
        """Make the stream and its consumers, where they are missing.  Raises what AWAY lists."""
        streams = client.jetstream()
        try:
            await streams.stream_info(STREAM)
        except NotFoundError:
            await streams.add_stream(
                StreamConfig(
                    name=STREAM,
                    subjects=list(SUBJECTS.values()),
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    num_replicas=REPLICAS,
                    max_age=_KEPT_S,
                )
            )
        for lane, consumer in CONSUMERS.items():
            await streams.add_consumer(
                STREAM,
                ConsumerConfig(
                    durable_name=consumer,
                    filter_subject=SUBJECTS[lane],
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=self.again_s,
                ),
            )

    async def replay(self) -> int:
        """Let the drains fold in everything that the stream keeps once more; give how many messages.

        Raises what AWAY lists.
        """
        client = await self.connect("difusio log replay")
        try:
            await self.prepare(client)
            streams = client.jetstream()
            for consumer in CONSUMERS.values():
                await streams.delete_consumer(STREAM, consumer)
            await self.prepare(client)
            return (await streams.stream_info(STREAM)).state.messages
        finally:
            await client.close()

    async def _connect(self, url: str, name: str) -> Client:
        client = _Connection()

        async def lost() -> None:
            if not client.is_closed:
                _log.warning("log.connection_lost", client=name)

        async def back() -> None:
            _log.info("log.connection_back", client=name)

        async def wrong(error: Exception) -> None:
            # While it is away each try fails, and that it is away was said.
            if client.is_connected:
                _log.warning("log.connection_trouble", client=name, error=type(error).__name__)

        is_encrypted = self.ca_file or "tls://" in url
        try:
            async with asyncio.timeout(_CONNECT_S):
                await client.connect(
                    servers=[server.strip() for server in url.split(",")],
                    name=name,
                    tls=ssl.create_default_context(cafile=self.ca_file or None) if is_encrypted else None,
                    connect_timeout=_CONNECT_S,
                    reconnect_time_wait=_RECONNECT_S,
                    max_reconnect_attempts=-1,
                    error_cb=wrong,
                    disconnected_cb=lost,
                    reconnected_cb=back,
                )
        except TimeoutError as error:
            # It tries for ever; why the last try failed says more than that time is over.
            await client.close()
            raise client.last_error or error from error
        return client


class _Connection(Client):
    """The driver, which forgets the socket of a greeting that broke off when it tries again: here it is closed."""

    async def _connect_to_server(self, s: Srv) -> None:
        if self._transport:
            self._transport.close()  # type: ignore[no-untyped-call]  # the driver gives it no types
        await super()._connect_to_server(s)
