"""A cursor for the hot paths that hands parameters over beside the query's text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import psycopg
from django.db import connection

from difusio.common.sql import Cursor


@contextmanager
def binding_cursor() -> Iterator[Cursor]:
    """Give a cursor on Django's connection, in its transaction; rows come back in binary, errors are Django's.

    Django's own cursor writes parameters into the text: for arrays of a thousand that costs more than the statement.
    Queries through this one do not stand in Django's log of queries, and JSON comes back read, not as text.
    """
    connection.ensure_connection()
    # The wrapper's connection is there now; it is psycopg's, for PostgreSQL is our only store.
    plain = cast("psycopg.Connection", connection.connection)
    with connection.wrap_database_errors, psycopg.Cursor(plain) as cursor:
        cursor.format = psycopg.pq.Format.BINARY
        yield cursor
