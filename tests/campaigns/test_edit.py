"""A draft is planned step by step, and may be left at any of them, copied and deleted."""

from datetime import timedelta

import pytest

from difusio.accounts.models import AuditEntry
from difusio.campaigns.copy import copy
from difusio.campaigns.delete import delete
from difusio.campaigns.edit import Whom, edit_what, edit_when, edit_whom
from difusio.campaigns.errors import (
    AlertWithoutService,
    IsScheduled,
    MarketingWithoutTopic,
    MorePeople,
    NoSuchCampaign,
    NotADraft,
    NothingToSay,
    WasLaunched,
)
from difusio.campaigns.estimate import estimate
from difusio.campaigns.launch import launch
from difusio.campaigns.models import Campaign, CampaignKind, Round, Variant
from difusio.campaigns.plan import NO_MESSAGE, Message, plan
from difusio.campaigns.preflight import preflight
from difusio.campaigns.schedule import schedule
from difusio.outbox.models import Batch
from tests.campaigns.steps import VALUES, draft
from tests.cast import NOON, Shop, agreed, person, shop

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def begun(of: Shop) -> Campaign:
    """Store what the first step asks for."""
    other = draft(of)
    campaign = plan(
        workspace_id=of.workspace.pk,
        name="winter",
        kind=CampaignKind.OFFER,
        topic_id=of.offers.pk,
        segment_id=other.segment_id,
        number_id=of.number.pk,
        by="Dana",
        at=NOON,
    )
    other.delete()
    return campaign


def whom(campaign: Campaign, **changes: object) -> Whom:
    facts = {
        "name": campaign.name,
        "kind": CampaignKind(campaign.kind),
        "topic_id": campaign.topic_id,
        "segment_id": campaign.segment_id,
        "number_id": campaign.number_id,
    }
    return Whom(**{**facts, **changes})  # type: ignore[arg-type]  # the facts of a campaign, some changed


def it_opens_one_step_after_the_other_and_closes_none() -> None:
    campaign = begun(shop())
    assert campaign.open_step == "what"

    assert edit_what(campaign.pk, Message("autumn", "ca", VALUES)).open_step == "when"
    assert edit_when(campaign.pk, NOON + HOUR, at=NOON).open_step == "check"

    assert edit_whom(campaign.pk, whom(campaign, name="spring")).open_step == "check"
    assert Round.objects.get(campaign=campaign).scheduled_for == NOON + HOUR


def it_takes_the_message_away_when_the_number_belongs_to_another_account() -> None:
    ona, elsewhere = shop(), shop()
    campaign = draft(ona)

    assert edit_whom(campaign.pk, whom(campaign, number_id=elsewhere.number.pk)).open_step == "what"

    assert Variant.objects.get(round__campaign=campaign).template_name == ""


def it_cannot_check_or_launch_what_says_nothing() -> None:
    campaign = begun(shop())

    with pytest.raises(NothingToSay, match="choose a template"):
        preflight(campaign.pk, at=NOON)
    with pytest.raises(NothingToSay):
        launch(campaign.pk, by="Dana", at=NOON)


def it_keeps_alerts_and_marketing_apart() -> None:
    ona = shop()
    campaign = begun(ona)

    with pytest.raises(AlertWithoutService):
        edit_whom(campaign.pk, whom(campaign, kind=CampaignKind.SERVICE_ALERT))
    with pytest.raises(MarketingWithoutTopic):
        edit_whom(campaign.pk, whom(campaign, topic_id=ona.alerts.pk))

    alert = whom(campaign, kind=CampaignKind.SERVICE_ALERT, topic_id=ona.alerts.pk)
    assert edit_whom(campaign.pk, alert).kind == CampaignKind.SERVICE_ALERT


def it_does_not_touch_what_was_launched() -> None:
    ona = shop()
    agreed(ona)
    campaign = draft(ona)
    launch(campaign.pk, by="Dana", at=NOON)

    with pytest.raises(NotADraft):
        edit_what(campaign.pk, NO_MESSAGE)
    with pytest.raises(WasLaunched, match="stays for the record"):
        delete(campaign.pk, by="Dana", at=NOON)


def it_copies_what_is_asked_and_said_and_not_the_moment() -> None:
    ona = shop()
    agreed(ona)
    first = draft(ona)
    edit_when(first.pk, NOON + HOUR, at=NOON)
    launch(first.pk, by="Dana", at=NOON)

    second = copy(first.pk, name="autumn again", by="Dana", at=NOON)

    assert (second.name, second.state, second.segment_id) == ("autumn again", "draft", first.segment_id)
    variant = Variant.objects.get(round__campaign=second)
    assert (variant.template_name, variant.values) == ("autumn", VALUES)
    assert Round.objects.get(campaign=second).scheduled_for is None
    with pytest.raises(NoSuchCampaign):
        copy(0, name="", by="Dana", at=NOON)


def it_deletes_a_draft_for_good_and_leaves_its_trace() -> None:
    ona = shop()
    agreed(ona)
    campaign = draft(ona)
    schedule(campaign.pk, NOON + HOUR, by="Dana", at=NOON)
    with pytest.raises(IsScheduled):
        delete(campaign.pk, by="Dana", at=NOON)

    Campaign.objects.update(state="draft")
    delete(campaign.pk, by="Dana", at=NOON)

    assert not Campaign.objects.exists()
    assert AuditEntry.objects.last().act == "campaign.deleted"  # type: ignore[union-attr]  # one was just written


def it_launches_no_more_people_than_somebody_was_shown() -> None:
    ona = shop()
    agreed(ona, "Asha")
    campaign = draft(ona)
    agreed(ona, "Dunia")

    with pytest.raises(MorePeople, match="look at the numbers again"):
        launch(campaign.pk, by="Dana", at=NOON, at_most=1)

    assert not Batch.objects.exists()
    assert launch(campaign.pk, by="Dana", at=NOON, at_most=2).queued == 2


def it_estimates_before_there_is_a_message() -> None:
    ona = shop()
    agreed(ona, "Asha")
    agreed(ona, "Pau", country="US", phone="+12025550101")
    person(ona, "Chen")
    segment = begun(ona).segment

    offer = estimate(segment=segment, topic=ona.offers, number=ona.number, kind=CampaignKind.OFFER, at=NOON)
    alert = estimate(
        segment=segment, topic=ona.alerts, number=ona.number, kind=CampaignKind.SERVICE_ALERT, at=NOON
    )

    assert (offer.audience, offer.eligible, offer.cost) == (3, 1, None)
    assert offer.skipped == {"no_consent": 1, "us_pause": 1}
    assert alert.skipped == {"no_consent": 3}
