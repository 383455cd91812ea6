"""The first run asks for an owner; afterwards its page does not exist."""

import pytest
from django.test import Client

from difusio.accounts.models import Membership, User
from tests.console import cast

FILLED = {
    "workspace_name": "Forn de la Plaça",
    "email": "dana@forn.example",
    "password": cast.PASSWORD,
    "again": cast.PASSWORD,
    "language": "ca",
    "country": "ES",
    "time_zone": "Europe/Madrid",
}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/sign-in/", "/campaigns/1/", "/sign-out/"])
def it_leads_every_page_to_the_first_run_while_nobody_can_sign_in(address: str) -> None:
    answer = Client().get(address)

    assert (answer.status_code, answer["Location"]) == (302, "/first-run/")


@pytest.mark.django_db
def it_makes_the_owner_and_signs_them_in() -> None:
    client = Client()

    answer = client.post("/first-run/", FILLED)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert Membership.objects.get().user.email == "dana@forn.example"
    assert client.get("/campaigns/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"again": "something else entirely"}, "This is not the same password as above."),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"email": "dana"}, "Enter a valid email address."),
        ({"country": "Girona"}, "Select a valid choice."),
        ({"time_zone": "Europe/Girona"}, "Select a valid choice."),
        ({"workspace_name": "   "}, "This field is required."),
    ],
)
def it_says_what_is_wrong_beside_the_field(wrong: dict[str, str], sentence: str) -> None:
    answer = Client().post("/first-run/", {**FILLED, **wrong})

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db
def it_names_the_countries_in_the_readers_language() -> None:
    page = Client().get("/first-run/", headers={"Accept-Language": "ca"}).content.decode()

    assert '<option value="ES" selected>Espanya</option>' in page
    assert '<option value="DE">Alemanya</option>' in page
    # By the alphabet: an accent is no letter of its own.
    assert (
        page.index(">Aràbia Saudí<")
        < page.index(">Argentina<")
        < page.index(">Àustria<")
        < page.index(">Bahames<")
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "sentence"), [("ca", "com a mínim 12 caràcters"), ("es", "al menos 12 caracteres")]
)
def it_says_in_the_readers_language_that_a_password_is_too_short(language: str, sentence: str) -> None:
    short = {**FILLED, "password": "curta", "again": "curta"}

    page = Client().post("/first-run/", short, headers={"Accept-Language": language}).content.decode()

    assert sentence in page


def it_is_gone_once_there_is_an_owner(client: Client) -> None:
    assert client.get("/first-run/").status_code == 404
    assert client.post("/first-run/", FILLED).status_code == 404
    assert Client().get("/first-run/").status_code == 404
    assert User.objects.count() == 1
