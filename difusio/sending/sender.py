"""The sending process: make itself known, take a fair share of the numbers, send for each, give back what is more."""

import asyncio
from collections.abc import Mapping

import structlog

from difusio.common.store import STORE_AWAY
from difusio.log.port import LogReader
from difusio.outbox import lease, senders
from difusio.outbox.claim import Hold
from difusio.sending.number_sender import NumberSender
from difusio.sending.process_store import ProcessStore
from difusio.sending.store import sendable_numbers

_LOOK_ROUND_S = 1.0

_log = structlog.get_logger("difusio.sending")


async def run(*, owner: str, log: LogReader, stop: asyncio.Event) -> None:
    """Send for a share of the numbers until ``stop`` is set; then finish what is in the air and return.

    owner: names this process among all senders.  A store that is away, and a number that fails, are tried again.
    """
    process = _Process(owner, log)
    try:
        while not stop.is_set():
            try:
                await process.look_round()
            except STORE_AWAY:
                _log.warning("sender.store_away")
            try:
                await asyncio.wait_for(stop.wait(), _LOOK_ROUND_S)
            except TimeoutError:
                continue
    finally:
        await process.end()


class _Process:
    """What one process holds: a sender and its task by number."""

    def __init__(self, owner: str, log: LogReader) -> None:
        self._owner = owner
        self._log = log
        self._store = ProcessStore()
        self._keeping = self._store.keeping
        self._senders: dict[int, NumberSender] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def look_round(self) -> None:
        """Take and give back numbers, so that every process has its share."""
        for number_id in [number_id for number_id, task in self._tasks.items() if task.done()]:
            del self._tasks[number_id], self._senders[number_id]
        numbers = await self._keeping(sendable_numbers)
        share = senders.share(len(numbers), await self._keeping(senders.seen, self._owner))
        for number_id in _too_many(self._senders, share):
            self._senders[number_id].leave()
        for number in numbers:
            if len(self._tasks) >= share:
                break
            if number.id in self._tasks:
                continue
            epoch = await self._keeping(lease.acquire, number.id, owner=self._owner)
            if epoch is not None:
                hold = Hold(number.id, self._owner, epoch)
                sender = NumberSender(number, hold, process=self._store, log=self._log)
                self._senders[number.id] = sender
                self._tasks[number.id] = asyncio.create_task(sender.run(), name=f"sender-{number.id}")

    async def end(self) -> None:
        """Finish what is in the air, give everything back and take leave."""
        for sender in self._senders.values():
            sender.leave()
        await asyncio.gather(*self._tasks.values())
        try:
            await self._keeping(senders.gone, self._owner)
        except STORE_AWAY:
            _log.warning("sender.store_away")
        self._store.close()


def _too_many(held: Mapping[int, NumberSender], share: int) -> list[int]:
    """Choose what to give back: numbers with nothing on its way first, then the newest."""
    staying = [number_id for number_id, sender in held.items() if not sender.is_leaving]
    return sorted(staying, key=lambda number_id: (not held[number_id].is_busy, number_id))[share:]
