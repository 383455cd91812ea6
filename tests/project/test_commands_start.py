"""An installation that does not fit together refuses to start: one sentence, no traceback, nothing changed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from difusio.common.sealed import Keyring, save_keyring
from tests.project.commands import complaint, installation, run, said


@pytest.fixture
def store(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), installation("difusio_start") as url:
        said("numbers", "list")
        yield url


@pytest.fixture
def keys_file() -> Iterator[None]:
    usual = settings.DIFUSIO_KEYS_FILE
    yield
    settings.DIFUSIO_KEYS_FILE = usual


def migrations() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        return int(cursor.fetchone()[0])


def it_refuses_a_store_that_a_newer_program_made(store: str) -> None:
    with psycopg.connect(store) as other:
        other.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('surveys', '0001_initial', now())"
        )
    before = migrations()

    said_so = run("numbers", "list").stderr

    assert "This store was made by a newer Difusió: update the program" in said_so
    assert "(surveys.0001_initial)" in said_so
    assert migrations() == before


def it_refuses_another_stores_keys(store: str, keys_file: None, tmp_path: Path) -> None:
    save_keyring(Keyring.generate(), tmp_path / "keys.json")
    settings.DIFUSIO_KEYS_FILE = tmp_path / "keys.json"

    assert complaint("numbers", "list") == (
        "The key file does not belong to this store: put back the one that does; nothing was changed."
    )


def it_refuses_a_missing_key_file_and_makes_none(store: str, keys_file: None, tmp_path: Path) -> None:
    settings.DIFUSIO_KEYS_FILE = tmp_path / "keys.json"

    assert complaint("numbers", "list").startswith("The key file of this store is missing: put it back")
    assert list(tmp_path.iterdir()) == []


def it_refuses_a_damaged_key_file(store: str, keys_file: None, tmp_path: Path) -> None:
    settings.DIFUSIO_KEYS_FILE = tmp_path / "keys.json"
    settings.DIFUSIO_KEYS_FILE.write_text("{}")

    assert "is damaged: put back the one" in complaint("numbers", "list")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be read: write it as postgresql://"),
        ({"DATABASE_URL": "mysql://a@b/c"}, "DATABASE_URL cannot be read: write it as postgresql://"),
        (
            {"DATABASE_URL": "postgresql://u:planted-password@127.0.0.1:1/x"},
            "The PostgreSQL of DATABASE_URL does not answer: check the address",
        ),
        ({"DATABASE_URL_FILE": "/nowhere/url"}, "DATABASE_URL_FILE names /nowhere/url, which cannot be read"),
        (
            {"DIFUSIO_HOME": "/dev/null/home"},
            "The folder of this installation cannot be made or written to",
        ),
        ({"DIFUSIO_HOME": "/proc"}, "The folder of this installation cannot be made or written to"),
        ({"DIFUSIO_DEBUG": "perhaps"}, "DIFUSIO_DEBUG is 'perhaps': write yes or no."),
        ({"DIFUSIO_DOUBT_SECONDS": "soon"}, "DIFUSIO_DOUBT_SECONDS is 'soon': write whole seconds"),
        ({"DIFUSIO_LEASE_SECONDS": "5"}, "DIFUSIO_LEASE_SECONDS must be more than DIFUSIO_REQUEST_SECONDS"),
    ],
)
def it_says_which_setting_is_wrong(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    if not Path("/proc/self").exists() and "/proc" in variables.values():
        pytest.skip("there is no folder that not even root can write to")
    environment = {**os.environ, "DIFUSIO_HOME": str(tmp_path), **variables}

    done = subprocess.run(
        [sys.executable, "-m", "difusio", "numbers", "list"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(sentence)
    assert "planted-password" not in done.stderr


def it_says_so_when_the_database_goes_away_in_the_middle_of_a_command(store: str) -> None:
    with psycopg.connect(store) as other:
        other.execute("ALTER TABLE numbers_number RENAME TO numbers_kept")
        other.execute(
            "CREATE VIEW numbers_number AS"
            " WITH ended AS MATERIALIZED (SELECT pg_terminate_backend(pg_backend_pid()) AS gone)"
            " SELECT numbers_kept.* FROM ended LEFT JOIN numbers_kept ON gone"
        )

    assert complaint("numbers", "list").startswith("The database stopped answering in the middle")
