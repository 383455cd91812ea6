"""A campaign's state in a word; *completed* is derived from its deliveries, never set."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from difusio.campaigns.models import CampaignState

COMPLETED: Final = "completed"

WORDS: Final[dict[str, Promise]] = {
    CampaignState.DRAFT: _("Draft"),
    CampaignState.SCHEDULED: _("Scheduled"),
    CampaignState.PREPARING: _("Preparing"),
    CampaignState.SENDING: _("Sending"),
    CampaignState.PAUSED: _("Paused"),
    CampaignState.CANCELLED: _("Cancelled"),
    COMPLETED: _("Completed"),
}


def state_of(stored: str, *, audience: int, is_finished: bool) -> str:
    """Derive the state that is shown: what was decided, or ``completed`` when nothing is left to send.

    A launched campaign without an audience is no completed one: its round is still being written.
    """
    under_way = stored in {CampaignState.SENDING, CampaignState.PAUSED}
    return COMPLETED if under_way and is_finished and audience else stored
