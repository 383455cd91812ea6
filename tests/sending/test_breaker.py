from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from difusio.sending.breaker import LONGEST_WAIT_S, RUN, SILENCE_S, Breaker, Failure


def _open(breaker: Breaker, now: float = 0.0) -> None:
    for _ in range(RUN):
        breaker.failed(Failure.SERVER_ERRORS, now)


def it_lets_everything_through_while_meta_answers() -> None:
    breaker = Breaker()

    for _ in range(100):
        for _ in range(RUN - 1):
            breaker.failed(Failure.NO_ANSWER, 0.0)
        breaker.went_well()

    assert breaker.reason is None
    assert breaker.room(in_air=500, wanted=300) == 300


@pytest.mark.parametrize("how", Failure)
def it_lets_nothing_through_after_a_run_of_failures(how: Failure) -> None:
    breaker = Breaker()

    for _ in range(RUN):
        breaker.failed(how, 0.0)

    assert breaker.reason is how
    assert breaker.room(in_air=0, wanted=300) == 0


def it_opens_when_many_wait_and_nobody_is_answered() -> None:
    few, many = Breaker(), Breaker()

    few.silent(SILENCE_S * 2, RUN, 0.0)
    many.silent(SILENCE_S * 2, RUN + 1, 0.0)

    assert few.reason is None
    assert many.reason is Failure.NO_ANSWER


def it_lets_one_message_out_once_something_harmless_was_answered() -> None:
    breaker = Breaker()
    _open(breaker)

    breaker.asked(is_answered=True, now=1.0)

    assert breaker.reason is Failure.SERVER_ERRORS
    assert breaker.room(in_air=0, wanted=300) == 1
    assert breaker.room(in_air=1, wanted=300) == 0


def it_closes_when_that_message_is_answered() -> None:
    breaker = Breaker()
    _open(breaker)
    breaker.asked(is_answered=True, now=1.0)

    breaker.went_well()

    assert breaker.reason is None
    assert breaker.room(in_air=0, wanted=300) == 300


def it_asks_again_when_that_message_fails_too() -> None:
    breaker = Breaker()
    _open(breaker)
    breaker.asked(is_answered=True, now=1.0)

    breaker.failed(Failure.SERVER_ERRORS, 1.2)

    assert breaker.is_asking
    assert breaker.ask_at() == pytest.approx(1.2 + 2.0)


@pytest.mark.parametrize("fail", [_open, lambda breaker, now: breaker.asked(is_answered=False, now=now)])
def it_waits_longer_each_time_and_a_minute_at_most(fail: Callable[[Breaker, float], None]) -> None:
    breaker = Breaker()
    _open(breaker)
    waits = []
    for now in range(0, 2_000, 100):
        breaker.asked(is_answered=True, now=float(now))
        fail(breaker, float(now))
        waits.append(breaker.ask_at() - now)

    assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
    assert max(waits) == waits[-1] == LONGEST_WAIT_S


@given(st.lists(st.booleans(), max_size=200))
def it_is_open_exactly_after_a_run_and_until_the_next_good_answer(answers: list[bool]) -> None:
    breaker = Breaker()
    run, is_open = 0, False
    for went_well in answers:
        if went_well:
            breaker.went_well()
            run, is_open = 0, False
        else:
            breaker.failed(Failure.UNREACHABLE, 0.0)
            run += 1
            is_open = is_open or run >= RUN
        assert (breaker.reason is not None) == is_open
