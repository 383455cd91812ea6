"""Databases of their own for what several processes commit, and another server for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from difusio.project.database import database_settings
from difusio.project.start import bring_up_to_date


def store_url(database: str = "") -> str:
    """Name the tests' server, and one of its databases."""
    url = os.environ["DATABASE_URL"]
    return urlsplit(url)._replace(path=f"/{database}").geturl() if database else url


@contextmanager
def at_server(url: str) -> Iterator[None]:
    """Let Django and the engines use an empty database of another server for a while."""
    usual_url, usual = os.environ["DATABASE_URL"], dict(connection.settings_dict)
    connection.close()
    os.environ["DATABASE_URL"] = url
    connection.settings_dict.update(database_settings(url, idle_s=settings.DIFUSIO_LEASE_S))
    try:
        bring_up_to_date()
        yield
    finally:
        connection.close()
        connection.settings_dict.update(usual)
        os.environ["DATABASE_URL"] = usual_url


@contextmanager
def own_database(name: str) -> Iterator[str]:
    """Give an up-to-date database of its own and let Django use it; afterwards it is gone.

    What processes commit must not meet other tests.
    """
    usual = connection.settings_dict["NAME"]
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(store_url(), autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        bring_up_to_date()
        yield store_url(name)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with psycopg.connect(store_url(), autocommit=True) as server:
            server.execute(drop)
