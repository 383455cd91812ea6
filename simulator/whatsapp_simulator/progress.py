"""How far each accepted message has come, in four bytes a message."""

from array import array
from typing import Literal

Stage = Literal["accepted", "sent", "delivered", "read", "failed"]

_STAGES: tuple[Stage, ...] = ("accepted", "sent", "delivered", "read")
_RANKS = {stage: rank for rank, stage in enumerate(_STAGES)}
_DELIVERED = _RANKS["delivered"]


class Progress:
    """One number a message, found by its row in the accepted journal: a stage, or the code it failed with."""

    def __init__(self) -> None:
        self._reached = array("I", [0])

    def begin(self) -> None:
        """Take the next message in as accepted."""
        self._reached.append(0)

    def reach(self, row: int, stage: Stage) -> None:
        """Note a stage; it only ever climbs."""
        # A reset may have come while the message was on its way.
        rank = _RANKS[stage]
        if row < len(self._reached) and self._reached[row] < rank:
            self._reached[row] = rank

    def fail(self, row: int, code: int) -> None:
        """Note a failure; what was delivered stays delivered."""
        if row < len(self._reached) and self._reached[row] < _DELIVERED:
            self._reached[row] = code

    def told(self, row: int) -> tuple[Stage, int | None]:
        """Tell how far a message came, and the code if it failed."""
        reached = self._reached[row]
        return (_STAGES[reached], None) if reached < len(_STAGES) else ("failed", reached)

    def clear(self) -> None:
        """Forget all messages."""
        self._reached = array("I", [0])
