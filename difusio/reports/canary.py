"""What a campaign's canary says, for the person who decides about the rest."""

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from difusio.campaigns.canary import Seen
from difusio.campaigns.models import Campaign, CampaignState, Canary, CanaryState


@dataclass(frozen=True, slots=True)
class CanaryNews:
    """people: how many get it first.  against: what speaks against going on, () while Meta has not told all."""

    people: int
    is_held: bool
    against: tuple[str, ...]


def canary_news(campaign: Campaign) -> CanaryNews | None:
    """Say what the rest of a campaign waits for; None where nothing is held.

    Cost: 1 query while it sends or is paused, else none.
    """
    if campaign.state not in {CampaignState.SENDING, CampaignState.PAUSED}:
        return None
    canary = Canary.objects.filter(
        round__campaign=campaign, state__in=(CanaryState.WAITING, CanaryState.HELD)
    ).first()
    if canary is None:
        return None
    is_held = canary.state == CanaryState.HELD
    return CanaryNews(canary.people, is_held, _against(Seen(**canary.seen)) if is_held else ())


def _against(seen: Seen) -> tuple[str, ...]:
    values = {
        "asked": number_format(seen.asked, force_grouping=True),
        "failed": number_format(seen.failed, force_grouping=True),
        "unheard": number_format(seen.unheard, force_grouping=True),
        "delivered": number_format(seen.delivered, force_grouping=True),
        "left": number_format(seen.left, force_grouping=True),
        "failed_percent": seen.failed_percent,
        "left_percent": seen.left_percent,
    }
    sentences = {
        "failed": _(
            "%(failed)s of %(asked)s messages failed; more than %(failed_percent)s in 100 are too many."
        ),
        "left": _(
            "%(left)s of %(delivered)s people left because of it; more than %(left_percent)s in 100 are too many."
        ),
        "quality": _("Many people block or report the number or the template."),
        "silent": _("Meta has not told what came of %(unheard)s of %(asked)s messages."),
    }
    return tuple(sentences[word] % values for word in seen.why)
