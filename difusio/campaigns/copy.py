"""Copy a campaign: a new draft that asks, says and sends the same."""

from datetime import datetime

from difusio.campaigns.errors import NoSuchCampaign
from difusio.campaigns.models import NAME_CHARS, Campaign, CampaignKind, Variant
from difusio.campaigns.plan import Message, plan


def copy(campaign_id: int, *, name: str, by: str, at: datetime) -> Campaign:
    """Store a draft like another campaign, in whatever state that is; its moment is not copied.

    Raises NoSuchCampaign, and what ``plan`` raises.
    """
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    if campaign is None:
        raise NoSuchCampaign
    variant = Variant.objects.select_related("round").get(round__campaign=campaign, round__seq=1, name="A")
    return plan(
        workspace_id=campaign.workspace_id,
        name=name[:NAME_CHARS],
        kind=CampaignKind(campaign.kind),
        topic_id=campaign.topic_id,
        segment_id=campaign.segment_id,
        number_id=campaign.number_id,
        has_canary=variant.round.has_canary,
        message=Message(variant.template_name, variant.language, variant.values),
        by=by,
        at=at,
    )
