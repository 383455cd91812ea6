"""What a page says when something went wrong that no view foresaw."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from difusio.accounts.models import Workspace
from difusio.campaigns.models import CampaignState
from tests.console import cast


@pytest.fixture
def store_away(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let nobody answer where the store should be."""
    usual = dict(connection.settings_dict)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(HOST="/nowhere", PORT="")
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(usual)


@pytest.mark.usefixtures("store_away")
@pytest.mark.parametrize("path", ["/", "/campaigns/", "/sign-in/"])
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ca", "La base de dades no respon"),
        ("es", "La base de datos no responde"),
        ("en", "The database does not answer"),
    ],
)
def it_says_that_the_store_is_away_and_that_nothing_is_lost(path: str, language: str, said: str) -> None:
    client = Client(raise_request_exception=False, headers={"accept-language": language})

    answer = client.get(path, follow=True)

    assert answer.status_code == 503
    assert f"<h1>{said}</h1>" in answer.content.decode()
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.django_db
def it_says_that_it_is_our_fault_when_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False, headers={"accept-language": "ca"})
    monkeypatch.setattr("difusio.console.gates.is_first_run", lambda: 1 / 0)

    answer = client.get("/sign-in/")

    assert answer.status_code == 500
    assert "La culpa és nostra" in answer.content.decode()


def it_has_the_words_for_what_a_page_asks_for_in_vain(client: Client) -> None:
    page = client.get("/campaigns/").content.decode()

    assert '<script type="module" src="/static/console/js/trouble.js"></script>' in page
    assert '<p class="alarm trouble" id="trouble" role="alert" hidden data-away="No answer came:' in page
    # Who is not in asks for nothing by themselves.
    assert "trouble" not in Client().get("/sign-in/").content.decode()


def it_tells_a_refusal_from_what_was_done(client: Client, workspace: Workspace) -> None:
    campaign = cast.make_campaign(workspace, state=CampaignState.DRAFT)

    page = client.post(f"/campaigns/{campaign.pk}/launch/", {"shown": "501", "typed": "5"}, follow=True)

    sentence = "Type the number of people who get it, as it stands above."
    assert f'<p class="alarm" role="alert">{sentence}</p>' in page.content.decode()
