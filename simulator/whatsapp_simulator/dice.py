"""Chance that can be repeated: numbers drawn from a hash of the seed and of what they are about."""

import hashlib
from struct import Struct

_SIDES = 16
_FULL = 2.0**32
_SIDE = Struct(">I")


def throw(seed: int, *about: str | int) -> bytes:
    """Draw sixteen numbers at once, the same for the same seed and subject; read them with `side`."""
    text = "\x00".join(map(str, about))
    return hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"),
        digest_size=_SIDES * 4,
        # No key is longer; of a seed that is, the end counts.
        key=str(seed).encode()[-hashlib.blake2b.MAX_KEY_SIZE :],
    ).digest()


def side(thrown: bytes, index: int) -> float:
    """Read one of the sixteen numbers, 0 <= x < 1."""
    number: int = _SIDE.unpack_from(thrown, index * _SIDE.size)[0]
    return number / _FULL


def between(low: float, high: float, chance: float) -> float:
    """Spread a chance evenly over a span."""
    return low + (high - low) * chance


def between_log(low: float, high: float, chance: float) -> float:
    """Spread a chance over a span so that short is as likely as long: minutes to hours; low > 0."""
    return float(low * (high / low) ** chance)
