"""How the processes run: on uvloop where it is installed, and with a collector that looks less often."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

_YOUNG, _MIDDLE, _OLD = 20_000, 20, 20


def run(serving: Coroutine[Any, Any, None]) -> None:
    """Run until it is over; uvloop makes it about a third faster, and nothing else depends on it.

    People and messages are many, live long and hold no circles: looking for them often takes a third of the time.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    try:
        import uvloop
    except ImportError:
        asyncio.run(serving)
    else:
        uvloop.run(serving)
