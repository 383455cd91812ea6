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
from django.conf import settings

from difusio.cloud_api.answers import judge
from difusio.cloud_api.transport import CloudApi
from difusio.cloud_api.verdicts import Outcome as Word
from difusio.common import counters
from difusio.common.store import STORE_AWAY, forget_connection
from difusio.log.port import LogReader
from difusio.outbox import lease
from difusio.outbox.claim import Hold
from difusio.sending.pacer import Pacer
from difusio.sending.rendering import Ready
from difusio.sending.store import UNSTARTED, Outbox, SendingNumber, Sent, sendable_numbers

# The intents of requests that start within one tick share a commit; a kill leaves at most these in doubt.
TICK_S = 0.02
# What is claimed at most, however high the pace: no number of Meta's has more than this a second.
MOST_CLAIMED = 1_000
_RECORD_S = 0.1
# So often within a lease it is renewed.
_RENEWALS = 6
_IDLE_S = 0.25
_LOOK_FOR_NUMBERS_S = 1.0
# So often an ending sender tries to write down what its last requests came to: ten seconds at least.
_LAST_TRIES = 40

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
        """Close the connection and end the thread."""
        self._executor.submit(forget_connection)
        self._executor.shutdown(wait=True)


async def run(*, owner: str, log: LogReader, stop: asyncio.Event) -> None:
    """Send for every number that can be had, until ``stop`` is set; then finish what is in the air and return.

    owner: names this process among all senders.  A store that is away, and a number that fails, are tried again.
    """
    store = StoreThread()
    senders: dict[int, asyncio.Task[None]] = {}
    try:
        while not stop.is_set():
            try:
                for number in await store(sendable_numbers):
                    task = senders.get(number.id)
                    if task is not None and not task.done():
                        continue
                    senders.pop(number.id, None)
                    epoch = await store(lease.acquire, number.id, owner=owner)
                    if epoch is not None:
                        hold = Hold(number.id, owner, epoch)
                        sender = NumberSender(number, hold, store, log, stop)
                        senders[number.id] = asyncio.create_task(sender.run(), name=f"sender-{number.id}")
            except STORE_AWAY:
                _log.warning("sender.store_away")
                await store(forget_connection)
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
        # Enough for a second of pace at slow answers; more would only wait in the client.
        self._connections = max(16, min(1_000, number.pace_per_s))
        self._pacer = Pacer(number.pace_per_s, now=monotonic())
        self._ready: deque[Ready] = deque()
        self._in_air: set[asyncio.Task[None]] = set()
        self._sent: list[Sent] = []

    async def run(self) -> None:
        """Send until told to stop, or the lease, the number or the store is lost; leave nothing unrecorded."""
        log = _log.bind(number=self._number.id, epoch=self._hold.epoch)
        try:
            await self._hold_and_send(log)
        except STORE_AWAY as error:
            # What we had claimed goes back at the next epoch, ours or another's; of intents the echoes will tell.
            log.warning("sender.store_away", error=type(error).__name__)
        except Exception:
            # Whatever it is, it must not end the other numbers' senders.
            log.exception("sender.failed")
        log.info("sender.stopped")

    async def _hold_and_send(self, log: structlog.stdlib.BoundLogger) -> None:
        outbox = await self._store(Outbox, self._number, self._hold, self._log)
        log.info("sender.started", pace_per_s=self._number.pace_per_s)
        async with CloudApi(
            base_url=self._number.api_url,
            version=self._number.api_version,
            connections=self._connections,
            deadline_s=settings.DIFUSIO_REQUEST_S,
        ) as api:
            keeper = asyncio.create_task(self._keep(outbox), name=f"lease-{self._number.id}")
            recorder = asyncio.create_task(self._record(outbox), name=f"record-{self._number.id}")
            try:
                await self._send(outbox, api)
            finally:
                await self._settle(outbox, keeper, recorder)

    async def _settle(self, outbox: Outbox, *helpers: "asyncio.Task[None]") -> None:
        """Let what is in the air land and write it down; only then the number goes back."""
        while self._in_air:
            await asyncio.wait(self._in_air)
        for helper in helpers:
            helper.cancel()
        ends = await asyncio.gather(*helpers, return_exceptions=True)
        for _ in range(_LAST_TRIES):
            if await self._flush(outbox):
                break
            await asyncio.sleep(_IDLE_S)
        try:
            await self._store(outbox.give_back, list(self._ready))
            await self._store(outbox.release)
        except STORE_AWAY:
            # Then the lease runs out by itself.
            await self._store(forget_connection)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _send(self, outbox: Outbox, api: CloudApi) -> None:
        # Claim at most one second of the pace: whoever leaves meanwhile is skipped at the latest a second later.
        second = self._number.pace_per_s
        window = min(second, MOST_CLAIMED)
        refilled_at, was_full = -1.0, False
        while not self._stop.is_set() and not self._lost.is_set():
            now = monotonic()
            # Half of the window is left while the store is asked; one that had less than we wanted is let be a while.
            if len(self._ready) <= window // 2 and (was_full or now - refilled_at >= _IDLE_S):
                refilled_at = now
                if not await self._store(outbox.may_send):
                    return
                if inbound := await self._store(outbox.new_inbound):
                    self._pacer.spend(monotonic(), inbound)
                wanted = window - len(self._ready)
                filled = await self._store(outbox.fill_up, wanted)
                was_full = len(filled) == wanted
                self._ready.extend(filled)
            if not self._ready:
                await _wait(self._stop, _IDLE_S)
                continue
            # An intent that waits for a connection would be in doubt after a kill, for nothing.
            room = self._connections - len(self._in_air)
            free = self._pacer.free(monotonic(), min(len(self._ready), room))
            if free:
                turn = [self._ready.popleft() for _ in range(free)]
                asked_at = monotonic()
                try:
                    intended = await self._store(outbox.intend, turn, deadline_s=settings.DIFUSIO_REQUEST_S)
                except STORE_AWAY:
                    # Whether they were committed or not, we know that none of them left.
                    self._sent.extend(Sent(item, UNSTARTED) for item in turn)
                    raise
                await self._start(api, intended, until=asked_at + lease.longest_request_s())
            at = monotonic()
            await asyncio.sleep(max(0.0, now + TICK_S - at, min(self._pacer.next_at(at) - at, _IDLE_S)))

    async def _start(self, api: CloudApi, intended: Sequence[Ready], *, until: float) -> None:
        """Post what is intended; the pace counts the moment after the commit, however long that took.

        until: when the intents are stale.  Whoever was stopped in between (a sleeping machine, SIGSTOP) may have lost
        the number meanwhile and posts nothing; until then no new owner can have begun.
        """
        waiting = deque(intended)
        while waiting:
            if monotonic() > until:
                self._sent.extend(Sent(item, UNSTARTED) for item in waiting)
                return
            for _ in range(self._pacer.take(monotonic(), len(waiting))):
                task = asyncio.create_task(self._post(api, waiting.popleft()))
                self._in_air.add(task)
                task.add_done_callback(self._in_air.discard)
            if waiting:
                await asyncio.sleep(self._pacer.next_at(monotonic()) - monotonic())

    async def _post(self, api: CloudApi, item: Ready) -> None:
        path = f"{self._number.phone_number_id}/{item.path}"
        began = monotonic()
        judgement = judge(await api.post(path, item.body, self._number.access_token))
        verdict = judgement.verdict
        counters.REQUEST_SECONDS.observe(monotonic() - began)
        counters.REQUESTS.add(self._number.id, verdict.outcome)
        if judgement.refusal is not None and verdict.code is not None:
            counters.REFUSALS.add(self._number.id, verdict.code)
        if verdict.outcome is Word.RETRY and verdict.scope == "number":
            self._pacer.slow_down(monotonic())
        self._sent.append(Sent(item, judgement))

    async def _record(self, outbox: Outbox) -> None:
        while True:
            await asyncio.sleep(_RECORD_S)
            # Shielded: what was taken off the list must reach the store even when we are told to end.
            await asyncio.shield(self._flush(outbox))

    async def _flush(self, outbox: Outbox) -> bool:
        """Write down what the last requests came to; False: the store is away, they are kept for the next time."""
        sent, self._sent = self._sent, []
        if not sent:
            return True
        try:
            await self._store(outbox.record, sent)
        except STORE_AWAY as error:
            # A definite refusal would be parked if we forgot it: no echo ever comes for what Meta did not take.
            self._sent = sent + self._sent
            _log.warning("sender.not_recorded", number=self._number.id, error=type(error).__name__)
            await self._store(forget_connection)
            return False
        except Exception:
            self._lost.set()
            raise
        return True

    async def _keep(self, outbox: Outbox) -> None:
        try:
            while await self._renewed(outbox):
                await _wait(self._lost, settings.DIFUSIO_LEASE_S / _RENEWALS)
        finally:
            self._lost.set()

    async def _renewed(self, outbox: Outbox) -> bool:
        try:
            return await self._store(outbox.renew)
        except STORE_AWAY:
            # The store itself judges each intent by the lease: without it nothing starts, whatever we believe.
            await self._store(forget_connection)
            return True


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait for the end or for ``seconds``, whichever comes first."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
