"""A campaign from the first question to the last message: real pages, sender, receiver and simulator."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pytest_django.plugin import DjangoDbBlocker

from difusio.campaigns.models import Campaign
from difusio.common.clock import now
from difusio.segments.models import Segment
from tests.browser.conftest import watched
from tests.cast import Shop
from tests.console import cast
from tests.faults.stage import Platform
from tests.processes import free_port, wait_until
from tests.stores import own_database

pytestmark = pytest.mark.browser

PEOPLE = 160
PACE_PER_S = 20


@pytest.fixture(scope="module")
def stage(
    browser: Browser, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Platform, str]]:
    """Open a platform with its pages; give it and where they are."""
    with django_db_blocker.unblock(), own_database("difusio_pages"):
        platform = Platform(tmp_path_factory.mktemp("pages"))
        port = free_port()
        try:
            platform.open()
            log = platform.start("web", "--port", str(port)).log
            platform.start("work", "--urgent")
            wait_until(lambda: "Pages on" in log.read_text("utf-8"), "the pages are served")
            yield platform, f"http://127.0.0.1:{port}"
        finally:
            platform.close()


@pytest.fixture
def ona(stage: tuple[Platform, str]) -> Shop:
    """A shop whose people all agreed, with a segment of them and Dana who owns it."""
    platform, _ = stage
    of = platform.shop(pace_per_s=PACE_PER_S)
    platform.crowd(of, PEOPLE)
    Segment.objects.create(
        workspace=of.workspace,
        name="Tothom",
        tree={"field": "country", "in": ["ES"]},
        created_at=now(),
    )
    dana = cast.make_member(of.workspace, f"dana{of.workspace.pk}@forn.example")
    # The pages run in a process of their own, which knows none of the tests' quick hashers.
    dana.password = PBKDF2PasswordHasher().encode(cast.PASSWORD, "salt", iterations=1)
    dana.save()
    return of


def _page(browser: Browser, locale: str, complaints: list[str]) -> tuple[BrowserContext, Page]:
    context = browser.new_context(locale=locale, viewport={"width": 1280, "height": 860})
    context.set_default_timeout(15_000)
    return context, watched(context.new_page(), complaints)


def it_is_planned_checked_launched_stopped_resumed_and_watched_to_its_end(
    browser: Browser, stage: tuple[Platform, str], ona: Shop, complaints: list[str]
) -> None:
    platform, url = stage
    context, page = _page(browser, "ca", complaints)
    page.goto(f"{url}/sign-in/")
    page.locator("[name=login]").fill(f"dana{ona.workspace.pk}@forn.example")
    page.locator("[name=password]").fill(cast.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in/" not in address)
    page.goto(f"{url}/campaigns/")
    page.get_by_role("link", name="Planifica la primera").click()

    # Whom: the count moves while one chooses.
    page.get_by_label("Nom de la campanya").fill("Castanyada")
    page.get_by_label("Tema").select_option(label="Ofertes (màrqueting)")
    expect(page.locator("#side strong")).to_have_text(str(PEOPLE))
    page.get_by_role("button", name="Desa i continua: què").click()

    # What: the placeholder is filled with what is known of each person.
    page.get_by_label("Plantilla").select_option("autumn")
    page.get_by_text("Posa-hi el que sabem de cadascú").click()
    page.get_by_label("On és buit").fill("amic")
    page.get_by_role("button", name="Posa-l'hi").click()
    expect(page.get_by_label("Què hi va")).to_have_value('{{ contact.first_name | default: "amic" }}')
    expect(page.locator(".bubble-body")).to_have_text(re.compile(f"Bon dia, N{PEOPLE - 1}\\."))
    page.get_by_label("Què hi va").fill("{{ contact.frist_name }}")
    page.get_by_label("Què hi va").blur()
    expect(page.locator("#error-0")).to_have_text(re.compile("contact.frist_name"))
    page.get_by_label("Què hi va").fill("{{ contact.first_name | default: 'amic' }}")
    page.get_by_role("button", name="Desa i continua: quan").click()

    # When: left here, and found again in the list.
    expect(page.get_by_role("heading", level=1)).to_have_text("Quan surt?")
    page.goto(f"{url}/campaigns/")
    page.get_by_role("link", name="Continua: quan").click()
    page.get_by_role("button", name="Desa i continua: comprova").click()

    # Check, and launch.
    expect(page.get_by_text(f"La reben {PEOPLE} persones.")).to_be_visible()
    page.get_by_role("button", name="Llança-la").click()
    expect(page.locator("#state")).to_have_text(re.compile("Enviant"))
    expect(page.locator(".funnel-waiting")).to_have_text(re.compile(r"Ara \d+ per segon, de 20 com a molt"))

    # Stop everything, and let it go on.
    page.get_by_role("link", name="Atura-ho tot").click()
    page.get_by_role("button", name="Atura-ho tot").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("No s'està enviant res")
    assert platform.accepted(ona) < PEOPLE
    expect(page.get_by_role("link", name="Atura-ho tot")).to_have_count(0)
    page.get_by_role("button", name="Reprèn").click()

    # Watched to its end; everybody got it once.
    expect(page.locator("#state")).to_have_text(re.compile("Completada"), timeout=60_000)
    page.locator(".funnel-step.is-accepted .funnel-n a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(f"Acceptats: {PEOPLE}"))
    with page.expect_download() as file:
        page.get_by_role("link", name="Baixa'ls en CSV").click()
    assert len(file.value.path().read_text("utf-8-sig").splitlines()) == PEOPLE + 1
    truth = platform.truth(ona)
    assert (len(truth.received), set(truth.received.values())) == (PEOPLE, {1})
    context.close()
    assert complaints == []


def _tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the wanted part has the focus, as somebody does who has no mouse."""
    for _ in range(60):
        if wanted.evaluate("(part) => part === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted}")


