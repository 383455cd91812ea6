"""Dana signed in, in a workspace of hers."""

import pytest
from django.test import Client

from difusio.accounts.models import User, Workspace
from tests.console import cast


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
