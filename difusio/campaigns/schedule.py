"""Schedule a campaign: from here on the clock launches it at its moment."""

from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.campaigns.audience import counted, planned
from difusio.campaigns.errors import Blocked, InThePast, NobodyConsents, NotADraft
from difusio.campaigns.findings import findings, said
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.campaigns.running import lock_campaign
from difusio.rules.findings import Level

# The templates are read from Meta again just before the launch, so that their age today hinders nothing.
_MENDED_BY_THEN = frozenset({"fresh_category"})


def schedule(campaign_id: int, moment: datetime, *, by: str, at: datetime) -> Campaign:
    """Let the clock launch a draft at ``moment``, who by then fit and agree; scheduled already: at this moment instead.

    What the pre-flight forbids today cannot be scheduled; it runs again at the launch.
    Raises NoSuchCampaign, NotADraft, InThePast, Blocked, NobodyConsents, and what ``planned`` raises.
    """
    if moment <= at:
        raise InThePast
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        if campaign.state not in {CampaignState.DRAFT, CampaignState.SCHEDULED}:
            raise NotADraft
        _see_that_it_may(campaign, at=at)
        Round.objects.filter(campaign=campaign, seq=1).update(
            scheduled_for=moment, scheduled_by=by, held_back=""
        )
        campaign.state = CampaignState.SCHEDULED
        campaign.save(update_fields=["state"])
        audit.record(
            workspace_id=campaign.workspace_id,
            actor=by,
            act="campaign.scheduled",
            details={"campaign": campaign_id, "for": moment.isoformat()},
            at=at,
        )
    return campaign


def _see_that_it_may(campaign: Campaign, *, at: datetime) -> None:
    count = counted(planned(campaign, at=at), at=at)
    blocks = [
        said(finding)
        for finding in findings(count, at=at)
        if finding.level is Level.BLOCK and finding.rule not in _MENDED_BY_THEN
    ]
    if blocks:
        raise Blocked(" ".join(blocks))
    if not count.people:
        raise NobodyConsents
