"""Cancel a campaign."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.campaigns.errors import NothingToCancel
from difusio.campaigns.models import CampaignState
from difusio.campaigns.running import batch_ids, lock_campaign
from difusio.outbox import batches


@dataclass(frozen=True, slots=True)
class Cancelled:
    """deliveries: how many will not be sent any more; 0 when it was cancelled before."""

    deliveries: int


def cancel(campaign_id: int, *, by: str, at: datetime) -> Cancelled:
    """End everything of the campaign that has not started; requests in the air finish.  It cannot be undone.

    Repeating it changes nothing.  Raises NoSuchCampaign, NothingToCancel.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if campaign.state == CampaignState.CANCELLED:
            return Cancelled(0)
        own = batch_ids(campaign_id)
        if own and not batches.has_unfinished(own):
            raise NothingToCancel
        ended = batches.cancel(own, at=at)
        campaign.state = CampaignState.CANCELLED
        campaign.save(update_fields=["state"])
        audit.record(
            workspace_id=campaign.workspace_id,
            actor=by,
            act="campaign.cancelled",
            details={"campaign": campaign_id, "deliveries": ended},
            at=at,
        )
    return Cancelled(ended)
