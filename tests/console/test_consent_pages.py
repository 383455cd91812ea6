"""The consent pages: their numbers lead to the people behind them."""

import re

import pytest
from django.test import Client

from difusio.accounts.models import Role
from tests.console import tour
from tests.console.tour import consent, contacts

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/consent/", "/consent/topics/"])
def it_leads_from_a_topics_number_to_those_who_agreed(address: str) -> None:
    shop = tour.bare()
    for part in (contacts, consent):
        part.furnish(shop)
    owner = Client(headers={"accept-language": "en"})
    owner.force_login(shop.members[Role.OWNER])

    page = owner.get(address).content.decode()

    found = re.findall(r'<a href="(/contacts/\?topic=\d+)&amp;said=agreed">(\d+)</a>', page)
    assert any(n != "0" for _, n in found)
    for link, n in found:
        assert len(owner.get(f"{link}&said=agreed").context["page"].rows) == int(n)
