"""Why a campaign waits for Meta's messaging limit, and when it goes on."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from difusio.campaigns.models import Campaign, CampaignState
from difusio.outbox.room import Opening, Room, opening


@dataclass(frozen=True, slots=True)
class RoomWait:
    """limit: people a day.  opening: when the next places come free; its people: at most those who wait."""

    limit: int
    opening: Opening

    @property
    def sentence(self) -> str:
        """Say it in the reader's language and time zone."""
        at = timezone.localtime(self.opening.at)
        values = {
            "limit": number_format(self.limit, force_grouping=True),
            "people": number_format(self.opening.people, force_grouping=True),
            "time": date_format(at, "TIME_FORMAT"),
            "date": date_format(at, "DATE_FORMAT"),
        }
        first = _("Meta lets you write to %(limit)s people a day.") % values
        then = ngettext(
            "The next %(people)s leaves from %(time)s on, %(date)s.",
            "The next %(people)s leave from %(time)s on, %(date)s.",
            self.opening.people,
        )
        return f"{first} {then % values}"


def room_wait(campaign: Campaign, waiting: int, room: Room, *, at: datetime) -> RoomWait | None:
    """Say what a campaign waits for that has used up its portfolio's room; None where there is some.

    campaign: with its number and portfolio at hand; room: of that portfolio.  Cost: 1 query without room, else none.
    """
    if campaign.state != CampaignState.SENDING or not waiting:
        return None
    found = opening(campaign.number.portfolio, room, at=at)
    if found is None or room.limit is None:
        return None
    return RoomWait(room.limit, Opening(max(1, min(found.people, waiting)), found.at))
