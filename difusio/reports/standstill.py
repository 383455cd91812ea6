"""Why a campaign that should be sending stands still, for the person who can mend it."""

from django.utils.translation import gettext as _

from difusio.campaigns.after_restore import RESTORED
from difusio.campaigns.models import Campaign, CampaignState
from difusio.outbox.models import Batch
from difusio.reports.causes import stop_sentence

# The reason that a person's own pause leaves on the batches; it is no fault.
_BY_A_PERSON = "paused"


def standstill(campaign: Campaign) -> tuple[str, ...]:
    """Say what keeps the campaign from going on, () if nothing does.

    Cost: 1 query while it sends or is paused, else none.  campaign: with its number at hand.
    """
    if campaign.state == CampaignState.PAUSED:
        # A person paused it, unless the restore did: then they have something to decide.
        restored = Batch.objects.filter(round_batch__round__campaign=campaign, pause_reason=RESTORED)
        return (stop_sentence(RESTORED),) if restored.exists() else ()
    if campaign.state != CampaignState.SENDING:
        return ()
    stopped_for = campaign.number.stopped_for
    of_number = (
        (_("This number is stopped. %(why)s") % {"why": stop_sentence(stopped_for)},) if stopped_for else ()
    )
    codes = (
        Batch.objects.filter(round_batch__round__campaign=campaign, paused_at__isnull=False)
        .exclude(pause_reason=_BY_A_PERSON)
        .order_by("pause_reason")
        .values_list("pause_reason", flat=True)
        .distinct()
    )
    return (*of_number, *(stop_sentence(code) for code in codes))
