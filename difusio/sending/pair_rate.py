"""Keep to what one person may get from one number; pure: the monotonic clock is passed in.

Meta lets one message in six seconds through to one person, and lends up to 45 from the future (131056 beyond).
Campaigns and alerts keep to the six seconds, so that several to the same people never meet; replies may borrow, as
somebody at the desk writes three in a row.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform (read 2026-11-22).
"""

EVERY_S = 6.0
BURST = 45


class PairRate:
    """Who got something lately from one number.  every_s: how far apart; person: any key; now: monotonic seconds."""

    __slots__ = ("_every_s", "_paid_at")

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        # Person → when their debt is paid; who has none is forgotten.
        self._paid_at: dict[str, float] = {}

    def __len__(self) -> int:
        """Count whom it remembers."""
        return len(self._paid_at)

    def take(self, person: str, now: float, *, may_borrow: bool) -> float:
        """Count a message to the person and return 0.0, or return the seconds to wait and count nothing."""
        paid_at = self._paid_at.pop(person, 0.0)
        lent_s = self._every_s * (BURST - 1) if may_borrow else 0.0
        wait_s = max(0.0, paid_at - lent_s - now)
        # Put back at the end: those written to longest ago stand first, and are forgotten first.
        self._paid_at[person] = paid_at if wait_s else max(paid_at, now) + self._every_s
        self._forget(now)
        return wait_s

    def untake(self, person: str) -> None:
        """Count a message less: it never left."""
        if person in self._paid_at:
            self._paid_at[person] -= self._every_s

    def _forget(self, now: float) -> None:
        # Two at most for each that is added, so that it never grows beyond those who are in debt.
        for _ in range(2):
            first = next(iter(self._paid_at))
            if self._paid_at[first] > now:
                return
            del self._paid_at[first]
