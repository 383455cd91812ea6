"""Pausing, resuming and cancelling: each at the right moment, each harmless to repeat."""

import pytest

from difusio.accounts.models import AuditEntry
from difusio.campaigns.cancel import Cancelled, cancel
from difusio.campaigns.errors import NoSuchCampaign, NotPaused, NotRunning
from difusio.campaigns.launch import launch
from difusio.campaigns.models import Campaign
from difusio.campaigns.pause import pause
from difusio.campaigns.recategorised import pause_recategorised
from difusio.campaigns.resume import resume
from difusio.clock.sweep import sweep
from difusio.consent.models import Topic
from difusio.message_templates.models import Template
from difusio.outbox.models import Batch
from difusio.reports.standstill import standstill
from tests.campaigns.steps import draft
from tests.cast import NOON, Shop, agreed, shop
from tests.outbox.steps import claimed, hold, intended, states, tallies

pytestmark = pytest.mark.django_db


def launched() -> tuple[Shop, Campaign]:
    ona = shop()
    agreed(ona, "Asha")
    agreed(ona, "Dunia")
    campaign = draft(ona)
    launch(campaign.pk, by="Dana", at=NOON)
    return ona, campaign


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("act", flat=True))


def it_lets_nothing_start_while_it_is_paused_not_even_what_was_claimed() -> None:
    ona, campaign = launched()
    by = hold(ona)
    items = claimed(ona, by, limit=1)

    pause(campaign.pk, by="Dana", at=NOON)

    assert intended(items, by) == {}
    assert claimed(ona, by) == []


def it_goes_on_where_it_was_when_it_is_resumed() -> None:
    ona, campaign = launched()
    by = hold(ona)
    intended(claimed(ona, by, limit=1), by)
    pause(campaign.pk, by="Dana", at=NOON)

    resume(campaign.pk, by="Dana", at=NOON)

    assert len(claimed(ona, by)) == 1
    assert states(ona) == {"Asha": "sending", "Dunia": "claimed"}


def it_ends_what_has_not_started_when_it_is_cancelled() -> None:
    ona, campaign = launched()
    by = hold(ona)
    intended(claimed(ona, by, limit=1), by)

    assert cancel(campaign.pk, by="Dana", at=NOON) == Cancelled(1)

    assert states(ona) == {"Asha": "sending", "Dunia": "cancelled"}
    assert tallies(Batch.objects.get())["cancelled"] == 1
    assert claimed(ona, by) == []


def it_changes_nothing_when_it_is_repeated() -> None:
    _, campaign = launched()
    for act in (pause, pause, resume, resume):
        act(campaign.pk, by="Dana", at=NOON)
    assert cancel(campaign.pk, by="Dana", at=NOON) == Cancelled(2)
    assert cancel(campaign.pk, by="Dana", at=NOON) == Cancelled(0)

    assert acts().count("campaign.paused") == acts().count("campaign.cancelled") == 1


def it_says_in_a_sentence_what_cannot_be_done_now() -> None:
    ona, running = launched()
    waiting = draft(ona)

    with pytest.raises(NotRunning, match="Only a campaign that is sending can be paused"):
        pause(waiting.pk, by="Dana", at=NOON)
    with pytest.raises(NotPaused, match="Only a paused campaign can be resumed"):
        resume(waiting.pk, by="Dana", at=NOON)
    cancel(running.pk, by="Dana", at=NOON)
    with pytest.raises(NotRunning):
        pause(running.pk, by="Dana", at=NOON)
    with pytest.raises(NotPaused):
        resume(running.pk, by="Dana", at=NOON)
    for act in (pause, resume, cancel):
        with pytest.raises(NoSuchCampaign):
            act(10**9, by="Dana", at=NOON)


def it_stops_a_campaign_whose_template_meta_takes_for_marketing() -> None:
    ona, campaign = launched()
    Topic.objects.filter(pk=ona.offers.pk).update(kind="service")
    Template.objects.update(category="UTILITY")
    by = hold(ona)
    assert pause_recategorised(at=NOON) == 0
    waiting = claimed(ona, by, limit=1)
    Template.objects.update(category="MARKETING")

    sweep(at=NOON)

    campaign.refresh_from_db()
    assert intended(waiting, by) == {}
    assert standstill(campaign)[0].startswith("Meta now holds this template to be marketing")
    resume(campaign.pk, by="Dana", at=NOON)
    assert claimed(ona, by) == []

    Template.objects.update(category="UTILITY")
    resume(campaign.pk, by="Dana", at=NOON)
    assert len(claimed(ona, by)) == 1


def it_lets_a_campaign_about_a_marketing_topic_go_on() -> None:
    launched()

    assert pause_recategorised(at=NOON) == 0
