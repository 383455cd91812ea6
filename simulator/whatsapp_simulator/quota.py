"""How many management calls an hour: per account, and for the app's other calls; with Meta's usage headers.

Source: DOC/about-the-platform (rate limits), https://developers.facebook.com/docs/graph-api/overview/rate-limiting
(read 2026-11-22); DOC stands for https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections import deque

import msgspec

from whatsapp_simulator.clock import Clock
from whatsapp_simulator.scenario import Rules, Setup

_HOUR_S = 3600.0
_WITH_NUMBER, _WITHOUT_NUMBER = 5000, 200
_MINUTE_S = 60
_ACCOUNT, _APP = 80007, 4


class Hour:
    """The calls of the last hour of simulated time."""

    def __init__(self) -> None:
        self.times: deque[float] = deque()

    def count(self, now: float, limit: int) -> bool:
        """Count a call if there is room for it; tell whether there was.  Without a limit nothing is counted."""
        if not limit:
            self.times.clear()
            return True
        while self.times and self.times[0] <= now - _HOUR_S:
            self.times.popleft()
        if len(self.times) >= limit:
            return False
        self.times.append(now)
        return True

    def percent(self, limit: int) -> int:
        """Tell how much of the limit is used, in whole percent."""
        return min(100, len(self.times) * 100 // limit) if limit else 0

    def minutes_until_room(self, now: float, limit: int) -> int:
        """Tell how many minutes pass before the next call may pass; 0 while there is room."""
        if not limit or len(self.times) < limit:
            return 0
        return int((self.times[0] + _HOUR_S - now) // _MINUTE_S) + 1


class Quota:
    """Both counts; a call belongs to one of them, a send to none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._account, self._app = Hour(), Hour()

    def count(self, setup: Setup, rules: Rules, *, is_management: bool) -> tuple[int | None, tuple[str, str]]:
        """Count a call; answers the code it is refused with, None if it may pass, and the usage header."""
        now = self._clock.now()
        if not is_management:
            limit = rules.app_calls_per_hour
            code = None if self._app.count(now, limit) else _APP
            used = self._app.percent(limit)
            usage: object = {"call_count": used, "total_cputime": used, "total_time": used}
            return code, ("X-App-Usage", msgspec.json.encode(usage).decode())
        limit = _limit(setup, rules)
        code = None if self._account.count(now, limit) else _ACCOUNT
        used = self._account.percent(limit)
        row = {
            "type": "whatsapp",
            "call_count": used,
            "total_cputime": used,
            "total_time": used,
            "estimated_time_to_regain_access": self._account.minutes_until_room(now, limit),
        }
        return code, ("X-Business-Use-Case-Usage", msgspec.json.encode({setup.waba_id: [row]}).decode())


def _limit(setup: Setup, rules: Rules) -> int:
    if rules.management_calls_per_hour is not None:
        return rules.management_calls_per_hour
    registered = any(number.status == "CONNECTED" for number in setup.numbers)
    return _WITH_NUMBER if registered else _WITHOUT_NUMBER
