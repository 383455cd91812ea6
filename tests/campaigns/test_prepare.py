"""A launch is left to a worker: the page goes on at once, and the audience is frozen once or not at all."""

import psycopg
import pytest
from django.db import connection
from django_tasks_db.models import DBTaskResult

from difusio.accounts.models import AuditEntry
from difusio.campaigns.edit import edit_what
from difusio.campaigns.errors import NotADraft, NumberStopped
from difusio.campaigns.launch_due import Due, launch_due
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.campaigns.plan import NO_MESSAGE
from difusio.campaigns.prepare import LATEST, prepare, take_back
from difusio.campaigns.stop import stop_everything
from difusio.common.clock import now
from difusio.message_templates.models import Template
from difusio.outbox.models import Batch, Delivery
from difusio.work.worker import work_once
from tests.campaigns.steps import draft, work
from tests.cast import NOON, Shop, agreed, shop
from tests.stores import store_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def ona() -> Shop:
    ona = shop()
    agreed(ona, "Asha")
    return ona


def prepared(of: Shop, *, at_most: int | None = None) -> Campaign:
    campaign = draft(of)
    prepare(campaign.pk, by="Dana", at=NOON, language="en", at_most=at_most)
    campaign.refresh_from_db()
    return campaign


def stands(campaign: Campaign) -> tuple[str, str]:
    """Give the campaign's state and why it did not leave."""
    campaign.refresh_from_db()
    return campaign.state, Round.objects.get(campaign=campaign).held_back


def it_freezes_nothing_at_once_and_lets_nobody_change_it_any_more(ona: Shop) -> None:
    campaign = prepared(ona)

    assert campaign.state == CampaignState.PREPARING
    assert not Delivery.objects.exists()
    with pytest.raises(NotADraft):
        edit_what(campaign.pk, NO_MESSAGE)


def it_is_launched_once_however_often_it_is_asked_for(ona: Shop) -> None:
    campaign = prepared(ona)
    prepare(campaign.pk, by="Dana", at=NOON, language="en")

    assert work(at=NOON) == 1
    prepare(campaign.pk, by="Dana", at=NOON, language="en")

    assert stands(campaign) == (CampaignState.SENDING, "")
    assert Delivery.objects.filter(state="queued").count() == 1
    assert Round.objects.get().launched_by == "Dana"
    assert work(at=NOON) == 0


def it_is_taken_up_again_when_its_worker_was_killed(ona: Shop) -> None:
    Template.objects.update(synced_at=now())
    campaign = draft(ona)
    prepare(campaign.pk, by="Dana", at=now(), language="en")
    DBTaskResult.objects.get().claim("the dead")

    assert work_once(owner="the living", only_urgent=True)

    assert stands(campaign) == (CampaignState.SENDING, "")
    assert Batch.objects.count() == 1


def it_comes_back_to_the_drafts_and_says_why_in_the_language_of_whoever_launched(ona: Shop) -> None:
    campaign = draft(ona)
    prepare(campaign.pk, by="Dana", at=NOON, language="es", at_most=0)
    work(at=NOON)

    state, why = stands(campaign)
    assert state == CampaignState.DRAFT
    assert why.startswith("Ahora la recibiría más gente")
    assert not Batch.objects.exists()
    assert AuditEntry.objects.get(act="campaign.held_back").actor == "Dana"


def it_does_not_leave_hours_late_because_nobody_worked(ona: Shop) -> None:
    campaign = prepared(ona)

    work(at=NOON + 2 * LATEST)

    assert stands(campaign)[0] == CampaignState.DRAFT
    assert "Its moment passed" in stands(campaign)[1]


def it_refuses_at_once_what_can_be_seen_at_once(ona: Shop) -> None:
    campaign = draft(ona)
    ona.number.stopped_for = "190"
    ona.number.save()

    with pytest.raises(NumberStopped):
        prepare(campaign.pk, by="Dana", at=NOON, language="en")

    assert not DBTaskResult.objects.exists()


def it_can_be_stopped_while_it_waits(ona: Shop) -> None:
    campaign = prepared(ona)

    take_back(campaign.pk, by="Dana", at=NOON)
    take_back(campaign.pk, by="Dana", at=NOON)
    work(at=NOON)

    assert stands(campaign) == (CampaignState.DRAFT, "")
    assert not Batch.objects.exists()
    assert AuditEntry.objects.filter(act="campaign.taken_back").count() == 1


def it_comes_out_paused_when_everything_is_stopped_while_it_is_being_frozen(ona: Shop) -> None:
    campaign = prepared(ona)
    with connection.cursor() as cursor:
        # As whoever stops it in another transaction, at the moment when its batch is written.
        cursor.execute(
            "CREATE FUNCTION stop_now() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN UPDATE campaigns_round SET preparing_since = NULL; RETURN NEW; END'"
        )
        cursor.execute(
            "CREATE TRIGGER stop_now AFTER INSERT ON outbox_batch FOR EACH ROW EXECUTE FUNCTION stop_now()"
        )

    work(at=NOON)

    assert stands(campaign) == (CampaignState.PAUSED, "")
    assert Batch.objects.get().paused_at is not None


@pytest.mark.django_db(transaction=True)
def it_lets_nobody_who_stops_everything_wait_for_whoever_freezes(ona: Shop) -> None:
    campaign = prepared(ona)
    with psycopg.connect(store_url(connection.settings_dict["NAME"])) as freezing:
        freezing.execute("SELECT 1 FROM campaigns_campaign WHERE id = %s FOR UPDATE", [campaign.pk])

        stop_everything(ona.workspace.pk, by="Dana", at=NOON)

    assert Round.objects.get().preparing_since is None
    # The worker was killed: whoever takes its job up finds that it was stopped.
    work(at=NOON)
    assert stands(campaign) == (CampaignState.DRAFT, "")


def it_is_given_back_when_three_workers_died_of_it(ona: Shop) -> None:
    campaign = prepared(ona)
    for name in "abc":
        DBTaskResult.objects.get().claim(name)
    work_once(owner="d")

    assert launch_due(at=NOON) == Due(prepared=0, held_back=1)

    assert stands(campaign)[0] == CampaignState.DRAFT
    assert stands(campaign)[1] != ""
    assert launch_due(at=NOON) == Due(prepared=0, held_back=0)
