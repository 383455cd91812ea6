"""A template written in the browser, handed in at the simulator, approved there and seen as approved."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from whatsapp_simulator.scenario import Rules, Scenario, Setup

from difusio.common.keyring import keyring
from difusio.numbers.models import Number
from tests.console import cast, tour
from tests.message_templates.test_sync import TOKEN, WABA, playing

pytestmark = pytest.mark.browser


@pytest.fixture
def meta() -> Iterator[str]:
    """Play a Meta whose review takes no time."""
    setup = Setup(waba_id=WABA, access_token=TOKEN)
    with playing(Scenario(setup=setup, rules=Rules(review_s=(0.1, 0.2)))) as address:
        yield address


def it_writes_a_template_and_sees_it_approved(
    page: Page, live_server: LiveServer, transactional_db: None, meta: str, complaints: list[str]
) -> None:
    cache.clear()
    shop = tour.bare()
    number = cast.make_number(shop.workspace)
    number.api_url, number.waba_id = meta, WABA
    number.access_token_sealed = keyring().seal(TOKEN.encode(), purpose="numbers.access_token")
    number.save()
    page.goto(f"{live_server.url}/sign-in/?next=/templates/")
    page.locator("[name=login]").fill("dana@forn.example")
    page.locator("[name=password]").fill(cast.PASSWORD)
    page.keyboard.press("Enter")

    page.get_by_role("link", name="New template").last.click()
    page.get_by_label("Name").fill("panellets_2026")
    page.get_by_label("Body").fill("Bon dia, {{first_name}}, ja tenim els *panellets* al forn.")
    page.get_by_label("Body").blur()
    page.get_by_label("Example for first_name").fill("Ona")
    expect(page.locator(".bubble-body")).to_have_text("Bon dia, Ona, ja tenim els panellets al forn.")
    expect(page.locator(".bubble-footer")).to_have_text("Respon BAIXA per no rebre'n més")
    page.get_by_label("Kind").select_option("QUICK_REPLY")
    page.get_by_role("button", name="Hand it in at Meta").click()
    # The button was chosen and says nothing yet.
    page.get_by_label("Text").fill("Avui no")
    page.get_by_role("button", name="Hand it in at Meta").click()

    page.wait_for_url("**/templates/*/")
    expect(page.locator("h1")).to_have_text("panellets_2026")
    expect(page.locator(".title-facts .state")).to_have_text("in review")
    page.locator("nav").get_by_role("link", name="Templates").click()
    state = page.locator("td .state")
    # Whoever is curious asks again; the review takes a moment.
    for _ in range(40):
        page.get_by_role("button", name="Ask Meta now").click()
        expect(page.locator("p.notice")).to_be_visible()
        if state.inner_text().strip() == "approved":
            break
    expect(state).to_have_text("approved")
    page.get_by_role("link", name="panellets_2026").click()
    expect(page.get_by_text("in review → approved")).to_be_visible()
    assert Number.objects.count() == 1
    assert complaints == []
