import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difusio.sending.pacer import CLIMB_S, Pacer
from tests.size import sized

LIMITS = [1, 2, 20, 80, 500, 1000]


@pytest.mark.parametrize("limit", LIMITS)
def it_starts_empty(limit: int) -> None:
    pacer = Pacer(limit, now=1000.0)

    assert pacer.take(1000.0, limit) == 0
    assert pacer.next_at(1000.0) > 1000.0


@pytest.mark.parametrize("limit", [20, 80, 500, 1000])
@pytest.mark.parametrize("longest_turn_s", [0.002, 0.01, 0.02, 0.035])
def it_uses_97_percent_of_the_limit_though_its_turns_are_late_and_its_requests_jolt(
    limit: int, longest_turn_s: float
) -> None:
    dice = random.Random(limit)
    pacer = Pacer(limit, now=0.0)
    now, starts = 0.0, []
    while now < 60.0:
        now += dice.uniform(0.2, 1.0) * longest_turn_s
        starts += [now] * pacer.take(now, 10_000)

    arrivals = [at + dice.uniform(0, 0.008) for at in starts]

    assert len(starts) >= 0.97 * limit * 60
    assert _busiest_second(starts) <= limit + 1
    assert _busiest_second(arrivals) <= limit + 1


@pytest.mark.parametrize("limit", LIMITS)
def it_counts_from_when_they_left_what_left_late(limit: int) -> None:
    dice = random.Random(limit)
    pacer = Pacer(limit, now=0.0)
    now, left = 0.0, []
    while now < 30.0:
        now += 0.02
        granted_at, granted = now, pacer.take(now, 10_000)
        # A busy machine: from the grant to the first byte it takes as long as the next turn.
        now += dice.uniform(0, 0.05)
        pacer.left_at(now, granted, granted_at=granted_at)
        left += [now] * granted

    assert _busiest_second(left) <= limit + 1
    assert len(left) >= 0.9 * limit * 29


@pytest.mark.parametrize("limit", [20, 80, 1000])
def it_counts_from_when_it_left_what_waited_for_a_connection(limit: int) -> None:
    pacer = Pacer(limit, now=0.0)
    left: list[float] = []
    waiting: deque[tuple[float, float]] = deque()
    for turn in range(1, 10_000):
        now = turn / 1_000
        while waiting and waiting[0][0] <= now:
            at, granted_at = waiting.popleft()
            left.append(at)
            pacer.left_at(at, 1, granted_at=granted_at)
        granted = pacer.take(now, 10_000)
        if 2.0 <= now < 3.0:
            waiting.extend([(now + 0.2, now)] * granted)
        else:
            left += [now] * granted

    assert _busiest_second(left) <= limit + 1
    # The fifth of a second that the first ones waited is lost, and nothing besides.
    assert len(left) >= 0.96 * limit * 9.8 - 1


@pytest.mark.parametrize("limit", LIMITS)
def it_counts_right_whatever_is_counted_between_a_grant_and_its_leaving(limit: int) -> None:
    dice = random.Random(limit)
    pacer = Pacer(limit, now=0.0)
    now, left = 0.0, []
    while now < 60.0:
        now += dice.choice([0.02, 0.02, 0.02, 1.5])
        granted_at, granted = now, pacer.take(now, 10_000)
        if dice.random() < 0.3:
            # One whose grant is forgotten.
            pacer.left_at(now, 1, granted_at=now - 5)
        # A machine that was suspended forgets the grant before it learns when it left.
        now += dice.choice([0.0, 0.01, 2.0])
        pacer.free(now, 1)
        pacer.left_at(now, granted, granted_at=granted_at)
        left += [now] * granted

    assert _busiest_second(left) <= limit + 1


@pytest.mark.parametrize("limit", LIMITS)
def it_makes_no_burst_of_a_long_pause(limit: int) -> None:
    pacer = Pacer(limit, now=0.0)
    _run(pacer, 2.0, 0.005)

    granted = pacer.take(3600.0, 10_000)

    assert granted <= max(2, limit * 0.05)


@settings(max_examples=sized(300, full=10_000))
@given(
    limit=st.sampled_from(LIMITS),
    steps=st.lists(st.tuples(st.floats(0, 0.6), st.integers(0, 2000)), min_size=1, max_size=150),
)
def it_never_starts_more_than_the_limit_and_one_in_any_second(
    limit: int, steps: list[tuple[float, int]]
) -> None:
    pacer = Pacer(limit, now=0.0)
    now, starts = 0.0, []
    for pause, wanted in steps:
        now += pause
        starts += [now] * pacer.take(now, wanted)

    assert _busiest_second(starts) <= limit + 1


