"""The campaigns with their state, or how to get one."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from difusio.accounts.models import Membership, Role, User, Workspace
from difusio.campaigns.models import CampaignState
from difusio.console.pages import campaigns
from tests.console import cast


def _page(client: Client, address: str = "/campaigns/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def it_teaches_how_to_begin_while_there_is_no_campaign(client: Client) -> None:
    page = _page(client)

    assert "difusio demo" in page
    assert "difusio contacts import FILE" in page
    assert "<table" not in page


def it_shows_each_campaign_with_its_state_and_its_numbers(client: Client, workspace: Workspace) -> None:
    campaign = cast.make_campaign(workspace)
    cast.count_all(campaign, cast.HALFWAY)

    page = _page(client)

    assert f'href="/campaigns/{campaign.pk}/"' in page
    assert "Sending" in page
    assert "1,240" in page
    assert "68\u00a0%" in page
    assert "difusio demo" not in page


def it_says_of_a_draft_that_it_was_not_launched(client: Client, workspace: Workspace) -> None:
    cast.make_campaign(workspace, state=CampaignState.DRAFT)

    assert "Not launched yet" in _page(client)


def it_shows_the_newest_first_and_leads_to_older_ones(
    client: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "PAGE_SIZE", 2)
    oldest, middle, newest = (cast.make_campaign(workspace, f"Number {n}") for n in range(3))

    page = _page(client)
    assert page.index(newest.name) < page.index(middle.name)
    assert oldest.name not in page
    assert f"?before={middle.pk}" in page

    older = _page(client, f"/campaigns/?before={middle.pk}")
    assert oldest.name in older
    assert middle.name not in older
    assert "Older campaigns" not in older

    assert "Nothing older." in _page(client, f"/campaigns/?before={oldest.pk}")


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "%00"])
def it_takes_no_notice_of_nonsense_in_the_address(client: Client, workspace: Workspace, before: str) -> None:
    cast.make_campaign(workspace, "Here")

    assert "Here" in _page(client, f"/campaigns/?before={before}")


def it_shows_only_the_campaigns_of_ones_own_workspaces(client: Client, workspace: Workspace) -> None:
    cast.make_campaign(workspace, "Ours")
    cast.make_campaign(cast.make_workspace("La competència"), "Theirs")

    page = _page(client)

    assert "Ours" in page
    assert "Theirs" not in page


def it_says_quietly_that_a_demo_is_one(client: Client, dana: User) -> None:
    assert "made-up people" not in _page(client).split("<main")[0]

    demo = cast.make_workspace("Forn inventat", is_demo=True)
    Membership.objects.create(workspace=demo, user=dana, role=Role.OWNER)
    client.post(f"/workspaces/{demo.pk}/")

    assert "made-up people" in _page(client).split("<main")[0]


@pytest.mark.parametrize("how_many", [1, 3])
def it_costs_five_queries_for_one_campaign_and_for_three(
    client: Client,
    workspace: Workspace,
    how_many: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(how_many):
        cast.count_all(cast.make_campaign(workspace, f"Number {n}"), cast.HALFWAY)

    # Session, user, their workspaces, campaigns, counters.
    with django_assert_num_queries(5):
        _page(client)


def it_shows_hostile_names_as_text(client: Client, workspace: Workspace) -> None:
    cast.make_campaign(workspace, "<script>alert(1)</script>")

    page = _page(client)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
