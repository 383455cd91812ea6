"""The campaigns with their state, or how to get one."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from difusio.accounts.models import Membership, Role, User, Workspace
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.console.pages import campaigns
from difusio.outbox.models import Batch
from tests.console import cast


def _page(client: Client, address: str = "/campaigns/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def it_teaches_how_to_begin_while_there_is_no_campaign(client: Client) -> None:
    page = _page(client)

    assert "difusio demo" in page
    assert '<a href="/contacts/">Bring your own people' in page
    assert "<table" not in page


def it_shows_each_campaign_with_its_state_and_its_numbers(client: Client, workspace: Workspace) -> None:
    campaign = cast.make_campaign(workspace)
    cast.count_all(campaign, cast.HALFWAY)

    page = _page(client)

    assert f'href="/campaigns/{campaign.pk}/"' in page
    assert "Sending" in page
    assert "1,240" in page
    assert "68\u00a0%" in page
    assert f'<a href="{reverse("recipients", args=[campaign.pk])}?state=read">' in page
    assert "difusio demo" not in page


def it_says_of_a_draft_which_step_is_open(client: Client, workspace: Workspace) -> None:
    draft = cast.make_campaign(workspace, state=CampaignState.DRAFT)
    Campaign.objects.update(open_step="what")

    page = _page(client)

    assert f'<a href="/campaigns/{draft.pk}/what/">Go on: what</a>' in page


def it_shows_privacy_a_draft_without_a_way_to_change_it(workspace: Workspace) -> None:
    cast.make_campaign(workspace, state=CampaignState.DRAFT)
    client = Client()
    client.force_login(cast.make_member(workspace, "priva@forn.example", Role.PRIVACY))

    page = _page(client)

    assert "Not launched yet" in page
    assert "Go on" not in page
    assert "New campaign" not in page


def it_says_of_each_what_its_next_moment_is(client: Client, workspace: Workspace) -> None:
    cast.make_campaign(workspace)
    planned = cast.make_campaign(workspace, state=CampaignState.SCHEDULED)
    held = cast.make_campaign(workspace, state=CampaignState.DRAFT)
    Round.objects.filter(campaign=planned).update(scheduled_for=cast.NOON)
    Round.objects.filter(campaign=held).update(held_back="Meta has paused the template.")

    page = _page(client)

    # In the time zone of the workspace.
    assert "leaves 20 November 2026, 12:00" in page
    assert "launched 20 November 2026, 12:00" in page
    assert "It did not leave. Meta has paused the template." in " ".join(page.split())


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("draft", {"Draft"}),
        ("sending", {"Sending"}),
        ("completed", {"Done"}),
        ("paused", {"Paused"}),
        ("cancelled", set()),
        ("nonsense", {"Draft", "Sending", "Done", "Paused"}),
        ("", {"Draft", "Sending", "Done", "Paused"}),
    ],
)
def it_narrows_the_list_down_by_state(
    client: Client, workspace: Workspace, state: str, shown: set[str]
) -> None:
    cast.make_campaign(workspace, "Campaign Draft", state=CampaignState.DRAFT)
    cast.make_campaign(workspace, "Campaign Sending")
    cast.make_campaign(workspace, "Campaign Paused", state=CampaignState.PAUSED)
    done = cast.make_campaign(workspace, "Campaign Done")
    Batch.objects.filter(pk=cast.batch_of(done).pk).update(is_open=False)

    page = _page(client, f"/campaigns/?state={state}")

    assert {name for name in ("Draft", "Sending", "Done", "Paused") if f"Campaign {name}" in page} == shown


def it_finds_a_campaign_by_a_part_of_its_name_and_keeps_the_filter(
    client: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "PAGE_SIZE", 1)
    for name in ("Mona & bunyols", "Mona de Pasqua", "Castanyada"):
        cast.make_campaign(workspace, name)

    page = _page(client, "/campaigns/?name=mona")

    assert "Mona de Pasqua" in page
    assert "Castanyada" not in page
    assert "?name=mona&amp;before=" in page
    assert "No campaign fits." in _page(client, "/campaigns/?name=%25")


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
    assert 'rel="next"' not in older

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
def it_costs_six_queries_for_one_campaign_and_for_three(
    client: Client,
    workspace: Workspace,
    how_many: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(how_many):
        cast.count_all(cast.make_campaign(workspace, f"Number {n}"), cast.HALFWAY)

    # Session, user, their workspaces, campaigns, counters, rounds.
    with django_assert_num_queries(6):
        _page(client)


def it_shows_hostile_names_as_text(client: Client, workspace: Workspace) -> None:
    cast.make_campaign(workspace, "<script>alert(1)</script>")

    page = _page(client)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
