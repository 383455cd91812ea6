"""How long something waits or lasts, in the reader's words: 3 h 20 min.  Pure."""

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_MINUTE_S: Final = 60
_HOUR_MIN: Final = 60
_DAY_MIN: Final = 24 * _HOUR_MIN
# From two days on nobody counts the hours.
_HOURS_TOLD_MIN: Final = 2 * _DAY_MIN


def in_words(duration: timedelta) -> str:
    """Say a duration in at most two units, rounded down; less than a minute is said as such."""
    minutes = int(duration.total_seconds() // _MINUTE_S)
    if minutes < 1:
        return _("less than 1 min")
    if minutes < _HOUR_MIN:
        return _("%(minutes)s min") % {"minutes": minutes}
    if minutes < _HOURS_TOLD_MIN:
        hours, rest = divmod(minutes, _HOUR_MIN)
        if not rest:
            return _("%(hours)s h") % {"hours": hours}
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}
    days = minutes // _DAY_MIN
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
