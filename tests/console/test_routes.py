"""Every route the router knows, tried by a stranger, a member and a member of another workspace."""

from collections.abc import Iterator
from typing import Final

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from difusio.accounts.models import User, Workspace
from tests.console import cast

TO_SIGN_IN: Final = "302 /sign-in/"

# What each route answers to a GET.  A route that is not here fails the test below: nothing is open by accident.
ANSWERS: Final[dict[str, dict[str, str]]] = {
    "home": {"stranger": TO_SIGN_IN, "member": "200", "outsider": "200"},
    "campaign": {"stranger": TO_SIGN_IN, "member": "200", "outsider": "404"},
    "campaign_pause": {"stranger": TO_SIGN_IN, "member": "405", "outsider": "405"},
    "campaign_resume": {"stranger": TO_SIGN_IN, "member": "405", "outsider": "405"},
    "campaign_cancel": {"stranger": TO_SIGN_IN, "member": "200", "outsider": "404"},
    "first_run": {"stranger": "404", "member": "404", "outsider": "404"},
    "account_login": {"stranger": "200", "member": "302 /", "outsider": "302 /"},
    "account_logout": {"stranger": "302 /", "member": "200", "outsider": "200"},
    "set_language": {"stranger": "302 /", "member": "302 /", "outsider": "302 /"},
}
# What each answers to a POST without a body.
POSTED: Final[dict[str, dict[str, str]]] = {
    "home": {"stranger": TO_SIGN_IN, "member": "405", "outsider": "405"},
    "campaign": {"stranger": TO_SIGN_IN, "member": "405", "outsider": "405"},
    "campaign_pause": {"stranger": TO_SIGN_IN, "member": "302 /campaigns/", "outsider": "404"},
    "campaign_resume": {"stranger": TO_SIGN_IN, "member": "302 /campaigns/", "outsider": "404"},
    "campaign_cancel": {"stranger": TO_SIGN_IN, "member": "302 /campaigns/", "outsider": "404"},
    "first_run": {"stranger": "404", "member": "404", "outsider": "404"},
    "account_login": {"stranger": "200", "member": "302 /", "outsider": "302 /"},
    "account_logout": {"stranger": "302 /", "member": "302 /", "outsider": "302 /"},
    "set_language": {"stranger": "302 /", "member": "302 /", "outsider": "302 /"},
}


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, address)
        else:
            yield pattern.name or address, address


ROUTES: Final = dict(_routes(get_resolver().url_patterns))


@pytest.fixture
def clients(dana: User, workspace: Workspace) -> dict[str, Client]:
    eve = cast.make_member(cast.make_workspace("La competència"), "eve@elsewhere.example")
    found = {"stranger": Client(), "member": Client(), "outsider": Client()}
    found["member"].force_login(dana)
    found["outsider"].force_login(eve)
    return found


def _expected(answer: str, got: str) -> bool:
    """A redirect is told by its beginning: what follows is where one wanted to go."""
    status, _, target = answer.partition(" ")
    return got.startswith(f"{status} {target}") if target else got == status


def it_declares_every_route() -> None:
    assert set(ROUTES) == set(ANSWERS) == set(POSTED)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("who", ["stranger", "member", "outsider"])
@pytest.mark.parametrize("name", sorted(ROUTES))
def it_answers_each_as_declared(
    clients: dict[str, Client], workspace: Workspace, name: str, who: str, method: str
) -> None:
    campaign = cast.make_campaign(workspace)
    address = ROUTES[name].replace("<int:campaign_id>", str(campaign.pk))

    answer = clients[who].generic(method, address)

    got = (
        f"{answer.status_code} {answer['Location']}"
        if answer.has_header("Location")
        else str(answer.status_code)
    )
    declared = (ANSWERS if method == "GET" else POSTED)[name][who]
    assert _expected(declared, got), got


@pytest.mark.parametrize("who", ["stranger", "member", "outsider"])
def it_knows_nothing_else(clients: dict[str, Client], who: str) -> None:
    for address in ("/nothing/", "/admin/", "/accounts/login/", "/sign-up/", "/campaigns/0/x/"):
        assert clients[who].get(address).status_code == 404


def it_gives_an_unknown_campaign_and_somebody_elses_the_same_answer(
    clients: dict[str, Client], workspace: Workspace
) -> None:
    campaign = cast.make_campaign(workspace)

    theirs = clients["outsider"].get(f"/campaigns/{campaign.pk}/")
    unknown = clients["outsider"].get(f"/campaigns/{campaign.pk + 1000}/")

    assert (theirs.status_code, theirs.content) == (unknown.status_code, unknown.content)
    assert theirs.status_code == 404


def it_lets_no_page_run_anything_inline(clients: dict[str, Client], workspace: Workspace) -> None:
    campaign = cast.make_campaign(workspace)

    for who, address in (
        ("stranger", "/sign-in/"),
        ("member", "/"),
        ("member", f"/campaigns/{campaign.pk}/"),
    ):
        answer = clients[who].get(address)
        page = answer.content.decode()
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert "style=" not in page
        assert "<style" not in page
        assert "onclick" not in page
