"""Meta's pause of marketing to numbers of the United States, as a switch with dates (consent rules, 17).  Pure."""

from dataclasses import dataclass
from datetime import date

import phonenumbers


@dataclass(frozen=True, slots=True)
class Pause:
    """Marketing templates do not reach a country's numbers from a day on; until: the first day they do again."""

    country: str
    since: date
    until: date | None
    source: str


# In force when the source was read, with no end announced (read 2026-11-22).
US_PAUSE = Pause(
    country="US",
    since=date(2025, 4, 1),
    until=None,
    source="developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates",
)
_PAUSES = (US_PAUSE,)
_US_PREFIX = "+1"


def paused_countries(category: str, *, on: date) -> tuple[str, ...]:
    """Name the countries whose people a message of this category does not reach on a day (ISO codes)."""
    if category.upper() != "MARKETING":
        return ()
    return tuple(
        pause.country for pause in _PAUSES if pause.since <= on and (pause.until is None or on < pause.until)
    )


def is_us_number(e164: str) -> bool:
    """Tell whether a number has an area code of the United States; others share its +1 (Canada, the Caribbean).

    Puerto Rico, Guam and the like are regions of their own here, as in the numbering plan's lists.
    """
    if not e164.startswith(_US_PREFIX):
        return False
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.region_code_for_number(number) == "US"
