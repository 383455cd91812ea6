"""Whether this process looked all the time: a busy machine lets it stand still, and what comes in meanwhile waits."""

import asyncio
import time
from collections import deque

_EVERY_S = 0.002
# A timer may be a little late without anything having waited for it.
_LATE_S = 0.003
# A message is read in one turn of the loop and counted in the next one.
_TURNS = 2


class Wakefulness:
    """When the loop last looked at its connections, for those that count what comes in a second."""

    def __init__(self) -> None:
        self._looked_at = float("inf")
        # From when until when it did not, the latest last.
        self._stood: deque[tuple[float, float]] = deque(maxlen=_TURNS)

    def since(self, now: float) -> float:
        """Give the earliest moment at which what is read now may have come in; real monotonic seconds.

        What waited while the process stood still is read within as much time again, and then waits for its turn: while
        others have theirs the process stands still once more.
        """
        earliest = self._looked_at if now - self._looked_at > _EVERY_S + _LATE_S else now
        for began, ended in reversed(self._stood):
            if earliest - ended >= ended - began:
                break
            earliest = began
        return earliest

    async def run(self) -> None:
        """Look at the clock for ever."""
        while True:
            self._looked_at = time.monotonic()
            await asyncio.sleep(_EVERY_S)
            now = time.monotonic()
            if now - self._looked_at > _EVERY_S + _LATE_S:
                self._stood.append((self._looked_at, now))
