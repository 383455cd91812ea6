"""A scheduled campaign leaves at its moment, once, or comes back to the drafts and says why."""

from datetime import timedelta

import pytest

from difusio.accounts.models import AuditEntry
from difusio.campaigns.cancel import cancel
from difusio.campaigns.edit import edit_what, edit_when
from difusio.campaigns.errors import (
    Blocked,
    InThePast,
    IsScheduled,
    NobodyConsents,
    NotADraft,
    NothingToSay,
    NotScheduled,
)
from difusio.campaigns.launch import launch
from difusio.campaigns.launch_due import Due, launch_due
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.campaigns.plan import NO_MESSAGE
from difusio.campaigns.prepare import LATEST
from difusio.campaigns.schedule import schedule
from difusio.campaigns.unschedule import unschedule
from difusio.consent.models import Act
from difusio.contacts.models import Contact
from difusio.outbox.models import Delivery
from tests.campaigns.steps import draft, work
from tests.cast import NOON, Shop, agreed, say, shop

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOTHING = Due(prepared=0, held_back=0)


@pytest.fixture
def ona() -> Shop:
    ona = shop()
    agreed(ona, "Asha")
    return ona


def scheduled(of: Shop) -> Campaign:
    """Schedule a campaign in an hour."""
    return schedule(draft(of).pk, NOON + HOUR, by="Dana", at=NOON)


def reason(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.DRAFT
    return Round.objects.get(campaign=campaign).held_back


def it_leaves_at_its_moment_and_only_once(ona: Shop) -> None:
    campaign = scheduled(ona)
    assert launch_due(at=NOON + HOUR - timedelta(seconds=1)) == NOTHING

    assert launch_due(at=NOON + HOUR) == Due(prepared=1, held_back=0)
    assert launch_due(at=NOON + HOUR) == NOTHING
    assert work(at=NOON + HOUR) == 1

    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENDING
    assert Round.objects.get(campaign=campaign).launched_by == "Dana"
    assert Delivery.objects.count() == 1
    acts = AuditEntry.objects.order_by("seq").values_list("act", flat=True)
    assert list(acts) == ["campaign.scheduled", "campaign.launched"]


def it_takes_whoever_agrees_by_then(ona: Shop) -> None:
    scheduled(ona)
    agreed(ona, "Dunia")

    launch_due(at=NOON + HOUR)
    work(at=NOON + HOUR)

    assert Delivery.objects.filter(state="queued").count() == 2


def it_comes_back_to_the_drafts_and_says_why_it_could_not_leave(ona: Shop) -> None:
    campaign = scheduled(ona)
    ona.template.status = "PAUSED"
    ona.template.save()

    launch_due(at=NOON + HOUR)
    work(at=NOON + HOUR)
    assert launch_due(at=NOON + HOUR) == NOTHING

    # In the language of the workspace, whatever the worker speaks.
    assert "no es pot enviar" in reason(campaign)
    held = AuditEntry.objects.get(act="campaign.held_back")
    assert (held.actor, held.details["campaign"]) == ("Dana", campaign.pk)


def it_comes_back_when_nobody_agrees_any_more(ona: Shop) -> None:
    campaign = scheduled(ona)
    say(ona, Contact.objects.get(), Act.WITHDRAWN, at=NOON)

    launch_due(at=NOON + HOUR)
    work(at=NOON + HOUR)

    assert "comprovació prèvia" in reason(campaign)


def it_does_not_leave_hours_late_because_nothing_was_running(ona: Shop) -> None:
    campaign = scheduled(ona)

    assert launch_due(at=NOON + HOUR + LATEST + HOUR) == Due(prepared=0, held_back=1)

    assert reason(campaign)
    assert Round.objects.get(campaign=campaign).scheduled_for is None


def it_forgets_the_reason_once_somebody_plans_anew(ona: Shop) -> None:
    campaign = scheduled(ona)
    launch_due(at=NOON + HOUR + LATEST + HOUR)

    edit_when(campaign.pk, None, at=NOON)

    assert reason(campaign) == ""


def it_can_be_moved_and_taken_back(ona: Shop) -> None:
    campaign = scheduled(ona)

    schedule(campaign.pk, NOON + 2 * HOUR, by="Dana", at=NOON)
    assert launch_due(at=NOON + HOUR) == NOTHING
    unschedule(campaign.pk, by="Dana", at=NOON)
    unschedule(campaign.pk, by="Dana", at=NOON)

    assert launch_due(at=NOON + 2 * HOUR) == NOTHING
    assert reason(campaign) == ""
    assert AuditEntry.objects.filter(act="campaign.unscheduled").count() == 1


def it_can_leave_before_its_moment(ona: Shop) -> None:
    campaign = scheduled(ona)

    assert launch(campaign.pk, by="Dana", at=NOON).queued == 1
    assert launch_due(at=NOON + HOUR) == NOTHING


def it_can_be_cancelled(ona: Shop) -> None:
    campaign = scheduled(ona)

    cancel(campaign.pk, by="Dana", at=NOON)

    assert launch_due(at=NOON + HOUR) == NOTHING


def it_is_not_changed_behind_the_back_of_whoever_approved_it(ona: Shop) -> None:
    campaign = scheduled(ona)

    with pytest.raises(IsScheduled, match="take it back to the drafts"):
        edit_what(campaign.pk, NO_MESSAGE)


def it_refuses_a_moment_that_is_over(ona: Shop) -> None:
    with pytest.raises(InThePast):
        schedule(draft(ona).pk, NOON, by="Dana", at=NOON)
    with pytest.raises(InThePast):
        edit_when(draft(ona).pk, NOON, at=NOON)


def it_refuses_what_the_preflight_forbids_today(ona: Shop) -> None:
    ona.template.components = [{"type": "BODY", "text": "Bon dia, {{first_name}}."}]
    ona.template.save()

    with pytest.raises(Blocked, match="does not say how to leave"):
        scheduled(ona)


def it_does_not_mind_that_the_templates_were_read_long_ago(ona: Shop) -> None:
    ona.template.synced_at = NOON - 48 * HOUR
    ona.template.save()

    assert scheduled(ona).state == CampaignState.SCHEDULED


def it_refuses_a_campaign_without_message_without_people_or_already_gone(ona: Shop) -> None:
    empty = draft(ona)
    edit_what(empty.pk, NO_MESSAGE)
    with pytest.raises(NothingToSay):
        schedule(empty.pk, NOON + HOUR, by="Dana", at=NOON)

    with pytest.raises(NobodyConsents):
        schedule(draft(shop()).pk, NOON + HOUR, by="Dana", at=NOON)

    gone = draft(ona)
    launch(gone.pk, by="Dana", at=NOON)
    with pytest.raises(NotADraft):
        schedule(gone.pk, NOON + HOUR, by="Dana", at=NOON)
    with pytest.raises(NotScheduled):
        unschedule(gone.pk, by="Dana", at=NOON)
