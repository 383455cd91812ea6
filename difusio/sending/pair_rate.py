"""Keep to what one person may get from one number; pure: the monotonic clock is passed in.

Meta lets one message in six seconds through to one person, and lends up to 45 from the future (131056 beyond).
Campaigns and alerts keep to the six seconds, so that several to the same people never meet; replies may borrow, as
somebody at the desk writes three in a row.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform (read 2026-11-22).
"""

from collections import deque

EVERY_S = 6.0
BURST = 45


class PairRate:
    """Who got something lately from one number.  every_s: how far apart; person: any key; now: monotonic seconds."""

    __slots__ = ("_every_s", "_looks", "_paid_at")

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        # Person → when their debt is paid; who has none is forgotten.
        self._paid_at: dict[str, float] = {}
        # When to look whether who can be forgotten, rising.  A dict that loses its first ones again and again walks
        # past all the holes to find the next.
        self._looks: deque[tuple[float, str]] = deque()

    def __len__(self) -> int:
        """Count whom it remembers."""
        return len(self._paid_at)

    def take(self, person: str, now: float, *, may_borrow: bool) -> float:
        """Count a message to the person and return 0.0, or return the seconds to wait and count nothing."""
        paid_at = self._paid_at.get(person, 0.0)
        lent_s = self._every_s * (BURST - 1) if may_borrow else 0.0
        wait_s = max(0.0, paid_at - lent_s - now)
        if not wait_s:
            self._paid_at[person] = max(paid_at, now) + self._every_s
            self._looks.append((now + self._every_s, person))
        self._forget(now)
        return wait_s

    def untake(self, person: str) -> None:
        """Count a message less: it never left."""
        if person in self._paid_at:
            self._paid_at[person] -= self._every_s

    def _forget(self, now: float) -> None:
        # Two at most for each that is added, so that it never grows beyond those who are in debt.
        for _ in range(2):
            if not self._looks or self._looks[0][0] > now:
                return
            _, person = self._looks.popleft()
            paid_at = self._paid_at.get(person)
            if paid_at is None:
                continue
            if paid_at <= now:
                del self._paid_at[person]
            else:
                # Got something since, or borrowed for minutes; nobody behind waits for that.
                self._looks.append((now + self._every_s, person))