def it_is_planned_and_launched_by_keyboard_alone(
    browser: Browser, stage: tuple[Platform, str], ona: Shop, complaints: list[str]
) -> None:
    platform, url = stage
    context, page = _page(browser, "en", complaints)
    page.goto(f"{url}/campaigns/")
    page.keyboard.type(f"dana{ona.workspace.pk}@forn.example")
    page.keyboard.press("Tab")
    page.keyboard.type(cast.PASSWORD)
    page.keyboard.press("Enter")

    _tab_to(page, page.get_by_role("link", name="Plan the first one"))
    page.keyboard.press("Enter")
    _tab_to(page, page.get_by_label("Name of the campaign"))
    page.keyboard.type("Autumn")
    _tab_to(page, page.get_by_label("Topic"))
    page.keyboard.type("Ofertes")
    expect(page.locator("#side strong")).to_have_text(str(PEOPLE))
    # Enter in a field goes on, as everywhere.
    _tab_to(page, page.get_by_role("button", name="Save and go on: what"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("What does it say?")
    _tab_to(page, page.get_by_label("Template"))
    page.keyboard.type("autumn")
    expect(page.get_by_label("What stands there")).to_be_visible()
    _tab_to(page, page.get_by_label("What stands there"))
    page.keyboard.type("{{ contact.first_name }}")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("When does it leave?")
    _tab_to(page, page.get_by_role("button", name="Save and go on: check"))
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{PEOPLE} people get it.")).to_be_visible()
    _tab_to(page, page.get_by_role("button", name="Launch"))
    page.keyboard.press("Enter")

    expect(page.locator("#state")).to_have_text(re.compile("Sending"))
    _tab_to(page, page.get_by_role("button", name="Pause"))
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text(re.compile("Paused"))
    assert Campaign.objects.get(workspace=ona.workspace).name == "Autumn"
    assert platform.accepted(ona) < PEOPLE
    context.close()
    assert complaints == []
