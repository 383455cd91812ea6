"""A launched campaign, locked, for the acts that change how it runs."""

from difusio.campaigns.errors import NoSuchCampaign
from difusio.campaigns.models import Campaign, RoundBatch


def lock_campaign(campaign_id: int) -> Campaign:
    """Lock a campaign's row in the caller's transaction.  Raises NoSuchCampaign."""
    campaign = Campaign.objects.select_for_update().filter(pk=campaign_id).first()
    if campaign is None:
        raise NoSuchCampaign
    return campaign


def batch_ids(campaign_id: int) -> list[int]:
    """List the batches of a campaign's rounds."""
    batches = RoundBatch.objects.filter(round__campaign_id=campaign_id)
    return list(batches.order_by("batch_id").values_list("batch_id", flat=True))
