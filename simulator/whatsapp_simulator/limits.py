"""The two rates Meta keeps for each number: messages per second, and messages to one person."""

from collections import deque
from collections.abc import Hashable

PAIR_INTERVAL_S = 6.0
PAIR_BURST = 45
_PRUNE_ABOVE = 50_000


class Throughput:
    """A token bucket filled with `per_second` tokens each real second; inbound messages draw from it too.

    Source: DOC/throughput (the limit counts inbound and outbound together, per number).
    """

    def __init__(self, *, per_second: float, burst_s: float) -> None:
        self._burst_s = burst_s
        self.refit(per_second=per_second)
        self._tokens = self._depth
        self._filled_at = 0.0

    def refit(self, *, per_second: float) -> None:
        """Let more or fewer pass from now on."""
        self._per_second = per_second
        self._depth = max(per_second * self._burst_s, 1.0)

    def has_room(self, now: float) -> bool:
        """Tell whether one more message may pass; now: real monotonic seconds."""
        self._tokens = min(self._depth, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        return self._tokens >= 1.0

    def take(self) -> None:
        """Count a message; an inbound one is counted even when there is no room, for it cannot be refused."""
        self._tokens -= 1.0


class PairRate:
    """One message per six simulated seconds to one person, with a burst of 45 borrowed from the future.

    Kept as the time at which the pair's debt is paid; a pair without debt is forgotten.
    Source: DOC/about-the-platform (pair rate limits).
    """

    def __init__(self) -> None:
        self._paid_at: dict[Hashable, float] = {}

    def has_room(self, pair: Hashable, now: float) -> bool:
        """Tell whether one more message may go to the person; now: simulated seconds."""
        return self._paid_at.get(pair, 0.0) <= now + PAIR_INTERVAL_S * (PAIR_BURST - 1)

    def take(self, pair: Hashable, now: float) -> None:
        """Count a message."""
        if len(self._paid_at) > _PRUNE_ABOVE:
            self._paid_at = {known: paid for known, paid in self._paid_at.items() if paid > now}
        self._paid_at[pair] = max(self._paid_at.get(pair, 0.0), now) + PAIR_INTERVAL_S


class PerSecond:
    """The most messages in any second, measured over every sliding window of one real second."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self.most = 0

    def count(self, now: float) -> None:
        """Count one message; now: real monotonic seconds."""
        times = self._times
        times.append(now)
        while times[0] <= now - 1.0:
            times.popleft()
        self.most = max(self.most, len(times))
