"""How often Meta refused a delivery in a way that may be repeated."""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from difusio.cloud_api.verdicts import LONGEST_WAIT_S

# Whoever waits between two tries for as long as one may, has come back by then; of whoever ended otherwise (cancelled,
# expired, left) nobody tells us.
KEPT_S: Final = 2 * LONGEST_WAIT_S


class Tries:
    """The tokens of refused attempts, for as long as another may follow.  now: monotonic seconds, never falling."""

    __slots__ = ("_refused",)

    def __init__(self) -> None:
        # (delivery, scope of the refusal) → when it was refused last, and its tokens; the longest ago first.
        self._refused: OrderedDict[tuple[int, str], tuple[float, set[UUID]]] = OrderedDict()

    def __len__(self) -> int:
        """Count what it remembers."""
        return len(self._refused)

    def count(self, delivery_id: int, token: UUID, *, scope: str, now: float) -> int:
        """Note a refused attempt, and give how many there were within ``scope``; the same token is counted once."""
        key = delivery_id, scope
        _, tokens = self._refused.pop(key, (now, set[UUID]()))
        tokens.add(token)
        self._refused[key] = now, tokens
        self._forget(now)
        return len(tokens)

    def _forget(self, now: float) -> None:
        while self._refused:
            key, (at, _) = next(iter(self._refused.items()))
            if now - at <= KEPT_S:
                return
            del self._refused[key]
