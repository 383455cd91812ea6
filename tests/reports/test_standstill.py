"""What keeps a campaign from going on is said on its page."""

import pytest

from difusio.campaigns.models import CampaignState
from difusio.reports.standstill import standstill
from tests.console import cast


@pytest.mark.django_db
def it_has_nothing_to_say_of_a_campaign_that_goes_on() -> None:
    assert standstill(cast.make_campaign(cast.make_workspace())) == ()


@pytest.mark.django_db
def it_says_why_the_number_is_stopped() -> None:
    campaign = cast.make_campaign(cast.make_workspace())
    campaign.number.stopped_for = "131042"

    assert standstill(campaign) == (
        "This number is stopped. Meta cannot charge this account; check its payment method.",
    )


@pytest.mark.django_db
def it_says_what_meta_did_to_the_template() -> None:
    campaign = cast.make_campaign(cast.make_workspace())
    batch = cast.batch_of(campaign)
    batch.paused_at, batch.pause_reason = cast.NOON, "132015"
    batch.save()

    assert standstill(campaign) == ("Meta has paused this template because of how people took it.",)


@pytest.mark.django_db
def it_takes_a_persons_own_pause_for_no_fault() -> None:
    campaign = cast.make_campaign(cast.make_workspace(), state=CampaignState.PAUSED)
    batch = cast.batch_of(campaign)
    batch.paused_at, batch.pause_reason = cast.NOON, "paused"
    batch.save()

    assert standstill(campaign) == ()
