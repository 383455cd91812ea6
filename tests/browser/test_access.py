"""Every page for everybody: axe finds nothing in any language, nor in the dark or on a phone."""

from collections.abc import Mapping
from functools import partial
from typing import Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.core.cache import cache
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Route
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import watched
from tests.console import cast, tour

pytestmark = pytest.mark.browser

# Forms that say what is missing when they are sent empty.
_FORMS: Final = (
    "/contacts/new/",
    "/consent/topics/",
    "/segments/new/",
    "/templates/new/",
    "/settings/numbers/new/",
)
_SEND_EMPTY: Final = """() => {
    const form = document.querySelector("main form[method=post]");
    form.noValidate = true;
    form.querySelector(".is-main").click();
}"""
_MISTAKE: Final = "main :is(.field-error, .alarm:not([hidden]))"
_FAULTS: Final = ("403.html", "403_csrf.html", "429.html", "500.html", "503.html")

# What WCAG 2.2 AA asks for, and what axe holds to be good practice besides.
_RULES: Final = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
# Another colour scheme changes colours alone.
_COLOURS: Final = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
_NARROW: Final = {"width": 390, "height": 844}
_WIDE: Final = {"width": 1280, "height": 860}


# Only what is wrong comes back: the thousands of parts that are right would take most of the time.
_ASK: Final = """async (options) => {
    const found = await axe.run(document, { ...options, resultTypes: ["violations"] });
    return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)}`));
}"""

# Targets that a finger would miss.
_SMALL: Final = """() => [...document.querySelectorAll("button, .button, input, select")]
    .filter((part) => !["hidden", "checkbox", "radio"].includes(part.type))
    .filter((part) => part.checkVisibility() && part.getBoundingClientRect().height < 44)
    .map((part) => "too small to touch: " + part.outerHTML.slice(0, 160))"""


def _run(page: Page, options: Mapping[str, object]) -> list[str]:
    found: list[str] = page.evaluate(_ASK, options)
    return found


def _answer(page: str, route: Route) -> None:
    route.fulfill(body=page, content_type="text/html; charset=utf-8")


def _wrong(page: Page, *, is_looked_at_twice: bool) -> list[str]:
    """Say what is wrong with a page: for axe, and what a phone cannot show or a finger not hit.

    is_looked_at_twice: also in the dark and on a phone, where words change nothing for axe.
    """
    page.evaluate(AXE_SCRIPT)
    wrong = _run(page, _RULES)
    if is_looked_at_twice:
        page.emulate_media(color_scheme="dark")
        wrong += [f"dark {one}" for one in _run(page, _COLOURS)]
        page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": _NARROW["width"], "height": _NARROW["height"]})
    if is_looked_at_twice:
        wrong += [f"narrow {one}" for one in _run(page, _RULES)]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        wrong.append("wider than a phone")
    wrong += page.evaluate(_SMALL)
    page.set_viewport_size({"width": _WIDE["width"], "height": _WIDE["height"]})
    return wrong


@pytest.mark.parametrize("language", ["ca", "es", "en"])
def it_shuts_nobody_out(
    browser: Browser, live_server: LiveServer, transactional_db: None, complaints: list[str], language: str
) -> None:
    cache.clear()
    shop = tour.furnish()
    context = browser.new_context(
        locale=language, viewport={"width": _WIDE["width"], "height": _WIDE["height"]}
    )
    page = watched(context.new_page(), complaints)
    # Catalan: the longest words of the three, and the first language of the pages.
    look = partial(_wrong, is_looked_at_twice=language == "ca")
    page.goto(f"{live_server.url}/sign-in/")
    wrong = {"sign-in": look(page)}
    page.locator("[name=login]").fill("dana@forn.example")
    page.locator("[name=password]").fill(cast.PASSWORD)
    page.locator("main button.is-main").click()
    page.wait_for_url(lambda address: "/sign-in/" not in address)
    page.set_viewport_size({"width": _NARROW["width"], "height": _NARROW["height"]})
    page.locator("[popovertarget=menu]").first.click()
    page.evaluate(AXE_SCRIPT)
    wrong["menu"] = [*_run(page, _RULES), *page.evaluate(_SMALL)]
    page.set_viewport_size({"width": _WIDE["width"], "height": _WIDE["height"]})
    for screen in tour.SCREENS:
        page.goto(live_server.url + shop.address(screen.address))
        wrong[screen.name] = look(page)
    context.close()

    assert {name: found for name, found in wrong.items() if found} == {}
    assert complaints == []


def it_shuts_nobody_out_on_the_first_day_nor_after_a_mistake(
    browser: Browser, live_server: LiveServer, transactional_db: None
) -> None:
    cache.clear()
    context = browser.new_context(
        locale="ca", viewport={"width": _NARROW["width"], "height": _NARROW["height"]}
    )
    page = context.new_page()
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.evaluate(AXE_SCRIPT)
        wrong[name] = _run(page, _RULES)

    def send_empty(name: str) -> None:
        page.evaluate(_SEND_EMPTY)
        page.locator(_MISTAKE).first.wait_for()
        look(f"{name} after a mistake")

    page.goto(f"{live_server.url}/first-run/")
    look("first-run")
    send_empty("first-run")
    shop = tour.bare()
    page.goto(f"{live_server.url}/sign-in/")
    page.locator("[name=login]").fill("dana@forn.example")
    page.locator("[name=password]").fill("not the one at all")
    page.locator("main button.is-main").click()
    page.locator(_MISTAKE).first.wait_for()
    look("sign-in after a mistake")
    page.locator("[name=password]").fill(cast.PASSWORD)
    page.locator("main button.is-main").click()
    page.wait_for_url(lambda address: "/sign-in/" not in address)
    for screen in tour.SCREENS:
        if screen.is_telling_when_empty or screen.name == "home":
            page.goto(live_server.url + shop.address(screen.address))
            look(f"{screen.name} on the first day")
    # What is asked for only where there is a number.
    cast.make_number(shop.workspace)
    for address in _FORMS:
        page.goto(live_server.url + address)
        send_empty(address)
    page.goto(f"{live_server.url}/nothing/")
    look("404.html")
    for name in _FAULTS:
        # What would have to break first is not broken: the page alone stands where it would.
        page.route("**/fault/", partial(_answer, render_to_string(name)))
        page.goto(f"{live_server.url}/fault/")
        look(name)
        page.unroute("**/fault/")
    context.close()

    assert {name: found for name, found in wrong.items() if found} == {}
