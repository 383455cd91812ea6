"""An owner brings people in from a file with wrong rows, looks one up, lets her go; with scripts and without."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from difusio.accounts.models import AuditEntry, Workspace
from difusio.consent.models import Entry, Standing
from difusio.consent.topics import add_topic
from difusio.contacts.models import Contact
from difusio.work.worker import work_once
from tests.console import cast

pytestmark = pytest.mark.browser

FILE = """Nom;Cognoms;Mòbil;Talla
Mercè;Puig Vilardell;600 111 221;M
Asha;Rahman;600 111 222;L
Chen;;12;S
Mercè;Puig;600111221;M
=HYPERLINK(1);;600 111 223;S
"""


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    cache.clear()
    workspace = cast.make_workspace()
    cast.make_member(workspace)
    return workspace


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clients.csv"
    path.write_text(FILE, "utf-8")
    return path


def _work() -> None:
    while work_once(owner="test"):
        pass


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("E-mail address").fill("dana@forn.example")
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.locator("main button.is-main").click()
    page.wait_for_url(lambda address: "/sign-in/" not in address)


def _assert_everybody_agreed(page: Page) -> None:
    page.get_by_label("What did they agree to?").select_option(label="Ofertes")
    page.get_by_label("Other words").fill("Vull rebre les ofertes del forn.")
    page.get_by_label("The language of these words").select_option("ca")
    page.get_by_label("Where did they agree?").fill("full del taulell")
    page.get_by_label("What shows it, and where is it kept?").fill("carpeta 3")
    page.get_by_label("When, where the row has no date?").fill("2026-03-31")
    page.get_by_label("I answer for it").check()


def it_brings_people_in_from_a_file_with_wrong_rows_and_lets_one_go(
    page: Page, live_server: LiveServer, workspace: Workspace, file: Path, complaints: list[str]
) -> None:
    _sign_in(page, live_server.url)

    # The first day: the empty page leads to the topics and to the file.
    page.goto(f"{live_server.url}/consent/topics/")
    page.get_by_label("Name").fill("Ofertes")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("link", name="Ofertes")).to_be_visible()
    page.get_by_role("link", name="Contacts").first.click()
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("A file of people or of orders").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()

    # What each column becomes is seen before anything happens, and can be changed.
    expect(page.get_by_label("Mòbil")).to_have_value("phone")
    page.get_by_label("Talla").select_option("left_out")
    expect(page.get_by_label("Other words")).to_be_hidden()
    page.get_by_label("Everybody whose row says nothing else").check()
    page.get_by_role("button", name="Check what would happen").click()
    expect(page.get_by_text("Write the words down, or choose some above.")).to_be_visible()
    _assert_everybody_agreed(page)
    page.get_by_role("button", name="Check what would happen").click()

    # It waits for the job; left and found again, the page moves on by itself.
    expect(page.get_by_text("It begins in a moment")).to_be_visible()
    page.goto(f"{live_server.url}/campaigns/")
    page.goto(f"{live_server.url}/contacts/import/")
    page.get_by_role("link", name="clients.csv").click()
    _work()
    expect(page.get_by_text("Nothing is taken in yet. This is what would be:")).to_be_visible()
    expect(page.get_by_text("the same as line …")).to_be_visible()
    assert not Contact.objects.exists()
    page.get_by_role("button", name="Take it in").click()
    _work()
    expect(page.get_by_text("The file is in")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download the refused rows").click()
    refused = list(csv.reader(Path(download.value.path()).read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [(row[0], row[2]) for row in refused[1:]] == [
        ("4", "Chen"),
        ("5", "Mercè"),
        ("6", "'=HYPERLINK(1)"),
    ]

    # One person is looked up by the end of her phone, and let go.
    page.get_by_role("link", name="See the contacts").click()
    page.get_by_label("Name, phone, e-mail or number").fill("1221")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Mercè Puig Vilardell").click()
    expect(page.get_by_text("Agreed on 31 March 2026: full del taulell.")).to_be_visible()
    expect(page.get_by_text("+34600111221")).to_be_visible()
    page.get_by_role("link", name="They want to leave").click()
    page.get_by_label("How do we know?").fill("Ho ha dit al taulell")
    page.get_by_role("button", name="Let them go").click()
    expect(page.locator(".answer")).to_contain_text("No")
    expect(page.locator(".timeline li").first).to_contain_text("Left Ofertes")

    assert not Standing.objects.get(contact__first_name="Mercè").may_write
    assert Standing.objects.get(contact__first_name="Asha").may_write
    assert list(AuditEntry.objects.order_by("seq").values_list("act", flat=True)) == [
        "topic.added",
        "import.taken",
        "consent.withdrawn",
    ]
    assert complaints == []


@pytest.fixture
def plain_page(browser: Browser, transactional_db: None) -> Iterator[Page]:
    """A browser in which no script runs."""
    context = browser.new_context(locale="en", java_script_enabled=False)
    yield context.new_page()
    context.close()


def it_needs_no_script_for_any_of_it(
    plain_page: Page, live_server: LiveServer, workspace: Workspace, file: Path
) -> None:
    page = plain_page
    add_topic(workspace.pk, name="Ofertes", kind="marketing", by="Dana", at=cast.NOON)  # type: ignore[arg-type]  # its value
    _sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/contacts/import/")
    page.get_by_label("A file of people or of orders").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_label("Everybody whose row says nothing else").check()
    _assert_everybody_agreed(page)
    page.get_by_role("button", name="Check what would happen").click()
    _work()
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("button", name="Take it in").click()
    _work()
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("The file is in")).to_be_visible()
    page.get_by_role("link", name="See the contacts").click()
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Phone", exact=True).fill("600 111 221")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("link", name="Look at their page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mercè Puig Vilardell")

    page.get_by_role("link", name="Consent", exact=True).click()
    page.get_by_role("button", name="Check now").click()
    _work()
    page.reload()
    expect(page.get_by_text("all 2 entries are as they were written")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the proof").click()
    assert len(Path(download.value.path()).read_text("utf-8").splitlines()) == Entry.objects.count() == 2
