"""What is still to happen: acts waiting for their simulated time, played in order."""

import asyncio
import heapq
import logging
from collections.abc import Callable
from typing import Any

from whatsapp_simulator.clock import Clock

_logger = logging.getLogger(__name__)

# An act gets the time it was due at, not that it was played at, so that a jump of the clock keeps all spans.
Act = Callable[[float, Any], None]

_PAUSE_EVERY = 500
_SHORTEST_NAP_S = 0.005
_LONGEST_NAP_S = 3600.0


class Schedule:
    """A heap of (due, serial, act, subject); one task plays what has become due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Act, Any]] = []
        self._serial = 0
        self._wake = asyncio.Event()
        self._playing = asyncio.Lock()
        self._napping_until = float("inf")
        self.broken = 0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next_due(self) -> float | None:
        """The simulated time of the next act; None if nothing waits."""
        return self._heap[0][0] if self._heap else None

    def at(self, due: float, act: Act, subject: Any) -> None:
        """Let `act(due, subject)` happen at a simulated time."""
        self._serial += 1
        heapq.heappush(self._heap, (due, self._serial, act, subject))
        if due <= self._napping_until:
            self._wake.set()

    def state(self) -> dict[str, Any]:
        """Give what is to happen, for a snapshot."""
        return {"heap": self._heap, "serial": self._serial, "broken": self.broken}

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what was to happen."""
        self._heap, self._serial, self.broken = state["heap"], state["serial"], state["broken"]
        self._wake.set()

    def drop(self, act: Act) -> None:
        """Forget every time an act was to happen."""
        self._heap = [waiting for waiting in self._heap if waiting[2] != act]
        heapq.heapify(self._heap)

    def clear(self) -> None:
        """Forget everything that was to happen."""
        self._heap.clear()

    def clock_changed(self) -> None:
        """Look at the clock again: its rate or time was moved."""
        self._wake.set()

    async def play_due(self) -> None:
        """Play everything that is due, and what falls due through it, in order of time."""
        async with self._playing:
            played = 0
            while self._heap and self._heap[0][0] <= self._clock.now():
                due, _, act, subject = heapq.heappop(self._heap)
                try:
                    act(due, subject)
                except Exception:
                    self.broken += 1
                    _logger.exception("schedule.act_broke")
                played += 1
                if played % _PAUSE_EVERY == 0:
                    # Requests must not wait behind a long queue of acts.
                    await asyncio.sleep(0)

    async def run(self) -> None:
        """Play for ever."""
        while True:
            await self.play_due()
            due = self.next_due
            wait = None if due is None else self._clock.real_seconds_until(due)
            nap = _LONGEST_NAP_S if wait is None else min(max(wait, _SHORTEST_NAP_S), _LONGEST_NAP_S)
            self._napping_until = (
                self._clock.now() + nap * self._clock.rate if due is not None else float("inf")
            )
            if due is None:
                self._napping_until = float("inf")
            self._wake.clear()
            try:
                async with asyncio.timeout(nap):
                    await self._wake.wait()
            except TimeoutError:
                continue
            # Acts that arrive together are played together.
            await asyncio.sleep(_SHORTEST_NAP_S)
