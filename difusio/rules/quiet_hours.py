"""Quiet hours: when a person is left alone, by the clock on their own wall; pure.

The zone is theirs where we know it, else their country's where all of its zones say the same, else the business's.
Every zone is looked up here and handed to the store as a list: a name that PostgreSQL did not know would be an error in
the middle of a claim, and two copies of the zones' rules may disagree.
"""

import zoneinfo
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import get_global

# What is claimed leaves within seconds: whoever is left alone a minute from now is not claimed any more.
EARLY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begins`` to ``ends`` on every day's wall clock, over midnight when it begins later than it ends."""

    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Nights:
    """Where it is quiet at one moment, and until when: columns for SQL, None where nobody sleeps.

    otherwise: for people of whom neither zone nor country tells it.
    """

    zones: Sequence[str] = ()
    zone_ends: Sequence[datetime | None] = ()
    countries: Sequence[str] = ()
    country_ends: Sequence[datetime | None] = ()
    otherwise: datetime | None = None


NO_NIGHTS: Final = Nights()


def asleep_until(quiet: QuietHours, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Say until when it is quiet in a zone, None if it is not.

    Right on the nights when the clocks change: an hour that comes twice is quiet twice, one that is skipped is short.
    """
    local = at.astimezone(zone)
    clock = local.time()
    if quiet.begins < quiet.ends:
        is_quiet = quiet.begins <= clock < quiet.ends
    else:
        is_quiet = clock >= quiet.begins or clock < quiet.ends
    if not is_quiet:
        return None
    day = local.date() if clock < quiet.ends else local.date() + timedelta(days=1)
    # Of an end that the clock shows twice the first that lies ahead.
    ends = (datetime.combine(day, quiet.ends.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    return next(end for end in ends if end > at)


def nights(quiet: QuietHours | None, *, otherwise: str, at: datetime) -> Nights:
    """Say for every zone and country whether people there are left alone at ``at``, and until when.

    otherwise: the business's zone.  None: there are no quiet hours.
    """
    if quiet is None:
        return NO_NIGHTS
    # Quiet hours and zones change by whole minutes.
    return _nights(quiet, otherwise, at.replace(second=0, microsecond=0))


@lru_cache(maxsize=64)
def _nights(quiet: QuietHours, otherwise: str, minute: datetime) -> Nights:
    ends = {name: _ends(quiet, zone, minute) for name, zone in _zones().items()}
    of_countries = {
        country: {ends[name] for name in names if name in ends} for country, names in _of_country().items()
    }
    agreed = {country: found.pop() for country, found in of_countries.items() if len(found) == 1}
    return Nights(
        zones=tuple(ends),
        zone_ends=tuple(ends.values()),
        countries=tuple(agreed),
        country_ends=tuple(agreed.values()),
        otherwise=ends[otherwise] if otherwise in ends else _ends(quiet, ZoneInfo("UTC"), minute),
    )


def _ends(quiet: QuietHours, zone: ZoneInfo, minute: datetime) -> datetime | None:
    return asleep_until(quiet, zone, minute) or asleep_until(quiet, zone, minute + EARLY)


@cache
def _zones() -> Mapping[str, ZoneInfo]:
    return {name: ZoneInfo(name) for name in sorted(zoneinfo.available_timezones())}


@cache
def _of_country() -> Mapping[str, Sequence[str]]:
    """Give each country's zones.  Source: the Unicode CLDR, as Babel carries it."""
    found: dict[str, list[str]] = defaultdict(list)
    for zone, country in get_global("zone_territories").items():
        found[country].append(zone)
    return found
