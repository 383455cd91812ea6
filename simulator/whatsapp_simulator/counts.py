"""What is counted at Meta's side: requests, acceptances, refusals, statuses, what people wrote, the pace."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from whatsapp_simulator.limits import PerSecond

_SECONDS_KEPT = 86_400


@dataclass(slots=True)
class Second:
    """One real second: seconds since 1970, and what passed in it."""

    second: int
    accepted: int = 0
    refused: int = 0
    inbound: int = 0


@dataclass(slots=True)
class Pace:
    """The most that passed in any sliding real second on one number."""

    accepted: PerSecond = field(default_factory=PerSecond)
    passed: PerSecond = field(default_factory=PerSecond)
    accepted_total: int = 0
    inbound_total: int = 0


class Counts:
    """All counters; plain numbers, so that the hot path only adds."""

    def __init__(self) -> None:
        self.requests = 0
        self.accepted = 0
        self.confirmations = 0
        self.inbound = 0
        self.refused: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.failed_later: Counter[str] = Counter()
        self.stops: Counter[str] = Counter()
        self.webhooks: Counter[str] = Counter()
        self.paces: dict[str, Pace] = {}
        self.seconds: deque[Second] = deque(maxlen=_SECONDS_KEPT)

    def pace(self, phone_number_id: str) -> Pace:
        """Find the pace of a number."""
        found = self.paces.get(phone_number_id)
        if found is None:
            found = self.paces[phone_number_id] = Pace()
        return found

    def second(self, real_at: float) -> Second:
        """Find the row of a real second; real_at: seconds since 1970."""
        now = int(real_at)
        if not self.seconds or self.seconds[-1].second != now:
            self.seconds.append(Second(now))
        return self.seconds[-1]

    def totals(self) -> dict[str, Any]:
        """Write all counters."""
        return {
            "requests": self.requests,
            "accepted": self.accepted,
            "refused": dict(self.refused),
            "statuses": dict(self.statuses),
            "failed_later": dict(self.failed_later),
            "inbound": self.inbound,
            "stops": dict(self.stops),
            "confirmations": self.confirmations,
            "webhooks": dict(self.webhooks),
            "per_second_max": max((pace.accepted.most for pace in self.paces.values()), default=0),
            "numbers": {
                phone_number_id: {
                    "accepted": pace.accepted_total,
                    "inbound": pace.inbound_total,
                    "per_second_max": pace.accepted.most,
                    "per_second_max_with_inbound": pace.passed.most,
                }
                for phone_number_id, pace in self.paces.items()
            },
        }
