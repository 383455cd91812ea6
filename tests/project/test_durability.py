"""Settings that put saved data at risk are named."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from difusio.project import embedded_postgres
from difusio.project.disk import free_bytes
from difusio.project.durability import unsafe_settings


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    embedded_postgres.remove_store(tmp_path)


def it_names_what_is_switched_off(home: Path) -> None:
    with embedded_postgres.open_store(home) as store, psycopg.connect(store.url) as connection:
        assert unsafe_settings(connection) == ()

    with embedded_postgres.open_store(home, durable=False) as store, psycopg.connect(store.url) as connection:
        assert unsafe_settings(connection) == ("fsync", "full_page_writes", "synchronous_commit")


def it_counts_the_room_on_the_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "there") > 0
