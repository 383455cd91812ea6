"""Whoever hears the page of an import hears each tenth of a step once."""

import pytest
from django.test import Client

from difusio.accounts.models import Role
from tests.console import tour


@pytest.mark.django_db
def it_reads_out_a_tenth_when_it_is_reached(shop: tour.Shop) -> None:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(shop.members[Role.OWNER])
    address = f"/contacts/import/{shop.ids['taking_id']}/"

    page = browser.get(address)
    told = page.context["told"]
    same = browser.get(f"{address}?told={told}", headers={"HX-Request": "true"}).content.decode()
    news = browser.get(f"{address}?told=checking-0", headers={"HX-Request": "true"}).content.decode()

    assert '<p class="visually-hidden" id="announcement" role="status"' in page.content.decode()
    assert f"/?told={told}" in same
    assert 'id="announcement"' not in same
    assert '<p id="announcement" hx-swap-oob="innerHTML">' in news
