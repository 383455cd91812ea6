"""Stop everything: nothing more of the workspace's campaigns leaves until a person lets each go on."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from difusio.accounts import audit
from difusio.campaigns.models import Campaign, CampaignState, RoundBatch
from difusio.campaigns.prepare import take_back
from difusio.outbox import batches


@dataclass(frozen=True, slots=True)
class Stopped:
    """The campaigns that were sending and are paused, and those that were scheduled and are drafts again."""

    paused: tuple[int, ...]
    unscheduled: tuple[int, ...]


def stop_everything(workspace_id: int, *, by: str, at: datetime) -> Stopped:
    """Pause every campaign that has something left to send and take every scheduled one back to the drafts.

    What a job prepares is taken back; if it is being frozen at this moment, it comes out paused.  Repeating it changes
    nothing.  Answers to people still leave.
    """
    preparing = Campaign.objects.filter(workspace_id=workspace_id, state=CampaignState.PREPARING)
    for campaign_id in preparing.order_by("id").values_list("id", flat=True):
        take_back(campaign_id, by=by, at=at)
    with transaction.atomic():
        sending = list(under_way(workspace_id).select_for_update())
        scheduled = list(
            Campaign.objects.filter(workspace_id=workspace_id, state=CampaignState.SCHEDULED)
            .order_by("id")
            .select_for_update()
        )
        paused = tuple(campaign.pk for campaign in sending)
        unscheduled = tuple(campaign.pk for campaign in scheduled)
        if not paused and not unscheduled:
            return Stopped((), ())
        own = RoundBatch.objects.filter(round__campaign__in=paused).order_by("batch_id")
        batches.pause(list(own.values_list("batch_id", flat=True)), reason="paused", at=at)
        Campaign.objects.filter(pk__in=paused).update(state=CampaignState.PAUSED)
        Campaign.objects.filter(pk__in=unscheduled).update(state=CampaignState.DRAFT)
        audit.record(
            workspace_id=workspace_id,
            actor=by,
            act="campaigns.stopped",
            details={"paused": list(paused), "unscheduled": list(unscheduled)},
            at=at,
        )
    return Stopped(paused, unscheduled)


def under_way(workspace_id: int) -> QuerySet[Campaign]:
    """Give the campaigns that are sending and not done yet, the oldest first."""
    unfinished = RoundBatch.objects.filter(batch__number__workspace_id=workspace_id, batch__is_open=True)
    return Campaign.objects.filter(
        state=CampaignState.SENDING, pk__in=unfinished.values("round__campaign")
    ).order_by("id")
