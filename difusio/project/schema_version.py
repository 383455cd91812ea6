"""Which migrations a store has seen, and whether this program knows them all: if not, a newer one made the store."""

from collections.abc import Set as AbstractSet
from typing import Any

from difusio.project.postgres_programs import StoreError

Migration = tuple[str, str]  # app, name

_SHOWN = 3


class NewerStore(StoreError):
    """This store was made by a newer Difusió: update the program, or restore a backup into a new store."""


def refuse_newer_store(connection: Any, known: AbstractSet[Migration]) -> None:
    """Check, before anything is read or written, that this program knows every migration of the store.

    connection: psycopg's or Django's, both give cursors.  Cost: 2 queries.  Raises NewerStore.
    """
    if unknown := unknown_migrations(applied_migrations(connection), known):
        raise NewerStore(f"({unknown})")


def applied_migrations(connection: Any) -> tuple[Migration, ...]:
    """List the store's migrations in the order they ran; none in a store that was never migrated."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return ()
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return tuple((app, name) for app, name in cursor.fetchall())


def known_migrations() -> frozenset[Migration]:
    """List what this program's migrations are, those that squashed ones replace included.  Needs Django set up."""
    from django.db.migrations.loader import MigrationLoader

    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    replaced = {old for migration in on_disk.values() for old in migration.replaces}
    return frozenset(on_disk) | replaced


def unknown_migrations(applied: tuple[Migration, ...], known: AbstractSet[Migration]) -> str:
    """Name the first of the applied migrations that are not known; empty if all are."""
    unknown = [f"{app}.{name}" for app, name in applied if (app, name) not in known]
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    return ", ".join(unknown[:_SHOWN]) + more
