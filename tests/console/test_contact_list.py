"""The list of contacts shows whom its filter names, and the filter says what it does."""

import pytest
from django.test import Client

from difusio.accounts.models import Role
from tests.console import tour


@pytest.mark.django_db
def it_filters_by_consent_and_asks_for_the_topic_that_is_missing(shop: tour.Shop) -> None:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(shop.members[Role.OWNER])

    def answer(address: str) -> str:
        return browser.get(f"/contacts/{address}").content.decode()

    unasked = answer("")
    assert '<option value="">with or without</option>' in unasked
    assert "Choose a topic." not in unasked
    lacking = answer("?said=left")
    assert '<p class="field-error" id="topic-error">Choose a topic.</p>' in lacking
    assert '<option value="left" selected>' in lacking
    who_left = answer(f"?topic={shop.ids['offers_id']}&said=left")
    assert "Choose a topic." not in who_left
    assert "Bilal" in who_left
    assert "Mercè" not in who_left
    assert '<option value="agreed" selected>' in answer(f"?topic={shop.ids['offers_id']}")
