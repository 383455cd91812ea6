"""The table adapter's way in: one connection of its own, groups of posts, one sync each; no Django."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import psycopg

from difusio.common.sealed import Keyring
from difusio.common.sql import Queries
from difusio.log.port import IncomingPost, LogUnavailableError

BODY = "log.body"  # the purpose under which bodies are sealed

_CONNECT_S = 3
# Longer than any healthy commit takes.  Meta wants its answer soon, and a 503 costs nothing but a repetition.
_WRITE_S = 5.0

_queries = Queries(Path(__file__).with_name("posts.sql"))


class TableWriter:
    """Write posts into PostgreSQL.  dsn: of the store.  Connects when it first writes, and again after any failure.

    For one caller at a time: the receiver's single writer task groups what waits.
    """

    def __init__(self, dsn: str, keyring: Keyring) -> None:
        self._dsn = dsn
        self._keyring = keyring
        self._connection: psycopg.AsyncConnection | None = None

    async def append(self, posts: Sequence[IncomingPost]) -> None:
        """Write the posts in one statement; durable when it returns.  Raises LogUnavailableError."""
        values = {
            "lanes": [int(post.lane) for post in posts],
            "received": [post.received_at for post in posts],
            "bodies": [self._keyring.seal(post.body, purpose=BODY) for post in posts],
        }
        try:
            async with asyncio.timeout(_WRITE_S):
                connection = await self._connected()
                await connection.execute(_queries["append_posts"], values)
        except (psycopg.Error, OSError, TimeoutError) as error:
            # Whatever it was, the next try begins afresh: the server may have been replaced by its standby.
            await self.close()
            raise LogUnavailableError(LogUnavailableError.__doc__) from error

    async def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connected(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.closed:
            # Autocommit: the statement is the transaction, and when it returns the disk has it.
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, connect_timeout=_CONNECT_S, application_name="difusio receive"
            )
        return self._connection
