"""What the pages say to a shop on its first day, when every list is empty."""

import pytest
from django.test import Client

from difusio.accounts.models import Role
from tests.console import tour


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
