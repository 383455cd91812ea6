"""The limits by their rules: whatever is asked and whenever, never more passes than Meta lets through."""

import asyncio
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st
from whatsapp_simulator.clock import Clock
from whatsapp_simulator.limits import MarketingMeasure, PairRate, RollingSpan, Throughput
from whatsapp_simulator.portfolio import STEPS, Portfolio, capability, highest
from whatsapp_simulator.scenario import Limits, MessagingStep, Number
from whatsapp_simulator.schedule import Schedule

DAY_S = 86_400.0
pauses_s = st.lists(st.floats(0, 20_000), min_size=1, max_size=200)
asked = st.lists(st.tuples(st.floats(0, 20_000), st.integers(0, 12)), min_size=1, max_size=200)


def _times(pauses: list[float]) -> list[float]:
    return list(accumulate(pauses, initial=1_790_000_000.0))


@given(st.floats(1, 1000), st.floats(0, 3), st.lists(st.floats(0, 0.2), min_size=1, max_size=300))
def it_lets_no_span_have_more_than_the_bucket_and_its_rate(
    mps: float, burst_s: float, pauses: list[float]
) -> None:
    bucket, passed = Throughput(per_second=mps, burst_s=burst_s), list[float]()

    for now in accumulate(pauses, initial=1000.0):
        if bucket.has_room(now):
            bucket.take()
            passed.append(now)

    depth = max(mps * burst_s, 1.0)
    for first in range(0, len(passed), 7):
        for last in range(first, len(passed), 5):
            assert last - first + 1 <= depth + mps * (passed[last] - passed[first]) + 1e-3


@given(st.integers(1, 45), st.floats(0.5, 10), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def it_lets_no_pair_have_more_than_its_burst_and_interval(
    burst: int, interval_s: float, pauses: list[float]
) -> None:
    limits = Limits(pair_burst=burst, pair_interval_s=interval_s)
    pairs, passed = PairRate(lambda: limits), list[float]()

    for now in _times(pauses):
        if pairs.has_room("asha", now):
            pairs.take("asha", now)
            passed.append(now)

    for first in range(0, len(passed), 3):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + (passed[last] - passed[first]) / interval_s + 1e-3


@given(asked, st.integers(1, 8))
def it_lets_no_moving_day_have_more_people(asked: list[tuple[float, int]], most: int) -> None:
    day, passed = RollingSpan(DAY_S), list[tuple[float, int]]()

    for now, person in zip(_times([pause for pause, _ in asked])[1:], (one for _, one in asked), strict=True):
        before = {known for at, known in passed if at > now - DAY_S}
        assert day.used(now) == len(before)
        assert day.has_room(person, now, most) == (person in before or len(before) < most)
        if day.has_room(person, now, most):
            day.take(person, now)
            passed.append((now, person))
        assert len({known for at, known in passed if at > now - DAY_S}) <= most


@given(asked, st.integers(1, 5))
def it_gives_nobody_more_marketing_than_their_measure(asked: list[tuple[float, int]], most: int) -> None:
    limits = Limits(marketing_per_person=most)
    measure = MarketingMeasure(lambda: limits)
    passed: list[tuple[float, int]] = []

    for now, person in zip(_times([pause for pause, _ in asked])[1:], (one for _, one in asked), strict=True):
        if measure.lets_through(person, now):
            passed.append((now, person))
        assert sum(at > now - DAY_S and known == person for at, known in passed) <= most


def it_keeps_whoever_is_written_to_again_full_for_another_day() -> None:
    limits = Limits(marketing_per_person=1)
    patient, pushed = MarketingMeasure(lambda: limits), MarketingMeasure(lambda: limits)

    assert [patient.lets_through("asha", at * DAY_S) for at in (1, 1.5, 2.6)] == [True, False, True]
    assert [pushed.lets_through("asha", at * DAY_S) for at in (1, 1.5, 1.9, 2.6, 3.7)] == [
        True, False, False, False, True,
    ]  # fmt: skip


def it_forgets_who_has_room_again() -> None:
    limits = Limits(marketing_per_person=1)
    measure = MarketingMeasure(lambda: limits)

    for person in range(60_000):
        measure.lets_through(person, person * 10.0)

    assert len(measure._times) < 50_100


def _portfolio(*, healthy: bool = True, **limits: object) -> tuple[Portfolio, Schedule, Clock, list[str]]:
    clock = Clock(start=1_790_000_000.0, rate=0)
    schedule, told = Schedule(clock), list[str]()
    portfolio = Portfolio(
        limits=lambda: Limits(**limits),  # type: ignore[arg-type] # single facts by name
        schedule=schedule,
        is_healthy=lambda: healthy,
        changed=told.append,
    )
    portfolio.begin("TIER_2K")
    return portfolio, schedule, clock, told


def _later(schedule: Schedule, clock: Clock, hours: float) -> None:
    clock.advance(hours * 3600)
    asyncio.run(schedule.play_due())


def it_rises_six_hours_after_half_was_used() -> None:
    portfolio, schedule, clock, told = _portfolio()
    for person in range(999):
        portfolio.lets_through(person, clock.now())
    assert len(schedule) == 0

    portfolio.lets_through(999, clock.now())
    _later(schedule, clock, 5.9)
    assert told == []
    _later(schedule, clock, 0.2)

    assert (told, portfolio.most) == (["TIER_10K"], 10_000)


def it_leaves_the_first_step_after_two_thousand_people_in_a_month() -> None:
    portfolio, schedule, clock, told = _portfolio()
    portfolio.begin("TIER_250")
    for day in range(8):
        assert sum(portfolio.lets_through((day, person), clock.now()) for person in range(300)) == 250
        assert len(schedule) == (1 if day == 7 else 0)
        _later(schedule, clock, 24.1)

    assert told == ["TIER_2K"]


def it_stays_where_quality_is_low_or_rising_is_switched_off() -> None:
    for portfolio, schedule, clock, told in (_portfolio(healthy=False), _portfolio(raises=False)):
        for person in range(3000):
            portfolio.lets_through(person, clock.now())
        _later(schedule, clock, 24)
        assert (told, portfolio.step) == ([], "TIER_2K")


def it_shares_the_highest_step_of_its_numbers() -> None:
    steps: tuple[MessagingStep, ...] = ("TIER_250", "TIER_10K", "TIER_2K")
    numbers = tuple(
        Number(phone_number_id=step, display_phone_number="+34931234567", messaging_limit=step)
        for step in steps
    )

    assert highest(numbers) == "TIER_10K"
    assert [capability(step)["max_daily_conversations_per_business"] for step in STEPS] == [
        250, 2_000, 10_000, 100_000, -1,
    ]  # fmt: skip
