"""Take a scheduled campaign back to the drafts."""

from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.campaigns.errors import NotScheduled
from difusio.campaigns.models import Campaign, CampaignState
from difusio.campaigns.running import lock_campaign


def unschedule(campaign_id: int, *, by: str, at: datetime) -> Campaign:
    """Let the clock leave it alone; its moment stays noted as a wish.  Repeating it changes nothing.

    Raises NoSuchCampaign, NotScheduled.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if campaign.state == CampaignState.DRAFT:
            return campaign
        if campaign.state != CampaignState.SCHEDULED:
            raise NotScheduled
        campaign.state = CampaignState.DRAFT
        campaign.save(update_fields=["state"])
        audit.record(
            workspace_id=campaign.workspace_id,
            actor=by,
            act="campaign.unscheduled",
            details={"campaign": campaign_id},
            at=at,
        )
    return campaign
