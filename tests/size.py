"""How big the expensive tests are: small in ``make test``, the requirements' figures in ``make faults FULL=1``."""

import os
from typing import Final, TypeVar

T = TypeVar("T")

FULL: Final = os.environ.get("FULL") == "1"


def sized(short: T, *, full: T) -> T:
    """Choose between the short form and the full one."""
    return full if FULL else short
