"""One platform for all fault tests: what they kill, they start again; each has a shop of its own."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.faults.stage import ENGINES, Platform
from tests.stores import own_database


@pytest.fixture(scope="package")
def stage(django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Open the stage in a database of its own: what engines commit must not meet other tests."""
    with django_db_blocker.unblock(), own_database("difusio_stage"):
        platform = Platform(tmp_path_factory.mktemp("stage"))
        try:
            platform.open()
            yield platform
        finally:
            platform.close()


@pytest.fixture
def own_store(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a test open a stage on a server that it may kill."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def platform(stage: Platform) -> Iterator[Platform]:
    """Give the stage with every engine running once and nothing going wrong."""
    stage.ensure(*ENGINES)
    stage.faults()
    yield stage
    stage.faults()