@settings(max_examples=sized(300, full=10_000))
@given(
    limit=st.sampled_from([20, 80, 500]),
    steps=st.lists(
        st.tuples(st.floats(0, 0.4), st.integers(0, 600), st.integers(0, 30)), min_size=1, max_size=100
    ),
)
def it_leaves_room_for_the_inbound_it_has_heard_of(limit: int, steps: list[tuple[float, int, int]]) -> None:
    pacer = Pacer(limit, now=0.0)
    now = 0.0
    ours: deque[tuple[float, int]] = deque()
    theirs: deque[tuple[float, int]] = deque()
    for pause, wanted, inbound in steps:
        now += pause
        pacer.spend(now, [now] * inbound)
        theirs.append((now, inbound))
        granted = pacer.take(now, wanted)
        ours.append((now, granted))
        people = sum(count for at, count in theirs if at > now - 1)
        if granted:
            started = sum(count for at, count in ours if at > now - 1)
            # A twentieth stays ours, whatever comes in.
            assert started + people <= max(limit + 1, people + max(1, limit // 20))


@pytest.mark.parametrize(("limit", "inbound"), [(80, 10), (500, 50), (1000, 300)])
def it_uses_97_percent_of_what_steady_inbound_leaves(limit: int, inbound: int) -> None:
    pacer = Pacer(limit, now=0.0)
    starts: list[float] = []
    people: list[float] = []
    now = 0.0
    while now < 60.0:
        if len(people) < now * inbound:
            people.append(now)
            pacer.spend(now, [now])
        starts += [now] * pacer.take(now, limit)
        now += 0.001

    # The first second is spent hearing how busy the number is.
    settled = [at for at in starts if at > 2]
    assert len(settled) >= 0.97 * (limit - inbound) * 58
    assert _busiest_second(settled + [at for at in people if at > 2]) <= limit + 1


@pytest.mark.parametrize(("limit", "inbound"), [(80, 8), (500, 50), (1000, 100)])
def it_counts_people_by_when_they_wrote_however_many_it_hears_of_at_once(limit: int, inbound: int) -> None:
    pacer = Pacer(limit, now=0.0)
    people = [place / inbound for place in range(10 * inbound)]
    starts: list[float] = []
    for turn in range(10_000):
        now = turn / 1_000
        if turn % 250 == 0:
            pacer.spend(now, [at for at in people if now - 0.25 <= at < now])
        starts += [now] * pacer.take(now, limit)

    settled = [at for at in starts if at > 2]
    assert len(settled) >= 0.97 * (limit - inbound) * 8
    assert _busiest_second(settled + [at for at in people if at > 2]) <= limit + 1


def it_keeps_a_share_for_confirmations_when_everybody_writes() -> None:
    pacer = Pacer(80, now=0.0)
    granted = 0
    for turn in range(1000):
        now = turn * 0.01
        pacer.spend(now, [now] * 10)
        granted += pacer.take(now, 80)

    assert granted == pytest.approx(4 * 10, abs=6)


def it_halves_its_pace_at_once_and_only_once_for_one_storm_of_answers() -> None:
    pacer = Pacer(1000, now=0.0)
    _run(pacer, 2.0, 0.005)
    before = pacer.rate_per_s(2.0)

    for hit in range(100):
        pacer.slow_down(2.0 + hit / 1000)

    assert pacer.rate_per_s(2.1) == pytest.approx(before / 2, rel=0.01)
    assert len(_run(pacer, 1.0, 0.005, start=2.1)) <= 1000 * (1 / 2 + 1 / CLIMB_S) + 50


def it_is_back_at_90_percent_a_minute_after_a_minute_of_refusals() -> None:
    pacer = Pacer(80, now=0.0)
    for second in range(60):
        pacer.slow_down(float(second))
    slowest = pacer.rate_per_s(60.0)

    assert 0 < slowest < 80 / 16
    assert pacer.rate_per_s(60.0 + 60.0) >= 0.9 * 80


@given(
    limit=st.sampled_from(LIMITS),
    steps=st.lists(st.tuples(st.floats(0, 2), st.integers(0, 50), st.booleans()), min_size=1, max_size=40),
)
def it_grants_one_at_the_moment_it_names(limit: int, steps: list[tuple[float, int, bool]]) -> None:
    pacer = Pacer(limit, now=0.0)
    now = 0.0
    for pause, inbound, refused in steps:
        now += pause
        pacer.spend(now, [now] * inbound)
        if refused:
            pacer.slow_down(now)
        at = pacer.next_at(now)
        assert at >= now
        assert pacer.take(at, 1) == 1
        now = at


def it_keeps_to_another_limit_from_the_moment_it_is_told() -> None:
    pacer = Pacer(1000, now=0.0)
    _run(pacer, 3.0, 0.005)

    pacer.change_limit(20, 3.0)
    slow = _run(pacer, 10.0, 0.005, start=3.0)
    pacer.change_limit(1000, 13.0)
    fast = _run(pacer, 10.0, 0.005, start=13.0)

    assert _busiest_second(slow) <= 21
    assert len(fast) >= 0.97 * 1000 * 10
    assert pacer.limit_per_s == 1000


def it_takes_no_harm_from_a_clock_that_stands_still() -> None:
    pacer = Pacer(80, now=5.0)

    assert [pacer.take(5.0, 80) for _ in range(100)] == [0] * 100


def _run(pacer: Pacer, span_s: float, turn_s: float, *, start: float = 0.0) -> list[float]:
    """Take all there is at every turn; return when each message started."""
    starts: list[float] = []
    for turn in range(int(span_s / turn_s)):
        now = start + turn * turn_s
        starts += [now] * pacer.take(now, 10_000)
    return starts


def _busiest_second(starts: list[float]) -> int:
    """Count as the receiving side does: the most in any window of one second, both ends included."""
    window: deque[float] = deque()
    most = 0
    for at in sorted(starts):
        window.append(at)
        while at - window[0] > 1.0:
            window.popleft()
        most = max(most, len(window))
    return most
