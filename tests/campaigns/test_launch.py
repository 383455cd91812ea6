"""Launching freezes the audience once, or says in a sentence why it does not."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from difusio.accounts.models import AuditEntry
from difusio.campaigns.errors import Blocked, NobodyConsents, NoSuchCampaign, NotADraft, NumberStopped
from difusio.campaigns.launch import launch
from difusio.campaigns.models import Campaign, CampaignState, RoundBatch
from difusio.campaigns.preflight import preflight
from difusio.common.sentences import SentenceError
from difusio.consent.models import Act
from difusio.message_templates.choose import NotApprovedError, UnknownTemplateError
from difusio.message_templates.mapping import MissingVariableError, UnknownVariableError
from difusio.outbox.models import Batch, Delivery
from tests.campaigns.steps import draft, version
from tests.cast import NOON, Shop, agreed, person, say, shop
from tests.outbox.steps import states

pytestmark = pytest.mark.django_db

A_MINUTE = timedelta(minutes=1)


def cast() -> Shop:
    """Open a shop with Asha who agreed, Bilal who left and Chen who never answered."""
    ona = shop()
    agreed(ona, "Asha")
    say(ona, agreed(ona, "Bilal"), Act.WITHDRAWN, at=NOON - timedelta(days=1))
    person(ona, "Chen")
    return ona


def it_queues_one_delivery_for_each_who_agreed_and_skips_the_others_with_their_reason() -> None:
    ona = cast()

    launched = launch(draft(ona).pk, by="Dana", at=NOON)

    assert (launched.audience, launched.queued) == (3, 1)
    assert launched.skipped == {"no_consent": 1, "withdrawn": 1}
    assert states(ona) == {"Asha": "queued", "Bilal": "skipped withdrawn", "Chen": "skipped no_consent"}
    assert Campaign.objects.get().state == CampaignState.SENDING


def it_does_what_the_preflight_said() -> None:
    ona = cast()
    agreed(ona, "Pau", country="US", phone="+12025550101")
    agreed(ona, "Nobody", phone=None)
    campaign = draft(ona)

    checked = preflight(campaign.pk, at=NOON)
    launched = launch(campaign.pk, by="Dana", at=NOON)

    assert (checked.audience, checked.eligible) == (launched.audience, launched.queued)
    assert checked.skipped == launched.skipped
    assert checked.skipped == {"no_address": 1, "no_consent": 1, "us_pause": 1, "withdrawn": 1}


def it_gives_the_first_result_when_it_is_repeated() -> None:
    ona = cast()
    campaign = draft(ona)
    first = launch(campaign.pk, by="Dana", at=NOON)
    agreed(ona, "Dunia")

    assert launch(campaign.pk, by="Dana", at=NOON + A_MINUTE) == first
    assert Delivery.objects.count() == 3
    assert AuditEntry.objects.filter(act="campaign.launched").count() == 1


def it_refuses_a_campaign_that_is_not_there_or_was_cancelled() -> None:
    from difusio.campaigns.cancel import cancel

    ona = cast()
    campaign = draft(ona)
    cancel(campaign.pk, by="Dana", at=NOON)

    with pytest.raises(NotADraft, match="make a new one"):
        launch(campaign.pk, by="Dana", at=NOON)
    with pytest.raises(NoSuchCampaign):
        launch(campaign.pk + 1, by="Dana", at=NOON)


def it_refuses_when_nobody_agreed_and_leaves_nothing_behind() -> None:
    ona = shop()
    person(ona, "Chen")
    campaign = draft(ona)

    with pytest.raises(NobodyConsents, match="see the skips by reason"):
        launch(campaign.pk, by="Dana", at=NOON)

    assert (Batch.objects.count(), Delivery.objects.count()) == (0, 0)
    assert Campaign.objects.get().state == CampaignState.DRAFT


def it_refuses_when_a_segment_names_nobody() -> None:
    with pytest.raises(NobodyConsents):
        launch(draft(shop()).pk, by="Dana", at=NOON)


def it_refuses_what_a_rule_blocks() -> None:
    ona = cast()
    ona.template.components = [{"type": "BODY", "text": "Bon dia, {{first_name}}."}]
    ona.template.save()

    with pytest.raises(Blocked, match="does not say how to leave"):
        launch(draft(ona).pk, by="Dana", at=NOON)
    assert Delivery.objects.count() == 0


def it_refuses_a_number_that_is_stopped() -> None:
    ona = cast()
    ona.number.stopped_for = "190"
    ona.number.save()

    with pytest.raises(NumberStopped, match="difusio doctor"):
        launch(draft(ona).pk, by="Dana", at=NOON)


@pytest.mark.parametrize("status", ["PAUSED", "PENDING", "REJECTED", "DISABLED", "DELETED", "SOMETHING_NEW"])
def it_refuses_a_template_that_meta_has_not_approved(status: str) -> None:
    ona = cast()
    ona.template.status = status
    ona.template.save()

    with pytest.raises(NotApprovedError, match="The template autumn cannot be sent: "):
        launch(draft(ona).pk, by="Dana", at=NOON)


def it_says_which_template_or_placeholder_is_wrong() -> None:
    ona = cast()
    wrong: list[tuple[Campaign, type[SentenceError], str]] = [
        (draft(ona, template_name="winter"), UnknownTemplateError, "There is no template winter"),
        (draft(ona, values={}), MissingVariableError, "The placeholder first_name of the template autumn"),
        (draft(ona, values={"first_name": "x", "size": "y"}), UnknownVariableError, "no placeholder size"),
    ]

    for campaign, error, sentence in wrong:
        with pytest.raises(error, match=sentence):
            launch(campaign.pk, by="Dana", at=NOON)
        with pytest.raises(error, match=sentence):
            preflight(campaign.pk, at=NOON)


def it_makes_a_batch_for_each_language_that_somebody_gets() -> None:
    ona = shop()
    for name, language in (("Asha", "ca"), ("Marta", "es"), ("Emma", "en_GB"), ("Jo", "fr")):
        agreed(ona, name, language=language)
    for language in ("es", "en", "de"):
        version(ona, language)

    launch(draft(ona).pk, by="Dana", at=NOON)

    people = {
        row.language: sorted(delivery.contact.first_name for delivery in row.batch.deliveries.all())
        for row in RoundBatch.objects.all()
    }
    assert people == {"ca": ["Asha", "Jo"], "es": ["Marta"], "en": ["Emma"]}


def it_costs_the_same_however_large_the_audience_is() -> None:
    small, large = cast(), cast()
    for place in range(20):
        agreed(large, f"N{place}")
    costs = []
    for ona in (small, large):
        campaign = draft(ona)
        with CaptureQueriesContext(connection) as queries:
            launch(campaign.pk, by="Dana", at=NOON)
        costs.append(len(queries))

    assert costs == [19, 19]
