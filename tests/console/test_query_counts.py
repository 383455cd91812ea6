"""What each page costs the database, literally: a page whose cost grows with what it shows is a mistake."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from difusio.accounts.models import Role
from tests.console import tour


@pytest.mark.django_db
def it_costs_what_is_declared() -> None:
    shop = tour.furnish()
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


@pytest.mark.django_db
def it_has_something_to_say_on_the_first_day() -> None:
    shop = tour.bare()
    owner = Client()
    owner.force_login(shop.members[Role.OWNER])
    for screen in tour.SCREENS:
        if screen.is_telling_when_empty:
            answer = owner.get(shop.address(screen.address))
            assert answer.status_code == 200, screen
            assert 'class="empty' in answer.content.decode(), screen
