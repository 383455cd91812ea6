"""A store that a bench may fill as it likes: made for it, as durable as a real one, and removed afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from difusio.common.sentences import SentenceError
from difusio.project.database import database_settings
from difusio.project.embedded_postgres import remove_store
from difusio.project.start import Installation, start


class NoDatabaseOfOurOwn(SentenceError):
    """A bench makes a database of its own on the server named with --url: the user there needs the right to."""


@contextmanager
def own_store(server_url: str = "") -> Iterator[Installation]:
    """Open an empty installation in a temporary home, with a store of its own.

    server_url: a PostgreSQL server on which a database is made for the bench and dropped afterwards; empty: the
    embedded one, in the temporary home.  The bench's other processes find it through the environment.
    """
    home = Path(tempfile.mkdtemp(prefix="difusio-bench-"))
    try:
        with _own_database(server_url) as url:
            for name in ("DATABASE_URL_FILE", "DIFUSIO_SECRET_KEY"):
                os.environ.pop(name, None)
            os.environ["DIFUSIO_HOME"] = str(home)
            os.environ["DIFUSIO_KEYS_FILE"] = str(home / "keys.json")
            os.environ["DATABASE_URL"] = url
            installation = start()
            try:
                yield installation
            finally:
                installation.close()
    finally:
        remove_store(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _own_database(server_url: str) -> Iterator[str]:
    if not server_url:
        yield ""
        return
    database_settings(server_url, idle_s=0)  # only to refuse what cannot be read
    name = f"difusio_bench_{os.getpid()}"
    _tell(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        _tell(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _tell(url: str, statement: sql.Composed) -> None:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as server:
            server.execute(statement)
    except psycopg.Error as error:
        why = str(error).strip().splitlines()[-1]
        raise NoDatabaseOfOurOwn(f"{NoDatabaseOfOurOwn.__doc__} ({why})") from None
