"""What a campaign's page says while its rest waits: for its canary, or for Meta's messaging limit."""

from datetime import timedelta

import pytest
from django.test import Client

from difusio.accounts.models import Role, Workspace
from difusio.campaigns.models import Campaign, Canary, CanaryState, Round, RoundBatch
from difusio.common.clock import now
from difusio.contacts.models import Contact
from difusio.numbers.models import Portfolio
from difusio.outbox.models import Batch, Reached
from tests.console import cast

SEEN = {
    "asked": 250, "failed": 60, "unheard": 0, "delivered": 190, "left": 12,
    "failed_percent": 15, "left_percent": 5, "why": ["failed", "left"],
}  # fmt: skip


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    campaign = cast.make_campaign(workspace)
    cast.count_all(campaign, cast.HALFWAY)
    return campaign


def _canary(campaign: Campaign, state: CanaryState) -> Canary:
    Batch.objects.filter(round_batch__round__campaign=campaign).update(held_at=now())
    first = Round.objects.get(campaign=campaign)
    return Canary.objects.create(round=first, people=250, state=state, seen=SEEN)


def page_of(client: Client, campaign: Campaign) -> str:
    return client.get(f"/campaigns/{campaign.pk}/").content.decode()


def it_says_that_a_few_get_it_first(client: Client, campaign: Campaign) -> None:
    _canary(campaign, CanaryState.WAITING)

    page = page_of(client, campaign)

    assert "250 people get it first. The rest follows as soon as Meta has told what came of that" in page
    assert "Done about" not in page


def it_says_what_was_seen_and_lets_the_rest_go(client: Client, campaign: Campaign) -> None:
    canary = _canary(campaign, CanaryState.HELD)

    page = page_of(client, campaign)
    assert "The rest is held: 250 people got it first." in page
    assert "60 of 250 messages failed; more than 15 in 100 are too many." in page
    assert "12 of 190 people left because of it; more than 5 in 100 are too many." in page
    answer = client.post(f"/campaigns/{campaign.pk}/rest/", follow=True)

    canary.refresh_from_db()
    assert canary.state == CanaryState.OVERRULED
    assert "The rest is held" not in answer.content.decode()
    assert RoundBatch.objects.filter(batch__held_at__isnull=False).count() == 0


def it_says_that_nothing_is_held(client: Client, campaign: Campaign) -> None:
    answer = client.post(f"/campaigns/{campaign.pk}/rest/", follow=True)

    assert "there is no rest to let go" in answer.content.decode()


def it_offers_the_decision_only_to_who_may_steer(workspace: Workspace, campaign: Campaign) -> None:
    _canary(campaign, CanaryState.HELD)
    priva = Client()
    priva.force_login(cast.make_member(workspace, "priva@forn.example", Role.PRIVACY))

    assert "The rest is held" in page_of(priva, campaign)
    assert f"/campaigns/{campaign.pk}/rest/" not in page_of(priva, campaign)
    assert priva.post(f"/campaigns/{campaign.pk}/rest/").status_code == 404


def it_says_from_when_it_goes_on_while_the_messaging_limit_is_used_up(
    client: Client, workspace: Workspace, campaign: Campaign
) -> None:
    Portfolio.objects.update(messaging_limit=2)
    portfolio = Portfolio.objects.get()
    for place in range(2):
        contact = Contact.objects.create(workspace=workspace, first_name=f"N{place}", created_at=now())
        Reached.objects.create(portfolio=portfolio, contact=contact, at=now() - timedelta(hours=2 * place))

    page = page_of(client, campaign)

    assert "Meta lets you write to 2 people a day. The next 1 leaves from" in page
    assert "Answers to people leave all the time." in page
