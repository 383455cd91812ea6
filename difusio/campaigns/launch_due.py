"""Launch what is scheduled and due, or say why not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils import translation

from difusio.accounts import audit
from difusio.campaigns.errors import TooLate
from difusio.campaigns.launch import launch
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.campaigns.running import lock_campaign
from difusio.common.sealed import DamagedValueError
from difusio.common.sentences import SentenceError
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.sync import sync

# Later than that nobody expects it any more: a reminder for noon must not leave at three in the morning.
LATEST: Final = timedelta(hours=1)

_log = structlog.get_logger("difusio.campaigns")


@dataclass(frozen=True, slots=True)
class Due:
    """How many campaigns left, and how many went back to the drafts with their reason."""

    launched: int
    held_back: int


def launch_due(*, at: datetime) -> Due:
    """Launch every campaign whose moment has come, after reading its templates from Meta and the pre-flight again.

    What may not leave goes back to the drafts and says why.  Safe to repeat and to run in several processes.
    Cost while nothing is due: 1 query.
    """
    due = (
        Round.objects.filter(
            scheduled_for__lte=at, launched_at__isnull=True, campaign__state=CampaignState.SCHEDULED
        )
        .select_related("campaign__workspace")
        .order_by("scheduled_for", "id")
    )
    left = [_launch(found, at=at) for found in due]
    return Due(launched=sum(left), held_back=len(left) - sum(left))


def _launch(due: Round, *, at: datetime) -> bool:
    campaign = due.campaign
    # The reason is read later, by whoever comes first.
    with translation.override(campaign.workspace.language):
        try:
            if due.scheduled_for is not None and at - due.scheduled_for > LATEST:
                raise TooLate
            _refresh(campaign, at=at)
            launch(campaign.pk, by=due.scheduled_by, at=at)
        except SentenceError as error:
            _hold_back(campaign.pk, str(error), at=at)
            return False
    return True


def _refresh(campaign: Campaign, *, at: datetime) -> None:
    try:
        sync(workspace_id=campaign.workspace_id, number_id=campaign.number_id, at=at)
    except (MessageTemplateError, DamagedValueError):
        # The pre-flight decides whether what we have is fresh enough.
        _log.warning("campaign.templates_not_refreshed", campaign=campaign.pk)


def _hold_back(campaign_id: int, reason: str, *, at: datetime) -> None:
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        first = Round.objects.get(campaign=campaign, seq=1)
        is_due = first.scheduled_for is not None and first.scheduled_for <= at
        if campaign.state != CampaignState.SCHEDULED or not is_due:
            return  # somebody was quicker: launched it, took it back or chose another moment
        campaign.state = CampaignState.DRAFT
        campaign.save(update_fields=["state"])
        first.held_back, first.scheduled_for = reason, None
        first.save(update_fields=["held_back", "scheduled_for"])
        audit.record(
            workspace_id=campaign.workspace_id,
            actor="clock",
            act="campaign.held_back",
            details={"campaign": campaign_id, "reason": reason},
            at=at,
        )
