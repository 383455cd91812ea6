"""How often a delivery was refused, for as long as it may be tried again."""

from uuid import uuid4

from difusio.sending.tries import KEPT_S, Tries


def it_counts_a_delivery_s_refusals_each_once_and_by_whom_they_concern() -> None:
    tries, token = Tries(), uuid4()

    counts = [
        tries.count(1, token, scope="delivery", now=0.0),
        tries.count(1, token, scope="delivery", now=1.0),
        tries.count(1, uuid4(), scope="delivery", now=2.0),
        tries.count(1, uuid4(), scope="number", now=3.0),
        tries.count(2, uuid4(), scope="delivery", now=4.0),
    ]

    assert counts == [1, 1, 2, 1, 1]


def it_forgets_whoever_never_came_back() -> None:
    tries = Tries()
    for delivery in range(1_000):
        tries.count(delivery, uuid4(), scope="delivery", now=delivery / 10)

    again = tries.count(999, uuid4(), scope="delivery", now=KEPT_S + 99.0)

    assert again == 2
    assert len(tries) == 10
