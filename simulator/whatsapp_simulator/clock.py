"""Simulated time: start + rate x real time; everything people and webhooks do waits on it."""

import time
from collections.abc import Callable


class Clock:
    """A clock that can run faster, stand still (rate 0) and jump ahead; it never goes back.

    Times are seconds since 1970, as floats.  The per-second limit of a number does not ask this clock:
    it is counted in real seconds, because the sender under test lives in real time.
    """

    def __init__(
        self,
        *,
        start: float | None = None,
        rate: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._base = time.time() if start is None else start
        self._base_real = monotonic()
        self._rate = rate

    @property
    def rate(self) -> float:
        """Simulated seconds per real second."""
        return self._rate

    def now(self) -> float:
        """Tell the simulated time."""
        return self._base + (self._monotonic() - self._base_real) * self._rate

    def set_rate(self, rate: float) -> None:
        """Run at another rate from now on, without a jump."""
        self._rebase()
        self._rate = rate

    def advance(self, seconds: float) -> None:
        """Jump ahead by simulated seconds."""
        self._rebase()
        self._base += seconds

    def resume(self, *, at: float, rate: float) -> None:
        """Go on from a time that was kept."""
        self._base, self._base_real, self._rate = at, self._monotonic(), rate

    def real_seconds_until(self, at: float) -> float | None:
        """Tell how many real seconds pass before the simulated time `at`; None if the clock stands still."""
        wait = at - self.now()
        if wait <= 0:
            return 0.0
        return wait / self._rate if self._rate > 0 else None

    def _rebase(self) -> None:
        self._base, self._base_real = self.now(), self._monotonic()
