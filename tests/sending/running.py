"""The sender's own loop, run until a condition holds."""

import asyncio
from collections.abc import Callable

from django.db import connection

from difusio.common.keyring import keyring
from difusio.log.table_reader import TableReader
from difusio.outbox.models import Delivery
from difusio.sending import sender
from tests.processes import wait_until


def send_while(act: Callable[[], None], *, owner: str = "test") -> None:
    """Let a sender run while ``act`` watches and does things in a thread of its own; then end it in order."""

    async def until_done() -> None:
        stop = asyncio.Event()
        acting = asyncio.create_task(asyncio.to_thread(_with_own_connection, act))
        acting.add_done_callback(lambda _: stop.set())
        await sender.run(owner=owner, log=TableReader(keyring()), stop=stop)
        await acting

    asyncio.run(until_done())


def send_everything() -> None:
    """Let a sender run until nothing waits."""
    send_while(nothing_waits)


def nothing_waits() -> None:
    """Wait until every delivery has been answered."""
    waiting = Delivery.objects.filter(state__in=["queued", "claimed", "sending"])
    wait_until(lambda: not waiting.exists(), "everything is sent", timeout_s=60)


def _with_own_connection(act: Callable[[], None]) -> None:
    try:
        act()
    finally:
        connection.close()
