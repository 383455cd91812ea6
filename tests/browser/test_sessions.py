"""Proving who one is, in a real browser: an invitation, a code from an app, a passkey, another password."""

from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from difusio.accounts.models import Workspace
from tests.browser.conftest import watched
from tests.console import cast

pytestmark = pytest.mark.browser

LAIA = "laia@forn.example"
NEW_PASSWORD = "massa mare de cap de setmana"


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    cache.clear()
    workspace = cast.make_workspace()
    cast.make_member(workspace)
    return workspace


@pytest.fixture
def elsewhere(browser: Browser, workspace: Workspace) -> Iterator[BrowserContext]:
    """A second browser, of somebody else or on another device."""
    context = browser.new_context(locale="en")
    context.set_default_timeout(15_000)
    yield context
    context.close()


def _sign_in(page: Page, url: str, email: str, password: str) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _again(page: Page, password: str) -> None:
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Go on").click()


def _code(secret: str, step: int = 0) -> str:
    """Tell what an app shows for this half minute, or for the next one: each code holds once."""
    *_, now, following = yield_hotp_counters_from_time()
    return str(format_hotp_value(hotp_value(secret, following if step else now)))


def _wrong(page: Page) -> list[str]:
    """Say what axe finds: these pages ask for the password first, so that the tour cannot look at them."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def it_invites_a_member_who_adds_a_second_step_and_changes_the_password(
    page: Page,
    elsewhere: BrowserContext,
    live_server: LiveServer,
    workspace: Workspace,
    complaints: list[str],
) -> None:
    url = live_server.url
    _sign_in(page, url, "dana@forn.example", cast.PASSWORD)
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/settings/members/")
    page.get_by_label("Their e-mail address").fill(LAIA)
    page.get_by_label("Role", exact=True).select_option("desk")
    page.get_by_role("button", name="Invite").click()
    link = page.locator("#link").inner_text()

    laia = watched(elsewhere.new_page(), complaints)
    laia.goto(link)
    laia.get_by_label("Password", exact=True).fill(cast.PASSWORD)
    laia.get_by_label("The password again").fill(cast.PASSWORD)
    laia.get_by_role("button", name="Join").click()
    laia.wait_for_url(f"{url}/")
    expect(laia.get_by_role("link", name="Conversations")).to_be_visible()
    expect(laia.get_by_role("link", name="Settings")).to_have_count(0)

    laia.goto(f"{url}/account/")
    laia.get_by_role("link", name="Set up an app").click()
    _again(laia, cast.PASSWORD)
    assert _wrong(laia) == []
    secret = laia.locator("code.secret").inner_text()
    laia.get_by_label("Code").fill(_code(secret))
    laia.get_by_role("button", name="Switch it on").click()
    expect(laia.locator(".recovery-codes li")).to_have_count(10)
    assert _wrong(laia) == []

    other = watched(page.context.browser.new_context(locale="en").new_page(), complaints)  # type: ignore[union-attr]
    _sign_in(other, url, LAIA, cast.PASSWORD)
    expect(other.get_by_role("heading", name="Is it really you?")).to_be_visible()
    assert _wrong(other) == []
    other.get_by_label("Code").fill("000000")
    other.get_by_role("button", name="Go on").click()
    expect(other.get_by_text("The code is not right")).to_be_visible()
    other.get_by_label("Code").fill(_code(secret, 1))
    other.get_by_role("button", name="Go on").click()
    other.wait_for_url(f"{url}/")

    laia.goto(f"{url}/account/password/")
    laia.get_by_label("Present password").fill(cast.PASSWORD)
    laia.get_by_label("New password").fill(NEW_PASSWORD)
    laia.get_by_label("The password again").fill(NEW_PASSWORD)
    laia.get_by_role("button", name="Change the password").click()
    laia.wait_for_url(f"{url}/account/")

    other.goto(f"{url}/conversations/")
    expect(other).to_have_url(f"{url}/sign-in/?next=/conversations/")
    other.context.close()
    assert complaints == []


def it_signs_in_with_a_passkey_alone(
    page: Page, live_server: LiveServer, workspace: Workspace, complaints: list[str]
) -> None:
    url = live_server.url.replace("127.0.0.1", "localhost")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    _sign_in(page, url, "dana@forn.example", cast.PASSWORD)
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/account/passkeys/new/")
    _again(page, cast.PASSWORD)
    assert _wrong(page) == []
    page.get_by_label("A name").fill("Portàtil del forn")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    page.goto(f"{url}/account/")
    expect(page.get_by_text("Portàtil del forn").first).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()

    page.goto(f"{url}/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    page.wait_for_url(f"{url}/")
    expect(page.get_by_role("heading", level=1)).to_have_text(workspace.name)
    assert complaints == []
