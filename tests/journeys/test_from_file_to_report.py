"""A shop's whole story in a browser, in Spanish: people in, a question, a campaign, somebody leaves, the report."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import watched
from tests.journeys.conftest import Machine
from tests.processes import wait_until

pytestmark = pytest.mark.browser

PASSWORD = "levadura de pastelero 7"
PEOPLE = 12
LEAVING = "34600200103"


@pytest.fixture
def page(browser: Any, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(locale="es")
    context.set_default_timeout(30_000)
    yield watched(context.new_page(), complaints)
    context.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twelve who read Spanish, and one who reads English."""
    rows = [f"Nuria {n};600 200 1{n:02};es" for n in range(1, PEOPLE + 1)]
    path = tmp_path / "clientes.csv"
    path.write_text("\n".join(["Nombre;Móvil;Idioma", *rows, "Asha;600 200 199;en"]), "utf-8")
    return path


def it_goes_from_a_file_to_the_report(
    machine: Machine, page: Page, file: Path, complaints: list[str]
) -> None:
    _own(machine, page)
    _send_at_any_hour(machine, page)
    _connect(machine, page)
    _bring_people_in(machine, page, file)
    _ask_who_reads_spanish(machine, page)
    _plan_and_launch(machine, page)

    # Watched to its end: everybody who was asked for got it once.
    expect(page.locator("#state")).to_have_text(re.compile("Completada"), timeout=60_000)
    assert sorted(machine.arrived()) == ["template"] * PEOPLE
    live = page.url

    # One word to leave, heard within seconds and confirmed once.
    machine.control("POST", f"people/{LEAVING}/write", {"text": "BAJA"})
    wait_until(lambda: machine.arrived().count("text") == 1, "the leaving is confirmed")
    page.goto(live)
    expect(page.locator(".funnel-step.is-left .funnel-n")).to_have_text("1")
    page.locator(".funnel-step.is-left .funnel-n a").click()
    page.get_by_role("link", name="Nuria 3", exact=True).click()
    expect(page.locator(".timeline li").filter(has_text="Baja de Ofertas")).to_have_count(1)
    expect(page.locator(".timeline li").filter(has_text="BAJA")).not_to_have_count(0)

    # The report: nobody waits, nobody got it twice, and who left is not asked again.
    page.goto(live)
    expect(page.locator(".funnel-step.is-accepted .funnel-n")).to_have_text(str(PEOPLE))
    expect(page.locator(".funnel-waiting")).to_have_count(0)
    assert machine.arrived().count("text") == 1
    assert complaints == []


def _own(machine: Machine, page: Page) -> None:
    page.goto(machine.url)
    page.locator("[name=workspace_name]").fill("Horno de la Plaza")
    page.locator("[name=email]").fill("dana@horno.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"{machine.url}/")


def _send_at_any_hour(machine: Machine, page: Page) -> None:
    # Else this story waits for the morning when somebody tells it at night.
    page.goto(f"{machine.url}/settings/restraint/")
    for end in ("quiet_from", "quiet_until"):
        page.locator(f"[name={end}]").fill("")
    page.get_by_role("button", name="Guardar").click()
    expect(page.locator("[name=quiet_from]")).to_have_value("")


def _connect(machine: Machine, page: Page) -> None:
    page.goto(f"{machine.url}/settings/numbers/simulator/")
    page.locator("[name=port]").fill(machine.simulator_url.rpartition(":")[2])
    page.get_by_role("button", name="Conectar").click()
    expect(page.get_by_text("Meta ha contestado")).to_be_visible()
    # People as they are, but for leaving: that is for the one who says so here.
    habits = machine.control("GET", "habits")
    machine.control(
        "PUT", "habits", {**habits, "replies": 0, "leaves": 0, "delivered": 1, "delivered_late": 0}
    )


def _bring_people_in(machine: Machine, page: Page, file: Path) -> None:
    page.goto(f"{machine.url}/consent/topics/")
    page.locator("[name=name]").fill("Ofertas")
    page.get_by_role("button", name="Crearlo").click()
    page.goto(f"{machine.url}/contacts/import/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Mirarlo").click()
    page.locator("[name=agreed][value=all]").check()
    page.locator("[name=topic]").select_option(label="Ofertas")
    page.locator("[name=other_wording]").fill("Quiero recibir las ofertas del horno.")
    page.locator("[name=wording_language]").select_option("es")
    page.locator("[name=source]").fill("hoja del mostrador")
    page.locator("[name=proof]").fill("carpeta 3")
    page.locator("[name=given_on]").fill("2026-03-31")
    page.locator("[name=is_ours]").check()
    page.get_by_role("button", name="Comprobar qué pasaría").click()
    page.get_by_role("button", name="Hacerlo entrar").click()
    expect(page.get_by_text("El archivo ya está dentro")).to_be_visible()


def _ask_who_reads_spanish(machine: Machine, page: Page) -> None:
    page.goto(f"{machine.url}/segments/new/")
    page.locator("input[type=checkbox][value=es]").check()
    expect(page.locator("#answer .count")).to_contain_text(f"{PEOPLE} de {PEOPLE + 1}")
    page.locator("#name").fill("Quien lee en español")
    page.locator("button[value=save]").click()
    page.wait_for_url(re.compile(r"/segments/\d+/$"))


def _plan_and_launch(machine: Machine, page: Page) -> None:
    page.goto(f"{machine.url}/campaigns/new/")
    page.locator("[name=name]").fill("Novedades de otoño")
    page.locator("[name=topic]").select_option(label="Ofertas (marketing)")
    page.locator("[name=segment]").select_option(label="Quien lee en español")
    expect(page.locator("#side strong")).to_have_text(str(PEOPLE))
    page.get_by_role("button", name="Guardar y continuar: qué").click()
    page.locator("[name=template]").select_option("news_of_the_week")
    page.locator("[id=value-0]").fill("{{ contact.first_name }}")
    page.get_by_role("button", name="Guardar y continuar: cuándo").click()
    page.get_by_role("button", name="Guardar y continuar: comprobar").click()
    page.get_by_role("button", name="Lanzar").click()
