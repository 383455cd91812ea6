"""Launch as a job: freezing a million people takes longer than a page may wait or the clock may stand still."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils import translation
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from difusio.accounts import audit
from difusio.campaigns.errors import LaunchBroke, NotADraft, NumberStopped, TooLate
from difusio.campaigns.launch import launch
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.campaigns.pause import pause
from difusio.campaigns.running import lock_campaign
from difusio.common.clock import now
from difusio.common.sealed import DamagedValueError
from difusio.common.sentences import SentenceError
from difusio.common.store import STORE_AWAY
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.sync import sync

# Later than that nobody expects it any more: a reminder for noon must not leave at three in the morning.
LATEST: Final = timedelta(hours=1)
# A service alert must not wait behind an import: see ``work --urgent``.
URGENT: Final = 10

_log = structlog.get_logger("difusio.campaigns")


def prepare(campaign_id: int, *, by: str, at: datetime, language: str, at_most: int | None = None) -> None:
    """Leave the launch to ``difusio work``; at once nobody can change the campaign any more.  Repeating it is harmless.

    language: in which a reason is written down if it may not leave.  at_most: as ``launch`` takes it.
    Raises NoSuchCampaign, NotADraft, NumberStopped; what else may be wrong, the campaign tells as ``held_back``.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if campaign.state in {CampaignState.PREPARING, CampaignState.SENDING, CampaignState.PAUSED}:
            return
        if campaign.state not in {CampaignState.DRAFT, CampaignState.SCHEDULED}:
            raise NotADraft
        if campaign.number.stopped_for:
            raise NumberStopped
        is_scheduled = campaign.state == CampaignState.SCHEDULED
        job = run.enqueue(campaign_id, by, language, at_most, is_scheduled).id
        Round.objects.filter(campaign=campaign, seq=1).update(preparing_since=at, job=job, held_back="")
        campaign.state = CampaignState.PREPARING
        campaign.save(update_fields=["state"])


@task(priority=URGENT)
def run(campaign_id: int, by: str, language: str, at_most: int | None, is_scheduled: bool) -> None:  # noqa: FBT001  # a job's arguments are stored as a list
    """Do what ``launch_prepared`` does, now."""
    launch_prepared(
        campaign_id, by=by, language=language, at_most=at_most, is_scheduled=is_scheduled, at=now()
    )


def launch_prepared(
    campaign_id: int, *, by: str, language: str, at_most: int | None, is_scheduled: bool, at: datetime
) -> None:
    """Freeze and start what is prepared, once, however many workers die of it; or write down why it may not leave."""
    first = Round.objects.select_related("campaign").filter(campaign=campaign_id, seq=1).first()
    if first is None:
        return
    if first.preparing_since is None:
        # Stopped while a worker that was killed had it.
        stopped = Campaign.objects.filter(pk=campaign_id, state=CampaignState.PREPARING)
        stopped.update(state=CampaignState.DRAFT)
        return
    with translation.override(language):
        try:
            _see_that_it_is_in_time(first.preparing_since, at)
            if is_scheduled:
                _refresh(first.campaign, at=at)
            _launch(campaign_id, by=by, at_most=at_most, at=at)
        except SentenceError as error:
            hold_back(campaign_id, str(error), by=by, at=at)
        except STORE_AWAY:
            # Nobody knows what was committed: the job is taken up again.
            raise
        except Exception:
            hold_back(campaign_id, str(LaunchBroke()), by=by, at=at)
            raise


def _see_that_it_is_in_time(since: datetime, at: datetime) -> None:
    if at - since > LATEST:
        raise TooLate


def _refresh(campaign: Campaign, *, at: datetime) -> None:
    try:
        sync(workspace_id=campaign.workspace_id, number_id=campaign.number_id, at=at)
    except (MessageTemplateError, DamagedValueError):
        # The pre-flight decides whether what we have is fresh enough.
        _log.warning("campaign.templates_not_refreshed", campaign=campaign.pk)


def _launch(campaign_id: int, *, by: str, at_most: int | None, at: datetime) -> None:
    with transaction.atomic():
        launch(campaign_id, by=by, at=at, at_most=at_most)
        # The launch holds the round's row by now: whoever stops it has done so before, or finds it sending.
        waiting = Round.objects.filter(campaign=campaign_id, seq=1, preparing_since__isnull=False)
        if not waiting.update(preparing_since=None):
            pause(campaign_id, by=by, at=at)


def take_back(campaign_id: int, *, by: str, at: datetime) -> None:
    """Stop what is being prepared: it is a draft again, or comes out paused if it is being frozen at this moment."""
    with transaction.atomic():
        waiting = Round.objects.filter(campaign=campaign_id, seq=1, preparing_since__isnull=False)
        if not waiting.update(preparing_since=None):
            return
        # Whoever freezes has locked the campaign, for half a minute perhaps: nobody who stops it waits for that.
        campaign = (
            Campaign.objects.select_for_update(skip_locked=True)
            .filter(pk=campaign_id, state=CampaignState.PREPARING)
            .first()
        )
        if campaign is not None:
            campaign.state = CampaignState.DRAFT
            campaign.save(update_fields=["state"])
        workspace_id = Campaign.objects.values_list("workspace_id", flat=True).get(pk=campaign_id)
        audit.record(
            workspace_id=workspace_id,
            actor=by,
            act="campaign.taken_back",
            details={"campaign": campaign_id},
            at=at,
        )


def hold_back(campaign_id: int, reason: str, *, by: str, at: datetime) -> None:
    """Give a campaign that may not leave back to the drafts, with the reason.  Repeating it changes nothing."""
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if campaign.state not in {CampaignState.PREPARING, CampaignState.SCHEDULED}:
            return  # somebody was quicker
        first = Round.objects.get(campaign=campaign, seq=1)
        if campaign.state == CampaignState.SCHEDULED and first.scheduled_for and first.scheduled_for > at:
            return  # somebody chose another moment
        campaign.state = CampaignState.DRAFT
        campaign.save(update_fields=["state"])
        first.held_back, first.scheduled_for, first.preparing_since = reason, None, None
        first.save(update_fields=["held_back", "scheduled_for", "preparing_since"])
        audit.record(
            workspace_id=campaign.workspace_id,
            actor=by,
            act="campaign.held_back",
            details={"campaign": campaign_id, "reason": reason},
            at=at,
        )


def give_up(*, at: datetime) -> int:
    """Give back what no worker will prepare any more, because three died of it; say how many.  Cost: 1 query."""
    gone = DBTaskResult.objects.filter(status=TaskResultStatus.FAILED)
    lost = Round.objects.filter(preparing_since__isnull=False, job__in=gone.values("id"))
    lost = lost.select_related("campaign__workspace").order_by("id")
    for one in lost:
        with translation.override(one.campaign.workspace.language):
            hold_back(one.campaign_id, str(LaunchBroke()), by="clock", at=at)
    return len(lost)
