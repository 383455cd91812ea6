"""What each page costs the database, literally: a page whose cost grows with what it shows is a mistake."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from difusio.accounts.models import Role
from tests.console import tour


@pytest.mark.django_db
def it_costs_what_is_declared(shop: tour.Shop) -> None:
    owner = Client()
    owner.force_login(shop.members[Role.OWNER])
    costs = {}
    for screen in tour.SCREENS:
        if screen.queries is not None:
            with CaptureQueriesContext(connection) as asked:
                answer = owner.get(shop.address(screen.address))
            assert answer.status_code == 200, screen
            costs[screen.name] = len(asked)

    assert costs == {screen.name: screen.queries for screen in tour.SCREENS if screen.queries is not None}
