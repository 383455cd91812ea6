"""What many numbers ask of the store at once is asked together."""

import asyncio
from collections.abc import Sequence
from threading import Event

import pytest
from django.db import OperationalError

from difusio.sending.threads import Together


class Store:
    """Doubles what it is asked; the first question waits until it is let go."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.is_asked = Event()
        self.may_go = Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        self.is_asked.set()
        self.may_go.wait(10)
        if 13 in numbers:
            raise ValueError
        if 99 in numbers:
            raise OperationalError
        return [2 * number for number in numbers]


async def _answers(store: Store, first: int, *others: int) -> list[int | BaseException]:
    """Ask one thing, and the others while it is under way."""
    together = Together(store, name="together")
    asking = [asyncio.create_task(together(first))]
    await asyncio.to_thread(store.is_asked.wait, 10)
    asking += [asyncio.create_task(together(number)) for number in others]
    await asyncio.sleep(0)
    store.may_go.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    await asyncio.to_thread(together.close)
    return found


def it_asks_at_once_and_then_for_all_who_came_meanwhile() -> None:
    store = Store()

    assert asyncio.run(_answers(store, 1, 2, 3, 4)) == [2, 4, 6, 8]

    assert store.asked == [[1], [2, 3, 4]]


def it_asks_one_by_one_when_one_of_them_cannot_be_answered() -> None:
    store = Store()

    first, second, unlucky, fourth = asyncio.run(_answers(store, 1, 2, 13, 4))

    assert (first, second, fourth) == (2, 4, 8)
    assert isinstance(unlucky, ValueError)


@pytest.mark.parametrize("others", [(), (2, 3)])
def it_tells_everybody_when_the_store_is_away(others: tuple[int, ...]) -> None:
    store = Store()

    found = asyncio.run(_answers(store, 99, *others, 99))

    assert isinstance(found[0], OperationalError)
    assert all(isinstance(answer, OperationalError) for answer in found[1:])
    # Nobody tries again by themselves: each number decides what its silence means.
    assert store.asked == [[99], [*others, 99]]
