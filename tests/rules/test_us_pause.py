from datetime import date

import pytest

from difusio.rules.us_pause import is_us_number, paused_countries

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("e164", ["+12025550101", "+14155550123", "+18085550123"])
def it_knows_numbers_of_the_united_states(e164: str) -> None:
    assert is_us_number(e164)


@pytest.mark.parametrize(
    "e164", ["+14165550123", "+18765550123", "+17875550123", "+34600000001", "+1", "", "US"]
)
def it_knows_others_though_they_share_the_prefix(e164: str) -> None:
    assert not is_us_number(e164)


def it_pauses_marketing_from_the_day_on_which_meta_did() -> None:
    assert paused_countries("MARKETING", on=date(2025, 3, 31)) == ()
    assert paused_countries("MARKETING", on=date(2025, 4, 1)) == ("US",)
    assert paused_countries("marketing", on=TODAY) == ("US",)


def it_pauses_nothing_but_marketing() -> None:
    assert paused_countries("UTILITY", on=TODAY) == ()
