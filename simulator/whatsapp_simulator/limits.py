"""What Meta lets through: messages per second, to one person, of marketing, and people reached in a day."""

from collections import deque
from collections.abc import Callable, Hashable

from whatsapp_simulator.scenario import Limits

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

    def move(self, seconds: float) -> None:
        """Let so many real seconds not have been."""
        self._filled_at += seconds

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

    def __init__(self, limits: Callable[[], Limits] = Limits) -> None:
        self._limits = limits
        self._paid_at: dict[Hashable, float] = {}

    def has_room(self, pair: Hashable, now: float) -> bool:
        """Tell whether one more message may go to the person; now: simulated seconds."""
        limits = self._limits()
        return self._paid_at.get(pair, 0.0) <= now + limits.pair_interval_s * (limits.pair_burst - 1)

    def take(self, pair: Hashable, now: float) -> None:
        """Count a message."""
        if len(self._paid_at) > _PRUNE_ABOVE:
            self._paid_at = {known: paid for known, paid in self._paid_at.items() if paid > now}
        self._paid_at[pair] = max(self._paid_at.get(pair, 0.0), now) + self._limits().pair_interval_s


class RollingSpan:
    """Different people reached within a moving span; somebody counts until the span after their last message.

    Times never go back, so that the oldest stands first.
    """

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._last: dict[Hashable, float] = {}

    def used(self, now: float) -> int:
        """Count the people in the span that ends now; simulated seconds."""
        old = now - self._span_s
        while self._last:
            person = next(iter(self._last))
            if self._last[person] > old:
                break
            del self._last[person]
        return len(self._last)

    def has_room(self, person: Hashable, now: float, most: int) -> bool:
        """Tell whether a message to the person keeps to so many people."""
        return self.used(now) < most or person in self._last

    def take(self, person: Hashable, now: float) -> None:
        """Count a message."""
        # Taken out first: a person who is there would keep the place of the first time.
        self._last.pop(person, None)
        self._last[person] = now


class MarketingMeasure:
    """How much marketing each person may get from everybody; only people near their measure are kept.

    Source: DOC/templates/marketing-templates/per-user-limits: whoever is written to again within a day of being
    full can stay full a day longer.  The number is not published.
    """

    def __init__(self, limits: Callable[[], Limits]) -> None:
        self._limits = limits
        self._times: dict[Hashable, deque[float]] = {}
        self._full_until: dict[Hashable, float] = {}

    def lets_through(self, person: Hashable, now: float) -> bool:
        """Tell whether one more may go to the person, and count it; simulated seconds."""
        limits = self._limits()
        if not limits.marketing_per_person:
            return True
        if len(self._times) > _PRUNE_ABOVE:
            self._prune(now - limits.marketing_span_s)
        if self._full_until.get(person, 0.0) > now:
            self._full_until[person] = now + limits.marketing_again_s
            return False
        times = self._times.setdefault(person, deque())
        while times and times[0] <= now - limits.marketing_span_s:
            times.popleft()
        if len(times) >= limits.marketing_per_person:
            self._full_until[person] = times[0] + limits.marketing_span_s
            return False
        times.append(now)
        return True

    def _prune(self, old: float) -> None:
        self._times = {person: times for person, times in self._times.items() if times and times[-1] > old}
        now = old + self._limits().marketing_span_s
        self._full_until = {person: until for person, until in self._full_until.items() if until > now}


class PerSecond:
    """The most messages that came in within a second, measured over every sliding window of one real second.

    A process that stood still finds all that came in meanwhile at one moment: such a message may have come in at any
    moment since it last looked, and only those count together that came within a second for certain.
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self.most = 0

    def move(self, seconds: float) -> None:
        """Let so many real seconds not have been."""
        self._times = deque(at + seconds for at in self._times)

    def count(self, now: float, *, since: float | None = None) -> None:
        """Count one message that came in now, or at some moment since; real monotonic seconds."""
        times = self._times
        times.append(now if since is None else since)
        while times[0] <= now - 1.0:
            times.popleft()
        self.most = max(self.most, len(times))
