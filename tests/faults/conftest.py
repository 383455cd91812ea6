"""One platform for all fault tests: what they kill, they start again; each has a shop of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from difusio.project.start import bring_up_to_date
from tests.faults.stage import Platform, store_url

_NAME = "difusio_stage"


@pytest.fixture(scope="package")
def stage(django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Open the stage in a database of its own: what engines commit must not meet other tests."""
    with django_db_blocker.unblock(), _own_database():
        platform = Platform(tmp_path_factory.mktemp("stage"))
        try:
            platform.open()
            yield platform
        finally:
            platform.close()


@pytest.fixture
def platform(stage: Platform) -> Iterator[Platform]:
    """Give the stage with every engine running once and nothing going wrong."""
    stage.ensure("receive", "drain", "clock", "send")
    stage.faults()
    yield stage
    stage.faults()


@contextmanager
def _own_database() -> Iterator[None]:
    usual = connection.settings_dict["NAME"]
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_NAME))
    with psycopg.connect(store_url(), autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_NAME)))
    connection.close()
    connection.settings_dict["NAME"] = _NAME
    try:
        bring_up_to_date()
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with psycopg.connect(store_url(), autocommit=True) as server:
            server.execute(drop)
