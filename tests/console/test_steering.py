"""Pausing, resuming and cancelling by forms."""

import pytest
from django.test import Client

from difusio.accounts.models import AuditEntry, Role, User, Workspace
from difusio.campaigns.models import Campaign, CampaignState
from tests.console import cast


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    campaign = cast.make_campaign(workspace)
    cast.count_all(campaign, cast.HALFWAY)
    return campaign


def _state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.state


def it_pauses_and_resumes_and_comes_back_to_the_page(client: Client, campaign: Campaign, dana: User) -> None:
    answer = client.post(f"/campaigns/{campaign.pk}/pause/")
    assert (answer.status_code, answer["Location"]) == (302, f"/campaigns/{campaign.pk}/")
    assert _state(campaign) == CampaignState.PAUSED

    client.post(f"/campaigns/{campaign.pk}/resume/")
    assert _state(campaign) == CampaignState.SENDING

    acts = AuditEntry.objects.order_by("seq").values_list("act", "actor")
    assert list(acts) == [("campaign.paused", str(dana)), ("campaign.resumed", str(dana))]


def it_asks_before_it_cancels_and_says_how_many_will_not_get_it(client: Client, campaign: Campaign) -> None:
    page = client.get(f"/campaigns/{campaign.pk}/cancel/").content.decode()

    assert "385 people who wait for it will not get it." in page
    assert _state(campaign) == CampaignState.SENDING

    cast.let_somebody_wait(campaign)
    client.post(f"/campaigns/{campaign.pk}/cancel/")
    assert _state(campaign) == CampaignState.CANCELLED


def it_says_that_nothing_is_left_to_cancel(client: Client, campaign: Campaign) -> None:
    answer = client.post(f"/campaigns/{campaign.pk}/cancel/", follow=True)

    assert "nothing is left to cancel" in answer.content.decode()
    assert _state(campaign) == CampaignState.SENDING


def it_says_what_could_not_be_done_because_somebody_was_quicker(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state=CampaignState.CANCELLED)

    paused = client.post(f"/campaigns/{campaign.pk}/pause/", follow=True)
    assert "Only a campaign that is sending can be paused." in paused.content.decode()

    resumed = client.post(f"/campaigns/{campaign.pk}/resume/", follow=True)
    assert "Only a paused campaign can be resumed." in resumed.content.decode()


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (CampaignState.DRAFT, set()),
        (CampaignState.SENDING, {"Pause", "Cancel the campaign"}),
        (CampaignState.PAUSED, {"Resume", "Cancel the campaign"}),
        (CampaignState.CANCELLED, set()),
    ],
)
def it_offers_what_can_be_done_now(
    client: Client, workspace: Workspace, state: CampaignState, offered: set[str]
) -> None:
    campaign = cast.make_campaign(workspace, state=state)
    if state != CampaignState.DRAFT:
        cast.count_all(campaign, cast.HALFWAY)

    page = client.get(f"/campaigns/{campaign.pk}/").content.decode()

    assert {act for act in ("Pause", "Resume", "Cancel the campaign") if f">{act}<" in page} == offered


@pytest.mark.parametrize("act", ["pause", "resume", "cancel"])
def it_lets_privacy_look_and_not_steer(workspace: Workspace, campaign: Campaign, act: str) -> None:
    client = Client()
    client.force_login(cast.make_member(workspace, "priva@forn.example", Role.PRIVACY))

    page = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert ">Pause<" not in page

    assert client.post(f"/campaigns/{campaign.pk}/{act}/").status_code == 404
    assert _state(campaign) == CampaignState.SENDING


@pytest.mark.parametrize("act", ["pause", "resume"])
def it_acts_on_posts_alone(client: Client, campaign: Campaign, act: str) -> None:
    assert client.get(f"/campaigns/{campaign.pk}/{act}/").status_code == 405


def it_refuses_a_form_from_elsewhere(dana: User, campaign: Campaign) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(dana)

    answer = strict.post(f"/campaigns/{campaign.pk}/pause/")

    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()
    assert _state(campaign) == CampaignState.SENDING
