"""Signing in and out; nothing else of allauth's is reachable."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse

from difusio.accounts.models import User
from tests.console import cast


@pytest.fixture(autouse=True)
def _no_attempts_counted_yet(dana: User) -> None:
    cache.clear()


def _sign_in(client: Client, password: str, address: str = "/sign-in/") -> int:
    answer = client.post(address, {"login": "dana@forn.example", "password": password})
    return answer.status_code


def it_signs_in_with_e_mail_and_password() -> None:
    client = Client()

    assert _sign_in(client, cast.PASSWORD) == 302
    assert client.get("/campaigns/").status_code == 200


def it_comes_back_to_the_page_that_was_asked_for() -> None:
    client = Client()
    asked = client.get("/campaigns/7/")
    assert asked["Location"] == "/sign-in/?next=/campaigns/7/"

    answer = client.post(asked["Location"], {"login": "dana@forn.example", "password": cast.PASSWORD})

    assert answer["Location"] == "/campaigns/7/"


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("http://testserver/campaigns/?state=draft", "/campaigns/%3Fstate%3Ddraft"),
        ("https://elsewhere.example/campaigns/", "/"),
        ("", "/"),
    ],
)
def it_comes_back_to_the_page_on_which_a_button_was_pressed(came_from: str, leads_to: str) -> None:
    answer = Client().post("/campaigns/7/pause/", headers={"Referer": came_from})

    assert answer["Location"] == f"/sign-in/?next={leads_to}"


def it_goes_nowhere_else_after_signing_in() -> None:
    answer = Client().post(
        "/sign-in/?next=https://elsewhere.example/",
        {"login": "dana@forn.example", "password": cast.PASSWORD},
    )

    assert answer["Location"] == "/"


@pytest.mark.parametrize("email", ["dana@forn.example", "nobody@forn.example"])
def it_does_not_tell_which_addresses_exist(email: str) -> None:
    answer = Client().post("/sign-in/", {"login": email, "password": "not the one at all"})

    assert "The e-mail address or the password is not right." in answer.content.decode()


def it_stops_who_guesses() -> None:
    client = Client()
    for _ in range(5):
        assert _sign_in(client, "not the one at all") == 200

    answer = client.post("/sign-in/", {"login": "dana@forn.example", "password": cast.PASSWORD})

    assert "Too many attempts" in answer.content.decode()
    # Where every process looks: another one would let them guess on.
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) > 0 FROM accounts_attempts WHERE expires > now()")
        assert cursor.fetchone() == (True,)


def it_signs_out_by_a_form_and_asks_first_who_comes_by_a_link(client: Client) -> None:
    assert "Sign out?" in client.get("/sign-out/").content.decode()
    assert client.get("/campaigns/").status_code == 200

    client.post("/sign-out/")

    assert client.get("/")["Location"] == "/sign-in/?next=/"


def it_says_nothing_about_having_signed_in(client: Client) -> None:
    fresh = Client()
    _sign_in(fresh, cast.PASSWORD)

    assert 'class="notice"' not in fresh.get("/campaigns/").content.decode()


@pytest.mark.parametrize(
    "name",
    [
        "account_signup",
        "account_email",
        "account_set_password",
        "mfa_reauthenticate",
        "mfa_signup_webauthn",
        "account_inactive",
    ],
)
def it_exposes_no_other_page_of_allauth(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)
