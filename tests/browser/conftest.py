"""Debian's Chromium against a live server; left out with a clear line where it is missing, except in CI."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.processes import wait_until

CHROMIUM = "/usr/bin/chromium"
_MISSING = "Chromium is missing (on Debian: apt-get install chromium)"


@pytest.fixture(scope="module")
def browser(django_db_setup: None) -> Iterator[Browser]:
    """Start Chromium for one file; Playwright's event loop must be gone before other tests run."""
    if not shutil.which(CHROMIUM):
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which Django takes for a mistake.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--disable-gpu",
                "--disable-background-networking",
                # Chromium refuses its sandbox to root, who runs the tests in containers.
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def served_to_the_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the server finish what a closed page had still asked.

    The tables are emptied after each test, and the two may wait for each other's locks.
    """
    if "transactional_db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    wait_until(_nobody_is_busy, "the server has answered everything")


def _nobody_is_busy() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid())"
        )
        return bool(cursor.fetchone()[0])


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained about: violations of the content security policy, broken scripts."""
    return []


def watched(page: Page, complaints: list[str]) -> Page:
    """Note what goes wrong in a page."""

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


@pytest.fixture
def context(browser: Browser, transactional_db: None) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en", viewport={"width": 1280, "height": 860})
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Page:
    return watched(context.new_page(), complaints)
