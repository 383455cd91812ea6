"""The first day of a shop, in a browser against the real processes: from an empty store to an answered customer."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import watched
from tests.journeys.conftest import Machine
from tests.processes import wait_until

pytestmark = pytest.mark.browser

PASSWORD = "llevat de pastisser 7"
PHONE = "+34 600 123 456"


@pytest.fixture
def page(browser: Any, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(locale="ca")
    context.set_default_timeout(30_000)
    yield watched(context.new_page(), complaints)
    context.close()


def it_leads_from_an_empty_store_to_a_first_message_and_an_answered_customer(
    machine: Machine, page: Page, complaints: list[str]
) -> None:
    page.goto(machine.url)
    page.get_by_label("Nom del negoci").fill("Forn de la Plaça")
    page.get_by_label("adreça", exact=False).first.fill("dana@forn.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"{machine.url}/")
    expect(page.get_by_role("heading", name="Fins al primer missatge")).to_be_visible()

    page.get_by_role("link", name="Prova-ho amb el simulador").click()
    page.get_by_label("El seu port").fill(machine.simulator_url.rpartition(":")[2])
    page.get_by_role("button", name="Connecta").click()
    expect(page.get_by_text("Meta ha contestat. Plantilles: 6 de noves")).to_be_visible()

    page.goto(machine.url)
    page.get_by_role("link", name="Envia un missatge de prova").click()
    page.get_by_label("Plantilla").select_option(label="opening_hours · ca")
    page.get_by_label("El teu telèfon").fill(PHONE)
    page.get_by_label("El teu nom").fill("Dana")
    page.get_by_role("button", name="Envia'l").click()
    expect(page.get_by_text("confirma que el telèfon és teu")).to_be_visible()
    page.get_by_label("Aquest telèfon és meu").check()
    page.get_by_role("button", name="Envia'l").click()
    expect(page.get_by_text("Hola, Dana. Avui obrim una hora més tard.")).to_be_visible()
    wait_until(lambda: machine.arrived() == ["template"], "the test message arrived")

    page.goto(machine.url)
    expect(page.get_by_role("heading", name="Fins al primer missatge")).to_have_count(0)
    machine.control("POST", "people/+34600123456/write", {"text": "A quina hora tanqueu?"})
    page.goto(f"{machine.url}/conversations/")
    page.get_by_role("link", name="Dana", exact=True).click(timeout=30_000)
    expect(page.get_by_text("A quina hora tanqueu?")).to_be_visible()
    page.get_by_label("La teva resposta").fill("A les nou. Us esperem.")
    page.get_by_role("button", name="Respon", exact=True).click()

    wait_until(lambda: machine.arrived() == ["template", "text"], "the answer arrived")
    expect(page.locator(".talk-line.is-ours .bubble-ticks").last).to_be_visible()
    page.goto(f"{machine.url}/conversations/")
    expect(page.get_by_role("heading", name="No espera ningú")).to_be_visible()
    assert complaints == []
