from datetime import UTC, datetime

import pytest

from difusio.rules.consent_age import consent_age, months_before

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("granted_at", "age"),
    [
        (AT, "fresh"),
        (datetime(2025, 2, 22, 9, 0, 1, tzinfo=UTC), "fresh"),
        (datetime(2025, 2, 22, 9, tzinfo=UTC), "ageing"),
        (datetime(2024, 11, 22, 9, 0, 1, tzinfo=UTC), "ageing"),
        (datetime(2024, 11, 22, 9, tzinfo=UTC), "old"),
        (datetime(2019, 1, 1, tzinfo=UTC), "old"),
    ],
)
def it_judges_a_consent_by_its_age(granted_at: datetime, age: str) -> None:
    assert consent_age(granted_at, at=AT) == age


def it_goes_back_by_calendar_months_and_stays_within_the_month() -> None:
    assert months_before(datetime(2026, 3, 31, tzinfo=UTC), 1) == datetime(2026, 2, 28, tzinfo=UTC)
    assert months_before(datetime(2024, 3, 31, tzinfo=UTC), 1) == datetime(2024, 2, 29, tzinfo=UTC)
    assert months_before(datetime(2026, 1, 15, tzinfo=UTC), 13) == datetime(2024, 12, 15, tzinfo=UTC)
    assert months_before(datetime(2026, 12, 15, tzinfo=UTC), 12) == datetime(2025, 12, 15, tzinfo=UTC)
