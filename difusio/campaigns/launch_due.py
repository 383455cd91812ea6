"""Have launched what is scheduled and due, or say why not."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import translation

from difusio.campaigns.errors import TooLate
from difusio.campaigns.models import CampaignState, Round
from difusio.campaigns.prepare import LATEST, give_up, hold_back, prepare
from difusio.common.sentences import SentenceError


@dataclass(frozen=True, slots=True)
class Due:
    """How many campaigns are being prepared now, and how many went back to the drafts with their reason."""

    prepared: int
    held_back: int


def launch_due(*, at: datetime) -> Due:
    """Hand every campaign whose moment has come to ``difusio work``, which reads its templates anew and checks again.

    What may not leave goes back to the drafts and says why.  Safe to repeat and to run in several processes.
    Cost while nothing is due: 2 queries.
    """
    due = (
        Round.objects.filter(
            scheduled_for__lte=at, launched_at__isnull=True, campaign__state=CampaignState.SCHEDULED
        )
        .select_related("campaign__workspace")
        .order_by("scheduled_for", "id")
    )
    left = [_prepare(found, at=at) for found in due]
    return Due(prepared=sum(left), held_back=len(left) - sum(left) + give_up(at=at))


def _prepare(due: Round, *, at: datetime) -> bool:
    campaign = due.campaign
    # The reason is read later, by whoever comes first.
    language = campaign.workspace.language
    with translation.override(language):
        try:
            if due.scheduled_for is not None and at - due.scheduled_for > LATEST:
                raise TooLate
            prepare(campaign.pk, by=due.scheduled_by, at=at, language=language)
        except SentenceError as error:
            hold_back(campaign.pk, str(error), by="clock", at=at)
            return False
    return True
