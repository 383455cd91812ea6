"""The threads that own connections to the store; the event loop itself never waits for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier
from typing import ParamSpec, TypeVar

from difusio.common.store import STORE_AWAY, forget_connection

P = ParamSpec("P")
T = TypeVar("T")


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


def _forgetting(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return act(*args, **kwargs)
    except STORE_AWAY:
        forget_connection()
        raise
