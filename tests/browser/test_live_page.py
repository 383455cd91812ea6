"""The live page in a real browser: keyboard, movement, no JavaScript, no policy broken, a narrow window."""

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from difusio.accounts.models import Workspace
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.common.clock import now
from tests.browser.conftest import watched
from tests.console import cast

pytestmark = pytest.mark.browser

LONG = "Avís-de-servei-extraordinàriament-important-sense-cap-espai-per-partir-la-línia"


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    cache.clear()
    workspace = cast.make_workspace(is_demo=True)
    cast.make_member(workspace)
    return workspace


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    campaign = cast.make_campaign(workspace)
    cast.count_all(campaign, cast.HALFWAY)
    cast.make_delivery(campaign)
    Round.objects.filter(campaign=campaign).update(launched_at=now())
    return campaign


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("E-mail address").fill("dana@forn.example")
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.locator("main button.is-main").click()
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/campaigns/")


def _step(page: Page, key: str) -> str:
    return page.locator(f".funnel-step.is-{key} .funnel-n").inner_text()


def it_signs_in_and_reaches_a_campaign_by_keyboard_alone(
    page: Page, live_server: LiveServer, campaign: Campaign, complaints: list[str]
) -> None:
    page.goto(f"{live_server.url}/campaigns/")
    page.keyboard.type("dana@forn.example")
    page.keyboard.press("Tab")
    page.keyboard.type(cast.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/campaigns/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name=campaign.name)
    for _ in range(30):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(campaign.name)
    assert complaints == []


def it_moves_while_the_campaign_sends_and_stops_asking_never_before_the_end(
    page: Page, live_server: LiveServer, campaign: Campaign, complaints: list[str]
) -> None:
    _sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/campaigns/{campaign.pk}/")
    assert _step(page, "accepted") == "812"

    cast.count(campaign, "accepted", 1000)

    expect(page.locator(".funnel-step.is-accepted .funnel-n")).to_have_text("1,000")
    expect(page.locator("#announcement")).to_have_text(re.compile("Sending: 1,000 of 1,202 accepted."))

    cast.count_all(campaign, {"accepted": 1199, "in_doubt": 0})

    expect(page.locator("#state")).to_have_text(re.compile("Completed"))
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    cast.count(campaign, "read", 300)
    expect(page.locator(".funnel-step.is-read .funnel-n")).to_have_text("300")
    assert complaints == []


def it_keeps_the_keyboards_place_while_numbers_move(
    page: Page, live_server: LiveServer, campaign: Campaign
) -> None:
    _sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/campaigns/{campaign.pk}/")
    page.get_by_role("button", name="Pause").focus()

    cast.count(campaign, "accepted", 813)
    expect(page.locator(".funnel-step.is-accepted .funnel-n")).to_have_text("813")

    expect(page.get_by_role("button", name="Pause")).to_be_focused()


def it_pauses_and_resumes_and_asks_before_it_cancels(
    page: Page, live_server: LiveServer, campaign: Campaign, complaints: list[str]
) -> None:
    _sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/campaigns/{campaign.pk}/")

    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#state")).to_have_text(re.compile("Paused"))
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#state")).to_have_text(re.compile("Sending"))
    cast.let_somebody_wait(campaign)
    page.get_by_role("link", name="Cancel the campaign").click()
    expect(page.get_by_text("385 people who wait for it will not get it.")).to_be_visible()
    page.get_by_role("button", name="Cancel the campaign").click()

    expect(page.locator("#state")).to_have_text(re.compile("Cancelled"))
    assert complaints == []


@pytest.fixture
def plain_page(browser: Browser, transactional_db: None) -> Iterator[Page]:
    """A browser in which no script runs."""
    context = browser.new_context(locale="en", java_script_enabled=False)
    yield context.new_page()
    context.close()


def it_works_without_javascript(plain_page: Page, live_server: LiveServer, campaign: Campaign) -> None:
    page = plain_page
    _sign_in(page, live_server.url)
    page.get_by_role("link", name=campaign.name).click()
    assert _step(page, "accepted") == "812"

    cast.count(campaign, "accepted", 900)
    page.get_by_role("link", name="Refresh").click()
    assert _step(page, "accepted") == "900"

    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#state")).to_have_text(re.compile("Paused"))
    page.get_by_role("button", name="Català").click()
    expect(page.locator("#state")).to_have_text(re.compile("En pausa"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ca", "es", "en"])
def it_fits_a_narrow_window_and_breaks_no_policy(
    browser: Browser,
    live_server: LiveServer,
    workspace: Workspace,
    campaign: Campaign,
    complaints: list[str],
    language: str,
    scheme: str,
) -> None:
    hostile = cast.make_campaign(workspace, f"{LONG}<script>alert(1)</script>")
    cast.count_all(hostile, cast.HALFWAY)
    cast.make_delivery(hostile, LONG)
    cast.make_campaign(workspace, "Mona de Pasqua", state=CampaignState.DRAFT)
    context = browser.new_context(
        locale=language,
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = watched(context.new_page(), complaints)
    page.goto(f"{live_server.url}/sign-in/")
    page.locator("[name=login]").fill("dana@forn.example")
    page.locator("[name=password]").fill(cast.PASSWORD)
    page.locator("main button.is-main").click()

    for address in (
        "/campaigns/",
        f"/campaigns/{campaign.pk}/",
        f"/campaigns/{hostile.pk}/",
        f"/campaigns/{hostile.pk}/cancel/",
        "/sign-out/",
    ):
        page.goto(live_server.url + address)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, address
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, .button, input:not([type=hidden]), select")]
                .filter((part) => part.checkVisibility() && part.getBoundingClientRect().height < 44)
                .map((part) => part.outerHTML)"""
        )
        assert small == [], address
    context.close()
    assert complaints == []


def it_says_so_when_no_answer_comes_and_is_silent_when_one_does(
    page: Page, live_server: LiveServer, campaign: Campaign
) -> None:
    _sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/campaigns/{campaign.pk}/")
    trouble = page.get_by_role("alert").filter(has_text="No answer came")
    expect(trouble).to_have_count(0)

    page.route(f"**/campaigns/{campaign.pk}/?*", lambda route: route.abort())
    expect(trouble).to_be_visible()
    page.unroute(f"**/campaigns/{campaign.pk}/?*")

    expect(trouble).to_have_count(0)
