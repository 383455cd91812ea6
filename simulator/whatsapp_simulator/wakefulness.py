"""Whether this process looked all the time: a busy machine lets it stand still, and what comes in meanwhile waits."""

import asyncio
import time

_EVERY_S = 0.002
# A timer may be a little late without anything having waited for it.
_LATE_S = 0.003


class Wakefulness:
    """When the loop last looked at its connections, for those that count what comes in a second."""

    def __init__(self) -> None:
        self._looked_at = float("inf")
        self._stood = (0.0, 0.0)

    def since(self, now: float) -> float:
        """Give the earliest moment at which what is read now may have come in; real monotonic seconds.

        What waited while the process stood still is read within as much time again.
        """
        if now - self._looked_at > _EVERY_S + _LATE_S:
            return self._looked_at
        began, ended = self._stood
        return began if now - ended < ended - began else now

    async def run(self) -> None:
        """Look at the clock for ever."""
        while True:
            self._looked_at = time.monotonic()
            await asyncio.sleep(_EVERY_S)
            now = time.monotonic()
            if now - self._looked_at > _EVERY_S + _LATE_S:
                self._stood = (self._looked_at, now)
