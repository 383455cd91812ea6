"""Pause a campaign."""

from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.campaigns.errors import NotRunning
from difusio.campaigns.models import Campaign, CampaignState
from difusio.campaigns.running import batch_ids, lock_campaign
from difusio.outbox import batches


def pause(campaign_id: int, *, by: str, at: datetime) -> Campaign:
    """Let no further request of the campaign start; requests in the air finish.  Repeating it changes nothing.

    Raises NoSuchCampaign, NotRunning.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if campaign.state == CampaignState.PAUSED:
            return campaign
        if campaign.state != CampaignState.SENDING:
            raise NotRunning
        batches.pause(batch_ids(campaign_id), reason="paused", at=at)
        campaign.state = CampaignState.PAUSED
        campaign.save(update_fields=["state"])
        audit.record(
            workspace_id=campaign.workspace_id,
            actor=by,
            act="campaign.paused",
            details={"campaign": campaign_id},
            at=at,
        )
    return campaign
