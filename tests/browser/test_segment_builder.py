"""A segment built by keyboard alone, counted while it is built, saved, and explained."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from difusio.contacts.models import Contact
from difusio.segments.models import Segment
from tests.console import cast, tour

pytestmark = pytest.mark.browser

_MOST_STOPS = 80


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on it, as somebody without a mouse does; what an answer brings is waited for."""
    expect(page.locator(selector).first).to_be_attached()
    for _ in range(_MOST_STOPS):
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached with Tab")


def _press(page: Page, selector: str) -> None:
    _tab_to(page, selector)
    page.keyboard.press("Enter")


def _choose(page: Page, selector: str, *, beginning: str) -> None:
    _tab_to(page, selector)
    page.keyboard.type(beginning)


def _write(page: Page, selector: str, text: str) -> None:
    _tab_to(page, selector)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


@pytest.fixture
def signed_in(page: Page, live_server: LiveServer, transactional_db: None) -> Iterator[Callable[[str], Page]]:
    cache.clear()
    tour.furnish()

    def go(address: str) -> Page:
        page.goto(f"{live_server.url}/sign-in/?next={address}")
        page.locator("[name=login]").fill("dana@forn.example")
        page.locator("[name=password]").fill(cast.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{live_server.url}{address}")
        return page

    yield go
    # A count that is still being answered holds locks, and the tables are emptied next.
    page.wait_for_load_state("networkidle")


def it_builds_a_question_by_keyboard_alone(signed_in: Callable[[str], Page], complaints: list[str]) -> None:
    page = signed_in("/segments/new/")
    everybody = Contact.objects.count()
    catalans = Contact.objects.filter(language="ca")
    # Two of those who have a size bought twice.
    meant = catalans.filter(fields__mida__isnull=True).count() + 2
    # The first condition waits, with the focus on it.
    expect(page.locator("[id='name-0-0']")).to_be_focused()
    _tab_to(page, "input[type=checkbox][value=ca]")
    page.keyboard.press("Space")
    expect(page.locator("#answer .count")).to_contain_text(f"{catalans.count()} of {everybody} contacts")

    _press(page, "[id='add-0-any']")
    expect(page.locator("[id='kind-0-1']")).to_be_focused()
    _choose(page, "[id='name-0-1-0']", beginning="mida")
    expect(page.locator("[id='test-0-1-0'] option[value=at_least]")).to_be_attached()
    _choose(page, "[id='test-0-1-0']", beginning="is empty")
    expect(page.locator("[id='value-0-1-0']")).to_have_count(0)
    _press(page, "[id='add-0-1-event']")
    expect(page.locator("[id='name-0-1-1']")).to_be_focused()
    page.keyboard.type("Bought")
    expect(page.locator("[id='sum_of-0-1-1'] option[value=total]")).to_be_attached()
    _choose(page, "[id='times-0-1-1']", beginning="at least so")
    _write(page, "[id='n-0-1-1']", "2")
    _write(page, "[id='days-0-1-1']", "100000")
    expect(page.locator("#answer")).to_contain_text("The question is not finished yet.")

    # Saving says what is wrong where it is wrong.
    _press(page, "button[value=save]")
    expect(page.get_by_role("alert")).to_have_text("Something in the question is not finished: see below.")
    expect(page.locator(".tree-leaf.is-wrong .field-error")).to_have_text(
        "A whole number from 1 to 36500 is needed."
    )
    _write(page, "[id='days-0-1-1']", "36500")
    expect(page.locator("#answer .count")).to_contain_text(f"{meant} of {everybody} contacts")
    _press(page, "button[value=save]")
    expect(page.get_by_role("alert")).to_have_text("A segment needs a name: write one.")
    _write(page, "#name", "Catalans who buy")
    _press(page, "button[value=save]")

    page.wait_for_url("**/segments/*/")
    expect(page.locator("h1")).to_have_text("Catalans who buy")
    expect(page.locator(".lead")).to_have_text(
        "People whose language is Catalan and"
        " (with “mida” empty or who bought at least 2 times in the last 36,500 days)."
    )
    expect(page.locator("#answer .count")).to_contain_text(f"{meant} of {everybody} contacts")
    _press(page, ".examples a")
    expect(page.locator("#why-title")).to_contain_text("fits")
    saved = Segment.objects.get(name="Catalans who buy")
    assert (saved.counted, saved.counted_of) == (meant, everybody)
    assert saved.tree == {
        "all": [
            {"field": "language", "in": ["ca"]},
            {
                "any": [
                    {"field": "fields.mida", "is_empty": True},
                    {"event": "bought", "at_least": 2, "within_days": 36500},
                ]
            },
        ]
    }
    assert complaints == []
