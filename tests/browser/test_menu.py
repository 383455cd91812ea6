"""The navigation on a phone: one row on top, and a sheet with everything else, without a script."""

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.console import cast

pytestmark = pytest.mark.browser


def it_opens_and_closes_without_javascript(
    browser: Browser, live_server: LiveServer, transactional_db: None
) -> None:
    cast.make_member(cast.make_workspace())
    context = browser.new_context(
        locale="en", viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/sign-in/")
    page.locator("[name=login]").fill("dana@forn.example")
    page.locator("[name=password]").fill(cast.PASSWORD)
    page.locator("main button.is-main").click()
    ways = page.get_by_role("navigation", name="Main navigation")
    expect(page.get_by_role("heading", level=1)).to_have_text("Forn de la Plaça")
    expect(ways).to_be_hidden()

    page.get_by_role("button", name="Menu").click()
    expect(ways).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(ways).to_be_hidden()

    page.get_by_role("button", name="Menu").click()
    ways.get_by_role("link", name="Templates").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Templates")
    context.close()
