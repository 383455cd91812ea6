"""Compare a freshly migrated store with the models: no migration is missing, and each does what it says.

It uses a store of its own in a home that goes away.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""
_NAMES = """
SELECT conname FROM pg_constraint WHERE conrelid = %(table)s::regclass
UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %(table)s::regclass
"""


def main() -> None:
    from difusio.common.sealed import Keyring, save_keyring
    from difusio.project.embedded_postgres import open_store, remove_store

    home = Path(tempfile.mkdtemp(prefix="difusio-check-"))
    save_keyring(Keyring.generate(), home / "keys.json")
    os.environ |= {
        "DIFUSIO_HOME": str(home),
        "DIFUSIO_KEYS_FILE": str(home / "keys.json"),
        "DJANGO_SETTINGS_MODULE": "difusio.project.settings",
    }
    try:
        with open_store(home, durable=False) as store:
            os.environ["DATABASE_URL"] = store.url
            found = list(_differences())
        remove_store(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for sentence in found:
        print(sentence)
    sys.exit(1 if found else 0)


def _differences() -> Iterator[str]:
    import django
    from django.apps import apps
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0)
    try:
        call_command("makemigrations", check_changes=True, dry_run=True, verbosity=1)
    except SystemExit:
        yield "The models say more than the migrations: difusio's Django needs makemigrations."
    ours = [config for config in apps.get_app_configs() if config.name.startswith("difusio.")]
    for config in ours:
        for model in config.get_models():
            yield from _differences_of(model)
    connections.close_all()


def _differences_of(model: Any) -> Iterator[str]:
    from django.db import connection

    meta = model._meta  # noqa: SLF001  # Django documents it as public
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [meta.db_table])
        there = {name: (kind, not_null) for name, kind, not_null in cursor.fetchall()}
        cursor.execute(_NAMES, {"table": meta.db_table})
        named = {name for (name,) in cursor.fetchall()}
    wanted = {
        field.column: (_plain(field.db_type(connection)), not field.null)
        for field in meta.local_concrete_fields
    }
    for column in sorted(wanted.keys() | there.keys()):
        if wanted.get(column) != there.get(column):
            yield f"{meta.db_table}.{column}: the model says {wanted.get(column)}, the store {there.get(column)}."
    for thing in (*meta.constraints, *meta.indexes):
        if thing.name not in named:
            yield f"{meta.db_table}: {thing.name} is not in the store."


def _plain(kind: str) -> str:
    """Write Django's name of a type as PostgreSQL does."""
    return "time without time zone" if kind == "time" else kind.replace("varchar", "character varying")


if __name__ == "__main__":
    main()
