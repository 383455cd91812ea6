"""Set back what stood ready in a store that came out of a backup: it may have been sent since."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from difusio.accounts import audit
from difusio.accounts.hold import place
from difusio.accounts.models import Installation, Workspace
from difusio.campaigns.models import Campaign, CampaignState, Round, RoundBatch
from difusio.campaigns.stop import under_way
from difusio.outbox import batches

# Kept on the batches, so that whoever resumes reads why.
RESTORED: Final = "restored"


@dataclass(frozen=True, slots=True)
class SetBack:
    """Campaigns that are paused and that are drafts again; answers and tests that will not be sent."""

    paused: int
    unscheduled: int
    cancelled: int


def set_back(*, at: datetime) -> SetBack | None:
    """Pause what was sending, unschedule what was scheduled, and cancel the answers that stood in the queue, once.

    None: the store was not restored, or that was done before.  What comes in from now on is not touched, so that who
    leaves meanwhile gets their confirmation.  Cost while there is nothing to do: 2 queries.
    """
    with transaction.atomic():
        row = Installation.objects.select_for_update().first()
        here = place()
        if row is None or here in {row.released_place, row.set_back_place}:
            return None
        done = [_of_workspace(workspace, at=at) for workspace in Workspace.objects.order_by("id")]
        row.set_back_place = here
        row.save(update_fields=["set_back_place"])
    return SetBack(
        paused=sum(one.paused for one in done),
        unscheduled=sum(one.unscheduled for one in done),
        cancelled=sum(one.cancelled for one in done),
    )


def _of_workspace(workspace: Workspace, *, at: datetime) -> SetBack:
    # What a person had paused before is marked too: it may have gone on since.
    own = list(
        RoundBatch.objects.filter(batch__workspace=workspace, batch__is_open=True)
        .order_by("batch_id")
        .values_list("batch_id", flat=True)
    )
    sending = list(under_way(workspace.pk).select_for_update().values_list("id", flat=True))
    batches.pause_anew(own, reason=RESTORED, at=at)
    Campaign.objects.filter(pk__in=sending).update(state=CampaignState.PAUSED)
    scheduled = list(
        Campaign.objects.filter(
            workspace=workspace, state__in=[CampaignState.SCHEDULED, CampaignState.PREPARING]
        )
        .order_by("id")
        .select_for_update()
        .values_list("id", flat=True)
    )
    with translation.override(workspace.language):
        why = gettext("The store came out of a backup: it may have left since.")
    Round.objects.filter(campaign__in=scheduled, launched_at=None).update(
        held_back=why, scheduled_for=None, preparing_since=None
    )
    Campaign.objects.filter(pk__in=scheduled).update(state=CampaignState.DRAFT)
    cancelled = batches.cancel_waiting(workspace.pk, except_for=own)
    audit.record(
        workspace_id=workspace.pk,
        actor="restore",
        act="store.restored",
        details={"paused": sending, "unscheduled": scheduled, "cancelled": cancelled},
        at=at,
    )
    return SetBack(len(sending), len(scheduled), cancelled)
