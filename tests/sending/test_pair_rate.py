import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difusio.sending.pair_rate import BURST, EVERY_S, PairRate


def it_lets_one_message_in_six_seconds_through_to_a_person() -> None:
    rate = PairRate()

    assert rate.take("asha", 10.0, may_borrow=False) == 0.0
    assert rate.take("asha", 12.0, may_borrow=False) == EVERY_S - 2
    assert rate.take("bilal", 12.0, may_borrow=False) == 0.0
    assert rate.take("asha", 16.0, may_borrow=False) == 0.0


def it_lends_replies_as_many_as_meta_does() -> None:
    rate = PairRate()

    waits = [rate.take("asha", 0.0, may_borrow=True) for _ in range(BURST + 1)]

    assert waits == [0.0] * BURST + [EVERY_S]


def it_lets_a_campaign_wait_until_the_replies_are_paid_for() -> None:
    rate = PairRate()
    for _ in range(3):
        rate.take("asha", 0.0, may_borrow=True)

    assert rate.take("asha", 5.0, may_borrow=False) == 3 * EVERY_S - 5.0


def it_counts_nothing_that_never_left() -> None:
    rate = PairRate()
    rate.take("asha", 0.0, may_borrow=False)

    rate.untake("asha")
    rate.untake("nobody")

    assert rate.take("asha", 1.0, may_borrow=False) == 0.0


def it_forgets_everybody_who_may_be_written_to_again() -> None:
    rate = PairRate()
    for place in range(5_000):
        rate.take(f"person {place}", place / 100, may_borrow=False)

    # At a hundred a second only those of the past six seconds are remembered.
    assert len(rate) == pytest.approx(600, abs=5)


def it_forgets_the_others_while_somebody_who_borrowed_is_in_debt_for_minutes() -> None:
    rate = PairRate()
    for _ in range(BURST):
        rate.take("asha", 0.0, may_borrow=True)
    for place in range(10_000):
        rate.take(f"person {place}", place / 100, may_borrow=False)

    assert len(rate) == pytest.approx(601, abs=50)
    assert rate.take("asha", 100.0, may_borrow=False) == BURST * EVERY_S - 100.0


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.floats(0, 10), st.sampled_from(["asha", "bilal", "chen"]), st.booleans()), max_size=120
    )
)
def it_never_lets_more_through_than_meta_would(steps: list[tuple[float, str, bool]]) -> None:
    ours, now = PairRate(), 0.0
    paid_at: dict[str, float] = {}
    for pause, person, may_borrow in steps:
        now += pause
        if ours.take(person, now, may_borrow=may_borrow) == 0.0:
            assert paid_at.get(person, 0.0) <= now + EVERY_S * (BURST - 1)
            if not may_borrow:
                assert paid_at.get(person, 0.0) <= now
            paid_at[person] = max(paid_at.get(person, 0.0), now) + EVERY_S
