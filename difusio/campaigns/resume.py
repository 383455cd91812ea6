"""Resume a paused campaign."""

from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.campaigns.errors import NotPaused
from difusio.campaigns.models import Campaign, CampaignState
from difusio.campaigns.recategorised import pause_recategorised
from difusio.campaigns.running import batch_ids, lock_campaign
from difusio.outbox import batches


def resume(campaign_id: int, *, by: str, at: datetime) -> Campaign:
    """Let the rest of the campaign go out; what was sent is not sent again.  Repeating it changes nothing.

    Also lifts a pause that the sender made because of the template, but not one that its category asks for.
    Raises NoSuchCampaign, NotPaused.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if campaign.state not in {CampaignState.PAUSED, CampaignState.SENDING}:
            raise NotPaused
        if not batches.resume(batch_ids(campaign_id)) and campaign.state == CampaignState.SENDING:
            return campaign
        pause_recategorised(at=at)
        campaign.state = CampaignState.SENDING
        campaign.save(update_fields=["state"])
        audit.record(
            workspace_id=campaign.workspace_id,
            actor=by,
            act="campaign.resumed",
            details={"campaign": campaign_id},
            at=at,
        )
    return campaign
