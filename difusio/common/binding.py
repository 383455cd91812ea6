"""A cursor for the hot paths that hands parameters over beside the query's text."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, cast
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

from difusio.common.sql import Cursor

# For a transaction that a power cut may undo: its commit does not wait for the disk.  Whatever commits later and waits
# makes it durable too, because PostgreSQL writes its log in order.
NO_WAIT: Final = "SET LOCAL synchronous_commit = off"


@contextmanager
def binding_cursor() -> Iterator[Cursor]:
    """Give a cursor on Django's connection, in its transaction; rows come back in binary, errors are Django's.

    Django's own cursor writes parameters into the text: for arrays of a thousand that costs more than the statement.
    JSON comes back read, not as text.
    """
    connection.ensure_connection()
    # The wrapper's connection is there now; it is psycopg's, for PostgreSQL is our only store.
    plain = cast("psycopg.Connection", connection.connection)
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with psycopg.Cursor(plain) as cursor:
        cursor.format = psycopg.pq.Format.BINARY
        # Django's stubs ask for its own wrapper where it takes the driver's cursor.
        yield wrapped(cast("CursorWrapper", cursor))


def listed(values: Iterable[int | datetime | UUID | bytes | str | None]) -> str:
    """Write values as PostgreSQL reads an array, to be cast where it is bound: ``%(ids)s::bigint[]``.

    The driver looks at every element's letters for what must be quoted; in lists of a thousand that costs more than the
    statement.  Texts are words of ours, without quotes and backslashes.
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: int | datetime | UUID | bytes | str | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return f'"{value}"'
