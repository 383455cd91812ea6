"""The event loop of the processes: uvloop where it is installed."""

import asyncio
from collections.abc import Coroutine
from typing import Any


def run(serving: Coroutine[Any, Any, None]) -> None:
    """Run until it is over; uvloop makes it about a third faster, and nothing else depends on it."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(serving)
    else:
        uvloop.run(serving)
