"""The sender: one loop per number — claim, pace, intend, post, record — until it is told to stop.

asyncio carries the requests; the store is asked in one thread, which owns the connection.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import ParamSpec, TypeVar

import structlog

from difusio.cloud_api.answers import judge
from difusio.cloud_api.transport import CloudApi
from difusio.cloud_api.verdicts import Outcome as Word
from difusio.log.port import LogReader
from difusio.outbox import lease
from difusio.outbox.claim import Hold
from difusio.sending.pacer import Pacer
from difusio.sending.rendering import Ready
from difusio.sending.store import Outbox, SendingNumber, Sent, sendable_numbers

# A request that has no answer by then is in doubt.
DEADLINE_S = 10.0
# The intents of requests that start within one tick share a commit; a kill leaves at most these in doubt.
TICK_S = 0.02
_RECORD_S = 0.1
_RENEW_S = 5.0
_IDLE_S = 0.25
_LOOK_FOR_NUMBERS_S = 1.0

_log = structlog.get_logger("difusio.sending")

P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """The one thread that owns the connection."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def __call__(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``act`` in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: act(*args, **kwargs))

    def close(self) -> None:
        """End the thread."""
        self._executor.shutdown(wait=True)


async def run(*, owner: str, log: LogReader, stop: asyncio.Event) -> None:
    """Send for every number that can be had, until ``stop`` is set; then finish what is in the air and return.

    owner: names this process among all senders.
    """
    store = StoreThread()
    senders: dict[int, asyncio.Task[None]] = {}
    try:
        while not stop.is_set():
            for number in await store(sendable_numbers):
                task = senders.get(number.id)
                if task is None or task.done():
                    if task is not None:
                        task.result()
                    epoch = await store(lease.acquire, number.id, owner=owner)
                    if epoch is not None:
                        hold = Hold(number.id, owner, epoch)
                        sender = NumberSender(number, hold, store, log, stop)
                        senders[number.id] = asyncio.create_task(sender.run(), name=f"sender-{number.id}")
            await _wait(stop, _LOOK_FOR_NUMBERS_S)
        await asyncio.gather(*senders.values())
    finally:
        for task in senders.values():
            task.cancel()
        await asyncio.gather(*senders.values(), return_exceptions=True)
        store.close()


class NumberSender:
    """Sends for one number under one lease."""

    def __init__(
        self, number: SendingNumber, hold: Hold, store: StoreThread, log: LogReader, stop: asyncio.Event
    ) -> None:
        self._number = number
        self._hold = hold
        self._store = store
        self._log = log
        self._stop = stop
        self._lost = asyncio.Event()
        self._pacer = Pacer(number.pace_per_s, now=monotonic())
        self._ready: deque[Ready] = deque()
        self._in_air: set[asyncio.Task[None]] = set()
        self._sent: list[Sent] = []

    async def run(self) -> None:
        """Send until told to stop, or the lease or the number is lost; leave nothing unrecorded."""
        outbox = await self._store(Outbox, self._number, self._hold, self._log)
        log = _log.bind(number=self._number.id, epoch=self._hold.epoch)
        log.info("sender.started", pace_per_s=self._number.pace_per_s)
        # Enough for a second of pace at slow answers; more would only wait in the client.
        connections = max(16, min(1_000, self._number.pace_per_s))
        async with CloudApi(
            base_url=self._number.api_url,
            version=self._number.api_version,
            connections=connections,
            deadline_s=DEADLINE_S,
        ) as api:
            keeper = asyncio.create_task(self._keep(outbox), name=f"lease-{self._number.id}")
            recorder = asyncio.create_task(self._record(outbox), name=f"record-{self._number.id}")
            try:
                await self._send(outbox, api)
                while self._in_air:
                    await asyncio.wait(self._in_air)
            finally:
                recorder.cancel()
                keeper.cancel()
                ends = await asyncio.gather(recorder, keeper, return_exceptions=True)
            for end in ends:
                if isinstance(end, Exception):
                    # The store is away: our intents wait there as in doubt, the echoes will tell.
                    raise end
            if self._ready:
                await self._store(outbox.give_back, list(self._ready))
            await self._flush(outbox)
            await self._store(outbox.release)
        log.info("sender.stopped")

    async def _send(self, outbox: Outbox, api: CloudApi) -> None:
        # Claim at most one second of the pace: whoever leaves meanwhile is skipped at the latest a second later.
        second = self._number.pace_per_s
        refilled_at = -1.0
        while not self._stop.is_set() and not self._lost.is_set():
            now = monotonic()
            if len(self._ready) <= second // 2 and now - refilled_at >= _IDLE_S:
                refilled_at = now
                if not await self._store(outbox.may_send):
                    return
                if inbound := await self._store(outbox.new_inbound):
                    self._pacer.spend(monotonic(), inbound)
                self._ready.extend(await self._store(outbox.fill_up, second - len(self._ready)))
            if not self._ready:
                await _wait(self._stop, _IDLE_S)
                continue
            free = self._pacer.free(monotonic(), min(len(self._ready), second))
            if free:
                turn = [self._ready.popleft() for _ in range(free)]
                await self._start(api, await self._store(outbox.intend, turn, deadline_s=DEADLINE_S))
            await asyncio.sleep(max(TICK_S, min(self._pacer.next_at(monotonic()) - monotonic(), _IDLE_S)))

    async def _start(self, api: CloudApi, intended: Sequence[Ready]) -> None:
        """Post what is intended; the pace counts the moment after the commit, however long that took."""
        waiting = deque(intended)
        while waiting:
            for _ in range(self._pacer.take(monotonic(), len(waiting))):
                task = asyncio.create_task(self._post(api, waiting.popleft()))
                self._in_air.add(task)
                task.add_done_callback(self._in_air.discard)
            if waiting:
                await asyncio.sleep(self._pacer.next_at(monotonic()) - monotonic())

    async def _post(self, api: CloudApi, item: Ready) -> None:
        path = f"{self._number.phone_number_id}/{item.path}"
        judgement = judge(await api.post(path, item.body, self._number.access_token))
        verdict = judgement.verdict
        if verdict.outcome is Word.RETRY and verdict.scope == "number":
            self._pacer.slow_down(monotonic())
        self._sent.append(Sent(item, judgement))

    async def _record(self, outbox: Outbox) -> None:
        while True:
            await asyncio.sleep(_RECORD_S)
            # Shielded: what was taken off the list must reach the store even when we are told to end.
            await asyncio.shield(self._flush(outbox))

    async def _flush(self, outbox: Outbox) -> None:
        sent, self._sent = self._sent, []
        if sent:
            try:
                await self._store(outbox.record, sent)
            except Exception:
                self._lost.set()
                raise

    async def _keep(self, outbox: Outbox) -> None:
        try:
            while await self._store(outbox.renew):
                await _wait(self._lost, _RENEW_S)
        finally:
            self._lost.set()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait for the end or for ``seconds``, whichever comes first."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
