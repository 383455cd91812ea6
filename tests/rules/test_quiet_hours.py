"""Quiet hours by each person's own clock, also on the nights when the clocks change."""

import zoneinfo
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from difusio.rules.quiet_hours import NO_NIGHTS, QuietHours, asleep_until, nights

NIGHT = QuietHours(time(21), time(9))
MADRID = ZoneInfo("Europe/Madrid")
# Where the clocks change, or stand far off, or by half an hour.
ZONES = [
    "Europe/Madrid",
    "Pacific/Kiritimati",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "UTC",
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-22 19:59", None),
        ("2026-11-22 20:00", "2026-11-23 08:00"),
        ("2026-11-22 23:30", "2026-11-23 08:00"),
        ("2026-11-23 07:59", "2026-11-23 08:00"),
        ("2026-11-23 08:00", None),
        # On the last Sunday of March the night is an hour shorter, on that of October an hour longer.
        ("2026-03-28 20:00", "2026-03-29 07:00"),
        ("2026-10-24 19:00", "2026-10-25 08:00"),
    ],
)
def it_ends_at_nine_on_the_wall_in_madrid(at: str, until: str | None) -> None:
    assert asleep_until(NIGHT, MADRID, utc(at)) == (utc(until) if until else None)


def it_knows_that_it_is_another_day_elsewhere() -> None:
    # Twelve in Madrid is one in the morning of the next day on Kiritimati.
    assert asleep_until(NIGHT, ZoneInfo("Pacific/Kiritimati"), utc("2026-11-22 11:00")) == utc(
        "2026-11-22 19:00"
    )


@pytest.mark.parametrize(
    ("at", "until"),
    [
        # Half past two comes twice on that night: it is quiet until the first, and again before the second.
        ("2026-10-25 00:10", "2026-10-25 00:30"),
        ("2026-10-25 00:45", None),
        ("2026-10-25 01:10", "2026-10-25 01:30"),
        # And on this night never.
        ("2026-03-29 00:50", "2026-03-29 01:30"),
        ("2026-03-29 01:00", None),
    ],
)
def it_follows_the_wall_when_the_quiet_ends_in_the_changing_hour(at: str, until: str | None) -> None:
    early = QuietHours(time(22), time(2, 30))

    assert asleep_until(early, MADRID, utc(at)) == (utc(until) if until else None)


@given(
    at=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis adds the zone
    zone=st.sampled_from(ZONES),
    begins=st.integers(0, 1439),
    lasts=st.integers(1, 1439),
)
def it_never_ends_in_its_own_quiet_hours(at: datetime, zone: str, begins: int, lasts: int) -> None:
    quiet = QuietHours(_clock(begins), _clock(begins + lasts))
    wall = ZoneInfo(zone)

    until = asleep_until(quiet, wall, at)

    if until is None:
        assert not _is_quiet(quiet, at.astimezone(wall).time())
    else:
        assert at < until <= at + timedelta(hours=26)
        assert not _is_quiet(quiet, until.astimezone(wall).time())


def _clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _is_quiet(quiet: QuietHours, clock: time) -> bool:
    # Told another way than in the code: minutes after the beginning.
    after = (clock.hour * 60 + clock.minute - quiet.begins.hour * 60 - quiet.begins.minute) % 1440
    lasts = (quiet.ends.hour * 60 + quiet.ends.minute - quiet.begins.hour * 60 - quiet.begins.minute) % 1440
    return after < lasts


def it_tells_every_zone_and_the_countries_whose_zones_agree() -> None:
    # Nine in the evening in Madrid, eight on the Canary Islands: Spain alone does not tell.
    found = nights(NIGHT, otherwise="Europe/Madrid", at=utc("2026-11-22 20:00"))
    zones = dict(zip(found.zones, found.zone_ends, strict=True))
    countries = dict(zip(found.countries, found.country_ends, strict=True))

    assert set(zones) == zoneinfo.available_timezones()
    assert zones["Europe/Madrid"] == utc("2026-11-23 08:00")
    assert zones["Atlantic/Canary"] is None
    assert countries["AD"] == utc("2026-11-23 08:00")
    assert countries["GB"] is None
    assert "ES" not in countries
    assert found.otherwise == utc("2026-11-23 08:00")


def it_begins_a_minute_early_for_what_is_still_to_leave() -> None:
    almost = nights(NIGHT, otherwise="Europe/Madrid", at=utc("2026-11-22 19:59:30"))
    before = nights(NIGHT, otherwise="Europe/Madrid", at=utc("2026-11-22 19:58:59"))

    assert (almost.otherwise, before.otherwise) == (utc("2026-11-23 08:00"), None)


def it_has_no_nights_without_quiet_hours() -> None:
    assert nights(None, otherwise="Europe/Madrid", at=utc("2026-11-22 23:00")) is NO_NIGHTS
