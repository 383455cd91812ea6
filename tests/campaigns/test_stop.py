"""Stopping everything lets nothing more leave; each campaign goes on by itself."""

from datetime import timedelta

import pytest

from difusio.accounts.models import AuditEntry
from difusio.campaigns.launch import launch
from difusio.campaigns.models import Campaign, CampaignState
from difusio.campaigns.resume import resume
from difusio.campaigns.schedule import schedule
from difusio.campaigns.stop import Stopped, stop_everything
from difusio.outbox.claim import open_batches
from difusio.outbox.models import Batch
from tests.campaigns.steps import draft
from tests.cast import NOON, agreed, shop

pytestmark = pytest.mark.django_db


def it_pauses_what_sends_and_takes_back_what_is_scheduled() -> None:
    ona = shop()
    agreed(ona)
    done, first, second, later = (draft(ona) for _ in range(4))
    launch(done.pk, by="Dana", at=NOON)
    Batch.objects.update(is_open=False)
    launch(first.pk, by="Dana", at=NOON)
    launch(second.pk, by="Dana", at=NOON)
    schedule(later.pk, NOON + timedelta(hours=1), by="Dana", at=NOON)
    untouched = draft(ona)

    stopped = stop_everything(ona.workspace.pk, by="Dana", at=NOON)

    assert stopped == Stopped(paused=(first.pk, second.pk), unscheduled=(later.pk,))
    assert open_batches(ona.number.pk, at=NOON) == []
    assert list(Campaign.objects.order_by("pk").values_list("state", flat=True)) == [
        CampaignState.SENDING,  # over already
        CampaignState.PAUSED,
        CampaignState.PAUSED,
        CampaignState.DRAFT,
        CampaignState.DRAFT,
    ]
    assert untouched.state == CampaignState.DRAFT
    entry = AuditEntry.objects.get(act="campaigns.stopped")
    assert entry.details == {"paused": [first.pk, second.pk], "unscheduled": [later.pk]}

    resume(first.pk, by="Dana", at=NOON)
    assert len(open_batches(ona.number.pk, at=NOON)) == 1


def it_leaves_other_workspaces_alone_and_changes_nothing_when_repeated() -> None:
    ona, elsewhere = shop(), shop()
    agreed(elsewhere)
    theirs = draft(elsewhere)
    launch(theirs.pk, by="Eve", at=NOON)

    assert stop_everything(ona.workspace.pk, by="Dana", at=NOON) == Stopped((), ())
    assert not AuditEntry.objects.filter(act="campaigns.stopped").exists()
    theirs.refresh_from_db()
    assert theirs.state == CampaignState.SENDING
