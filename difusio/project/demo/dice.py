"""Chance that can be repeated: the same seed and subject give the same throw, on every machine, in any order."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

_T = TypeVar("_T")
_BITS: Final = 64
_ALL: Final = 1 << _BITS


@dataclass(frozen=True, slots=True)
class Dice:
    """Throws that depend on the seed and on what they are about, never on the throws before."""

    seed: int

    def chance(self, *about: object) -> float:
        """Give a number from 0 up to, not including, 1."""
        return self._bits(about) / _ALL

    def below(self, high: int, *about: object) -> int:
        """Give a whole number from 0 to ``high`` - 1."""
        return self._bits(about) % high

    def pick(self, choices: Sequence[_T], *about: object) -> _T:
        """Give one of the choices, each as likely."""
        return choices[self.below(len(choices), *about)]

    def wait(self, mean: float, *about: object) -> float:
        """Give a waiting time of this mean, as of events that come at random (exponential)."""
        return -mean * math.log(1.0 - self.chance(*about))

    def _bits(self, about: tuple[object, ...]) -> int:
        text = "\x1f".join(str(each) for each in (self.seed, *about))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=_BITS // 8).digest(), "big")
