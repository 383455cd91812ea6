from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difusio.cloud_api.news import Status
from difusio.outbox.ladder import Progress, Rung, fold, join, step
from tests.size import sized

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
Heard = tuple[str, Status, datetime, int | None]


def _moment(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


moments = st.integers(0, 30).map(_moment)
codes = st.none() | st.sampled_from([131026, 131047, 131049])
statuses = st.tuples(st.sampled_from("ab"), st.sampled_from(Status), moments, codes)
progresses = st.builds(
    join,
    st.builds(step, st.sampled_from(Status), moments, codes),
    st.builds(step, st.sampled_from(Status), moments, codes),
)


@settings(max_examples=sized(400, full=10_000))
@given(heard=st.lists(statuses, max_size=20), data=st.data())
def it_gives_the_same_for_any_order_and_any_repetition(heard: list[Heard], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(heard), max_size=10)) if heard else []
    shuffled = data.draw(st.permutations([*heard, *again]))

    assert fold(shuffled) == fold(heard)


@given(heard=st.lists(statuses, max_size=20))
def it_never_descends(heard: list[Heard]) -> None:
    known = Progress()
    rungs, delivered = [known.rung], []
    for _, status, at, code in heard:
        known = join(known, step(status, at, code))
        rungs.append(known.rung)
        delivered.append(known.rung >= Rung.DELIVERED and not known.has_failed)

    assert all(before <= after for before, after in pairwise(rungs))
    assert all(before <= after for before, after in pairwise(delivered))


@given(one=progresses, other=progresses, third=progresses)
def it_joins_as_a_lattice_does(one: Progress, other: Progress, third: Progress) -> None:
    assert join(one, one) == one
    assert join(one, other) == join(other, one)
    assert join(join(one, other), third) == join(one, join(other, third))
    assert join(one, Progress()) == one


@given(heard=st.lists(statuses, max_size=20), cut=st.integers(0, 20))
def it_does_not_matter_where_one_batch_ends_and_the_next_begins(heard: list[Heard], cut: int) -> None:
    first, second = fold(heard[:cut]), fold(heard[cut:])

    joined = {key: join(first.get(key, Progress()), second.get(key, Progress())) for key in first | second}

    assert joined == fold(heard)


@pytest.mark.parametrize(
    ("told", "rung", "failed"),
    [
        ([], Rung.NONE, False),
        ([Status.SENT], Rung.SENT, False),
        ([Status.READ], Rung.READ, False),
        ([Status.PLAYED], Rung.READ, False),
        ([Status.READ, Status.SENT], Rung.READ, False),
        ([Status.FAILED], Rung.ACCEPTED, True),
        ([Status.SENT, Status.FAILED], Rung.SENT, True),
        ([Status.FAILED, Status.DELIVERED], Rung.DELIVERED, False),
        ([Status.DELIVERED, Status.FAILED], Rung.DELIVERED, False),
    ],
)
def it_lets_delivered_win_over_failed(told: list[Status], rung: Rung, failed: bool) -> None:  # noqa: FBT001 - a case
    known = Progress()
    for status in told:
        known = join(known, step(status, NOON))

    assert (known.rung, known.has_failed) == (rung, failed)


def it_keeps_the_first_moment_of_each_rung_and_the_first_failure() -> None:
    heard: list[Heard] = [
        ("a", Status.DELIVERED, _moment(5), None),
        ("a", Status.FAILED, _moment(4), 131026),
        ("a", Status.DELIVERED, _moment(3), None),
        ("a", Status.FAILED, _moment(2), 131049),
        ("a", Status.FAILED, _moment(2), None),
    ]

    assert fold(heard) == {
        "a": Progress(delivered_at=_moment(3), failed_at=_moment(2), failed_code=131049),
    }


def it_knows_acceptance_from_our_own_record() -> None:
    assert Progress(accepted_at=NOON).rung is Rung.ACCEPTED
    assert join(Progress(accepted_at=NOON), step(Status.SENT, NOON)).rung is Rung.SENT
