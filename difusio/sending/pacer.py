"""Say how many messages may leave from one number now; pure: the monotonic clock is passed in.

Meta counts a number's messages per second, those that people send to it included, and refuses what is too
much (130429). Two rules together keep to that.  A token bucket spreads the starts evenly and holds no more
than a few hundredths of a second, so that being late is made good without a burst.  A record of the last
second's starts is the hard limit: whatever the bucket holds, no second has more than the limit and one.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/throughput (read 2026-11-22).
"""

from collections import deque
from collections.abc import Iterable

# The second of which no more than the limit and one may start is a little longer for us than for Meta,
# because requests that leave evenly arrive less evenly.
SLACK_S = 0.01
# How much lateness the bucket makes good: two turns of the sender, or one and a slow commit.
CATCH_UP_S = 0.05
# For how long the busiest second of inbound keeps its room free: it is heard of only after Meta has counted
# it.
INBOUND_MEMORY_S = 3.0
# Whoever hears of it later than that hears of another time.
STALE_S = 60.0
# However much comes in, this share of the limit stays ours, so that a person who leaves gets their
# confirmation.
LEAST_SHARE = 0.05

# A refusal for speed halves the pace, once a second at most: the requests in the air are refused as well, for
# the same reason.  A minute brings the slowest pace back to full: one refusal, which a busy machine may earn by posting
# late and then at once, costs half a minute at less than full pace.
HALVE_EVERY_S = 1.0
CLIMB_S = 60.0
LEAST_FACTOR = 1 / 32

_WHOLE = 1e-9  # a token that lacks only a float's dust is whole


class Pacer:
    """The pace of one number.  limit_per_s: what Meta allows, inbound included.  now: monotonic seconds, never falling.

    It starts empty, as a new owner must who does not know what the one before sent in the last moment.
    """

    __slots__ = (
        "_at",
        "_factor",
        "_factor_at",
        "_halved_at",
        "_inbound",
        "_limit",
        "_peaks",
        "_recent",
        "_recent_now",
        "_tokens",
    )

    def __init__(self, limit_per_s: int, *, now: float) -> None:
        self._limit = max(1, limit_per_s)
        self._tokens = 0.0
        self._at = now
        # Starts of the last second as (moment at which they leave it, how many), with their sum.
        self._recent: deque[tuple[float, int]] = deque()
        self._recent_now = 0
        # When people wrote, in the second before the last time that one did.
        self._inbound: deque[float] = deque()
        # The busiest seconds of inbound as (moment at which it is forgotten, how many), falling.
        self._peaks: deque[tuple[float, int]] = deque()
        self._factor = 1.0
        self._factor_at = now
        self._halved_at = float("-inf")

    @property
    def limit_per_s(self) -> int:
        """Return what Meta allows this number, inbound included."""
        return self._limit

    def change_limit(self, limit_per_s: int, now: float) -> None:
        """Keep to another limit from now on; Meta raises and lowers them."""
        self._move_to(now)
        self._limit = max(1, limit_per_s)
        self._tokens = min(self._tokens, self._capacity())

    def free(self, now: float, wanted: int) -> int:
        """Return how many of the wanted messages could start at this moment, without counting them."""
        self._move_to(now)
        room = self._room() - self._recent_now
        return max(0, min(wanted, int(self._tokens + _WHOLE), room))

    def take(self, now: float, wanted: int) -> int:
        """Return how many of the wanted messages may start at this moment, and count them as started."""
        granted = self.free(now, wanted)
        if granted:
            self._tokens -= granted
            self._count(now, granted)
        return granted

    def left_at(self, now: float, started: int, *, granted_at: float) -> None:
        """Count so many of what was granted at that moment from now on: they left only now.

        Where the grant is forgotten, or was moved before, they are counted once more instead: never too fast.
        """
        leaves_at = granted_at + 1.0 + SLACK_S
        for place in reversed(range(len(self._recent))):
            at, count = self._recent[place]
            if at == leaves_at:
                moved = min(count, started)
                self._recent[place] = (at, count - moved)
                self._recent_now -= moved
            if at <= leaves_at:
                break
        self._count(now, started)

    def next_at(self, now: float) -> float:
        """Return the moment, now or later, at which `take` will grant at least one, if nothing comes in before."""
        self._move_to(now)
        at = now
        missing = 1.0 - self._tokens - _WHOLE / 2
        if missing > 0:
            at += missing / self._rate(now)
        over = self._recent_now + 1 - self._room()
        for leaves_at, count in self._recent:
            if over <= 0:
                break
            over -= count
            at = max(at, leaves_at)
        return at

    def spend(self, now: float, moments: Iterable[float]) -> None:
        """Count messages that people sent to the number: Meta counts them against the same limit.

        moments: when each came in, rising; we hear of several at once, and by then Meta has counted them.
        """
        self._move_to(now)
        for moment in moments:
            if moment < now - STALE_S:
                continue
            at = min(now, max(moment, self._inbound[-1])) if self._inbound else min(now, moment)
            self._inbound.append(at)
            while self._inbound[0] < at - 1.0:
                self._inbound.popleft()
            busiest = len(self._inbound)
            while self._peaks and self._peaks[-1][1] <= busiest:
                self._peaks.pop()
            self._peaks.append((now + INBOUND_MEMORY_S, busiest))

    def slow_down(self, now: float) -> None:
        """Halve the pace, because Meta refused a message for speed; it climbs back by itself."""
        self._move_to(now)
        if now - self._halved_at < HALVE_EVERY_S:
            return
        self._factor = max(LEAST_FACTOR, self._factor_now(now) / 2)
        self._factor_at = self._halved_at = now
        self._tokens = min(self._tokens, self._capacity())

    def rate_per_s(self, now: float) -> float:
        """Return the present pace, for the number's page."""
        self._move_to(now)
        return self._rate(now)

    def _move_to(self, now: float) -> None:
        # The order matters: the time that has passed is paid at the pace that held while it passed.
        passed = max(0.0, now - self._at)
        self._tokens = min(self._capacity(), self._tokens + passed * self._rate(self._at))
        self._at = max(self._at, now)
        while self._recent and self._recent[0][0] <= now:
            self._recent_now -= self._recent.popleft()[1]
        while self._peaks and self._peaks[0][0] <= now:
            self._peaks.popleft()

    def _count(self, now: float, started: int) -> None:
        self._recent.append((now + 1.0 + SLACK_S, started))
        self._recent_now += started

    def _room(self) -> int:
        """Return how many of ours may start within a second: the limit and one, less what people need of it."""
        if not self._peaks:
            return self._limit + 1
        # One more person than in the busiest second may write in the next, and nobody asks us first.
        return max(self._least(), self._limit - self._peaks[0][1])

    def _least(self) -> int:
        return max(1, int(self._limit * LEAST_SHARE))

    def _rate(self, now: float) -> float:
        # As many as the record of the last second lets through in the long run, so that the two never fight.
        fastest = min(float(self._limit), self._room() / (1.0 + SLACK_S))
        return fastest * self._factor_now(now)

    def _capacity(self) -> float:
        # Below two a turn that is a little late would throw away a part of every token.
        return max(2.0, self._limit * CATCH_UP_S)

    def _factor_now(self, now: float) -> float:
        return min(1.0, self._factor + max(0.0, now - self._factor_at) / CLIMB_S)
