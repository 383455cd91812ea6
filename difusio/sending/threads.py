"""The threads that own connections to the store; the event loop itself never waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier
from typing import Generic, ParamSpec, TypeVar

from difusio.common.store import STORE_AWAY, forget_connection, is_away

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")


class StoreThreads:
    """So many threads with a connection each."""

    def __init__(self, count: int, *, name: str) -> None:
        self._count = count
        self._executor = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)

    async def __call__(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``act`` in a thread that is free.  When the store is away, its connection is dropped as well."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, lambda: _forgetting(act, *args, **kwargs)
        )

    def close(self) -> None:
        """Close all connections and end the threads."""
        # Only a thread can close its own connection: all meet at the barrier, so that each does it once.
        barrier = Barrier(self._count)

        def end() -> None:
            barrier.wait()
            forget_connection()

        wait([self._executor.submit(end) for _ in range(self._count)])
        self._executor.shutdown()


class Together(Generic[A, R]):
    """Asks the store for many numbers at once: what comes while one question is under way goes into the next together.

    A commit for each number would have twenty numbers wait for twenty commits, one behind the other.
    act: gives an answer for each thing asked, in their order; it may be called again after it failed.
    """

    def __init__(self, act: Callable[[Sequence[A]], Sequence[R]], *, name: str) -> None:
        self._act = act
        self._thread = StoreThreads(1, name=name)
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, asked: A) -> R:
        """Ask, alone or with others, and wait for our part of the answer."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    def close(self) -> None:
        """Close the connection and end the thread."""
        self._thread.close()

    async def _ask(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            await self._answer(waiting)
        self._asking = None

    async def _answer(self, waiting: Sequence[tuple[A, "asyncio.Future[R]"]]) -> None:
        try:
            found = await self._thread(self._act, [asked for asked, _ in waiting])
        except Exception as error:  # noqa: BLE001  # whatever it is, those who asked raise it
            if len(waiting) > 1 and not is_away(error):
                # One that cannot be written must not hold up the others.
                for one in waiting:
                    await self._answer([one])
                return
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for (_, answer), its_own in zip(waiting, found, strict=True):
                if not answer.done():
                    answer.set_result(its_own)


def _forgetting(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return act(*args, **kwargs)
    except STORE_AWAY:
        forget_connection()
        raise
