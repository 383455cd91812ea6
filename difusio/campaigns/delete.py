"""Delete a campaign that never left."""

from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.campaigns.errors import IsScheduled, WasLaunched
from difusio.campaigns.models import CampaignState, Round
from difusio.campaigns.running import lock_campaign


def delete(campaign_id: int, *, by: str, at: datetime) -> None:
    """Take a draft away, or a campaign that was cancelled before it left.  It cannot be undone.

    Raises NoSuchCampaign, IsScheduled, WasLaunched.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if campaign.state == CampaignState.SCHEDULED:
            raise IsScheduled
        if Round.objects.filter(campaign=campaign, launched_at__isnull=False).exists():
            raise WasLaunched
        audit.record(
            workspace_id=campaign.workspace_id,
            actor=by,
            act="campaign.deleted",
            details={"campaign": campaign_id},
            at=at,
        )
        campaign.delete()
