"""A store made by a newer program is refused before anything is touched."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from difusio.project.schema_version import (
    NewerStore,
    applied_migrations,
    known_migrations,
    refuse_newer_store,
)

KNOWN = frozenset({("contacts", "0001_initial"), ("consent", "0001_initial")})

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A connection that sees no table but its own, which go away with it."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("SET search_path = pg_temp")
        yield connection
        connection.rollback()


def migrated(connection: Connection, *migrations: tuple[str, str]) -> None:
    connection.execute("CREATE TEMP TABLE django_migrations (id serial, app text, name text)")
    for migration in migrations:
        connection.execute("INSERT INTO django_migrations (app, name) VALUES (%s, %s)", migration)


def it_accepts_a_store_that_was_never_migrated(connection: Connection) -> None:
    refuse_newer_store(connection, KNOWN)

    assert applied_migrations(connection) == ()


def it_accepts_a_store_as_new_as_the_program_or_older(connection: Connection) -> None:
    migrated(connection, ("contacts", "0001_initial"))

    refuse_newer_store(connection, KNOWN)

    assert applied_migrations(connection) == (("contacts", "0001_initial"),)


def it_refuses_a_store_with_a_migration_or_a_whole_app_that_it_does_not_know(connection: Connection) -> None:
    migrated(connection, ("contacts", "0001_initial"), ("contacts", "0002_more"), ("surveys", "0001_initial"))

    unknown = "contacts.0002_more, surveys.0001_initial"
    with pytest.raises(NewerStore, match=f"update the program.*{unknown}"):
        refuse_newer_store(connection, KNOWN)


def it_knows_the_migrations_of_all_installed_apps() -> None:
    known = known_migrations()

    assert {("contacts", "0001_initial"), ("auth", "0001_initial")} <= known
