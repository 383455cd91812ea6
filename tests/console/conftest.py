"""Dana signed in, in a workspace of hers; and the shop of the tour, furnished once for a file."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from difusio.accounts.models import User, Workspace
from tests.console import cast, tour


@pytest.fixture
def workspace(db: None) -> Workspace:
    return cast.make_workspace()


@pytest.fixture
def dana(workspace: Workspace) -> User:
    return cast.make_member(workspace)


@pytest.fixture
def client(dana: User) -> Client:
    """A browser in which Dana is signed in."""
    client = Client()
    client.force_login(dana)
    return client


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tour.Shop]:
    """Furnish the shop once; what each test does in it is undone after the test, and the shop after the file."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield tour.furnish()
        transaction.set_rollback(True)
