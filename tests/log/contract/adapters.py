"""The log's two adapters as the contract sees them: how to open them, to hurt them, and to look at what is at rest."""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
from django.db import connection
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from psycopg.conninfo import make_conninfo

from difusio.common.sealed import Keyring, load_keyring
from difusio.log.jetstream import AWAY, STREAM, SUBJECTS, Cluster
from difusio.log.jetstream_reader import JetStreamReader
from difusio.log.jetstream_writer import JetStreamWriter
from difusio.log.port import IncomingPost, Lane, LogReader, LogWriter
from difusio.log.table_reader import TableReader
from difusio.log.table_writer import TableWriter
from tools.cluster.nats import NatsCluster

# After so long a post goes to another drain: soon, and not while a busy machine makes us slow.
AGAIN_S: Final = 4.0
_READY_S: Final = 60.0
_LOOK_S: Final = 0.2

T = TypeVar("T")


class Adapter(ABC):
    """One place in which the log can be."""

    keys: Keyring

    def __init__(self) -> None:
        self.keys = load_keyring(Path(os.environ["DIFUSIO_HOME"]) / "keys.json")
        self._readers: list[LogReader] = []

    def append(self, posts: Sequence[IncomingPost]) -> None:
        async def story() -> None:
            writer = self.writer()
            try:
                await writer.append(posts)
            finally:
                await writer.close()

        asyncio.run(story())

    def reader(self) -> LogReader:
        reader = self._reader()
        self._readers.append(reader)
        return reader

    def close(self) -> None:
        for reader in self._readers:
            reader.close()

    @abstractmethod
    def writer(self) -> LogWriter: ...
    @abstractmethod
    def writer_to_nowhere(self) -> LogWriter: ...
    @abstractmethod
    def _reader(self) -> LogReader: ...

    @abstractmethod
    async def interrupt(self) -> None:
        """Break every writer's connection."""

    @abstractmethod
    def at_rest(self) -> bytes:
        """Give everything that is stored, as it is stored."""

    @abstractmethod
    def append_damaged(self) -> None:
        """Store a post that nobody can open."""

    @property
    @abstractmethod
    def place(self) -> list[str]:
        """Say where the log is, for another process."""


class Table(Adapter):
    """A table of the store."""

    def writer(self) -> LogWriter:
        return TableWriter(dsn(), self.keys)

    def writer_to_nowhere(self) -> LogWriter:
        return TableWriter("host=127.0.0.1 port=1 dbname=none", self.keys)

    def _reader(self) -> LogReader:
        return TableReader(self.keys)

    async def interrupt(self) -> None:
        async with await psycopg.AsyncConnection.connect(dsn(), autocommit=True) as other:
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'difusio receive'"
            )

    def at_rest(self) -> bytes:
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(sealed_body, '') FROM log_post")
            return bytes(cursor.fetchone()[0])

    def append_damaged(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO log_post (lane, received_at, sealed_body) VALUES (1, now(), '\\x01')")

    @property
    def place(self) -> list[str]:
        return ["table"]


class JetStream(Adapter):
    """A stream on three servers."""

    def __init__(self, servers: NatsCluster) -> None:
        super().__init__()
        self._servers = servers
        self.cluster = Cluster(servers.url, servers.system_url, again_s=AGAIN_S)
        self.ask(self._empty)

    def writer(self) -> LogWriter:
        return JetStreamWriter(self.cluster, self.keys)

    def writer_to_nowhere(self) -> LogWriter:
        return JetStreamWriter(Cluster("nats://127.0.0.1:1"), self.keys)

    def _reader(self) -> LogReader:
        return JetStreamReader(self.cluster, self.keys)

    async def interrupt(self) -> None:
        for place in range(len(self._servers)):
            self._servers.kill(place)
            self._servers.start(place)
        self._servers.wait()

    def at_rest(self) -> bytes:
        async def stored(client: Client) -> bytes:
            streams = client.jetstream()
            last = (await streams.stream_info(STREAM)).state.last_seq
            found = [await streams.get_msg(STREAM, place) for place in range(1, last + 1)]
            return b"".join(message.data or b"" for message in found)

        return self.ask(stored)

    def append_damaged(self) -> None:
        async def publish(client: Client) -> None:
            await client.jetstream().publish(SUBJECTS[Lane.STATUSES], b"none of ours")

        self.ask(publish)

    @property
    def place(self) -> list[str]:
        return ["jetstream", self.cluster.url]

    def ask(self, question: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        """Let a coroutine speak with the servers."""

        async def story() -> T:
            client = await self.cluster.connect("test")
            try:
                return await question(client)
            finally:
                await client.close()

        return asyncio.run(story())

    async def _empty(self, client: Client) -> None:
        streams = client.jetstream()
        async with asyncio.timeout(_READY_S):
            while True:
                try:
                    with suppress(NotFoundError):
                        await streams.delete_stream(STREAM)
                    await self.cluster.prepare(client)
                except AWAY:
                    # A server that the test before ended may be back and not ready for a stream yet.
                    await asyncio.sleep(_LOOK_S)
                else:
                    return


def dsn() -> str:
    """Return the address of the test database, for connections that are not Django's."""
    parameters = connection.get_connection_params()
    known = {
        key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if key in parameters
    }
    return make_conninfo(**known)
