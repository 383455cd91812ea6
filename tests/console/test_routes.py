"""Every route the router knows, tried by a stranger, each role, and a member of another workspace."""

from collections.abc import Iterator
from typing import Final

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from difusio.accounts.models import Role
from difusio.accounts.rights import may
from tests.console import tour
from tests.console.tour import Route, Shop

TO_SIGN_IN: Final = "302 /sign-in/"
WHO: Final = ("stranger", *Role.values, "outsider")


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, address)
        else:
            yield pattern.name or address, address


ADDRESSES: Final = dict(_routes(get_resolver().url_patterns))


def _declared(route: Route, who: str, method: str) -> str:
    which = ("GET", "POST").index(method)
    answer = (route.get, route.post)[which]
    if who == "stranger":
        return route.stranger[which] if route.stranger else TO_SIGN_IN
    if who == "outsider":
        return route.outsider[which] if route.outsider else ("405" if answer == "405" else "404")
    # A method that a page does not have is told before anybody asks for a right.
    is_open = route.right is None or may(Role(who), route.right) or answer == "405"
    return answer if is_open else "404"


def _clients(shop: Shop) -> dict[str, Client]:
    found = {who: Client() for who in WHO}
    for role, member in shop.members.items():
        found[role.value].force_login(member)
    found["outsider"].force_login(shop.outsider)
    return found


def it_declares_every_route() -> None:
    assert set(ADDRESSES) == set(tour.ROUTES)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", sorted(ADDRESSES))
def it_answers_everybody_as_declared(shop: Shop, name: str, method: str) -> None:
    address = shop.address(ADDRESSES[name])
    got = {}
    for who, client in _clients(shop).items():
        answer = client.generic(method, address)
        leads = f" {answer['Location']}" if answer.has_header("Location") else ""
        got[who] = f"{answer.status_code}{leads}"

    declared = {who: _declared(tour.ROUTES[name], who, method) for who in WHO}
    # Where it leads is told by its beginning: what follows is where one wanted to go.
    assert {who: got[who] for who in WHO if not got[who].startswith(declared[who])} == {}


@pytest.mark.django_db
def it_knows_nothing_else(shop: Shop) -> None:
    for client in _clients(shop).values():
        for address in ("/nothing/", "/admin/", "/accounts/login/", "/sign-up/", "/campaigns/0/x/"):
            assert client.get(address).status_code == 404


@pytest.mark.django_db
def it_gives_the_unknown_and_the_forbidden_the_same_answer(shop: Shop) -> None:
    eve = _clients(shop)["outsider"]
    for screen in tour.SCREENS:
        # An invitation is for whoever holds its link.
        if "{" in screen.address and screen.name != "invitation":
            theirs = eve.get(shop.address(screen.address))
            unknown = eve.get(screen.address.format(**dict.fromkeys(shop.ids, 999_999_999)))
            assert (theirs.status_code, theirs.content) == (unknown.status_code, unknown.content), screen


@pytest.mark.django_db
def it_lets_no_page_run_anything_inline(shop: Shop) -> None:
    owner = _clients(shop)["owner"]
    for screen in tour.SCREENS:
        answer = owner.get(shop.address(screen.address))
        page = answer.content.decode()
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert not any(word in page for word in ("style=", "<style", "onclick=", "javascript:")), screen
