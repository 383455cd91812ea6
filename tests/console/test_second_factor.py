"""A second factor: remembered in the audit log whenever it changes, and asked of everybody where a workspace does."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as moments
from django.core.cache import cache
from django.test import Client

from difusio.accounts.models import AuditEntry, Membership, Role, User, Workspace
from tests.console import cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_counted_yet(dana: User) -> None:
    cache.clear()


@pytest.fixture
def client() -> Client:
    """A browser in which Dana signed in and gave her password again, just now."""
    client = Client()
    client.post("/sign-in/", {"login": "dana@forn.example", "password": cast.PASSWORD})
    client.post("/sign-in/again/", {"password": cast.PASSWORD})
    return client


def ask_everybody(client: Client, answer: str = "yes") -> None:
    assert client.post("/settings/members/second-factor/", {"required": answer}).status_code == 302


def told(workspace: Workspace) -> list[tuple[str, str, object]]:
    entries = AuditEntry.objects.filter(workspace=workspace, act__startswith="second_factor").order_by("seq")
    return [(entry.act, entry.actor, entry.details.get("kind")) for entry in entries]


@pytest.mark.django_db(transaction=True)
def it_remembers_an_app_that_comes_codes_made_anew_and_an_app_that_goes(
    client: Client, dana: User, workspace: Workspace
) -> None:
    client.get("/account/app/")
    secret = client.session["mfa.totp.secret"]
    *_, now, _later = moments()
    client.post("/account/app/", {"code": format_hotp_value(hotp_value(secret, now))})
    client.post("/account/recovery-codes/new/")
    client.post("/account/app/remove/")

    who = f"user {dana.pk}"
    assert told(workspace) == [
        ("second_factor.added", who, "app"),
        ("second_factor.added", who, "recovery codes"),
        ("second_factor.renewed", who, "recovery codes"),
        ("second_factor.removed", who, "app"),
        ("second_factor.removed", who, "recovery codes"),
    ]


def it_remembers_a_passkey_that_goes(client: Client, dana: User, workspace: Workspace) -> None:
    passkey = Authenticator.objects.create(
        user=dana, type=Authenticator.Type.WEBAUTHN, data={"name": "Clau", "credential": {}}
    )

    client.post(f"/account/passkeys/{passkey.pk}/remove/")

    assert told(workspace) == [("second_factor.removed", f"user {dana.pk}", "passkey")]


def it_leads_whoever_has_none_to_set_one_up_and_lets_the_others_work(
    client: Client, dana: User, workspace: Workspace
) -> None:
    desk = cast.make_member(workspace, "desi@forn.example", Role.DESK)
    TOTP.activate(dana, generate_totp_secret())
    ask_everybody(client)
    browser = Client()
    browser.force_login(desk)

    for address in ("/", "/campaigns/", "/conversations/"):
        assert browser.get(address)["Location"] == "/account/"
    assert browser.get("/campaigns/", headers={"HX-Request": "true"})["HX-Redirect"] == "/account/"
    assert "asks its members for a second step" in browser.get("/account/").content.decode()
    assert browser.get("/account/app/")["Location"].startswith("/sign-in/again/")
    assert client.get("/campaigns/").status_code == 200

    TOTP.activate(desk, generate_totp_secret())
    assert browser.get("/conversations/").status_code == 200
    assert "asks its members" not in browser.get("/account/").content.decode()


def it_asks_in_one_workspace_and_not_in_another(client: Client, dana: User, workspace: Workspace) -> None:
    elsewhere = cast.make_workspace("Forn vell")
    Membership.objects.create(workspace=elsewhere, user=dana, role=Role.OWNER)
    ask_everybody(client)
    assert client.get("/campaigns/")["Location"] == "/account/"

    client.post(f"/workspaces/{elsewhere.pk}/")

    assert client.get("/campaigns/").status_code == 200


def it_is_an_owners_to_ask_and_to_leave_open_again(client: Client, dana: User, workspace: Workspace) -> None:
    desk = cast.make_member(workspace, "desi@forn.example", Role.DESK)
    browser = Client()
    browser.force_login(desk)
    assert browser.post("/settings/members/second-factor/", {"required": "yes"}).status_code == 404
    TOTP.activate(dana, generate_totp_secret())

    ask_everybody(client)
    ask_everybody(client)
    ask_everybody(client, "no")

    assert browser.get("/conversations/").status_code == 200
    assert [act for act, *_ in told(workspace)] == ["second_factor.required", "second_factor.left_open"]
