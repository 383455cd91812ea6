"""How long ago people agreed: they forget, and old consents bring blocks and complaints (consent rules, 25).  Pure."""

import calendar
from datetime import datetime
from typing import Final, Literal

AGEING_MONTHS: Final = 21
OLD_MONTHS: Final = 24
_MONTHS_A_YEAR = 12

Age = Literal["fresh", "ageing", "old"]


def consent_age(granted_at: datetime, *, at: datetime) -> Age:
    """Judge one consent: ageing from 21 months on, old from 24; both times aware."""
    if granted_at <= months_before(at, OLD_MONTHS):
        return "old"
    return "ageing" if granted_at <= months_before(at, AGEING_MONTHS) else "fresh"


def months_before(at: datetime, months: int) -> datetime:
    """Go back by calendar months, for counting in a query; the day is cut to the shorter month's last."""
    years, month = divmod(at.year * _MONTHS_A_YEAR + at.month - 1 - months, _MONTHS_A_YEAR)
    last_day = calendar.monthrange(years, month + 1)[1]
    return at.replace(year=years, month=month + 1, day=min(at.day, last_day))
