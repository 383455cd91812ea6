"""Send for one number under one lease: claim, pace, intend, post, record, until told to leave.

Four loops run beside each other and share what is ready and what was sent: one refills, one intends and posts, one
records, one keeps the lease.  asyncio carries the requests; the store is asked in threads.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from time import monotonic

import structlog
from django.conf import settings

from difusio.cloud_api.answers import Answer, Lost, NotSent, judge
from difusio.cloud_api.transport import CloudApi
from difusio.cloud_api.verdicts import Outcome as Word
from difusio.cloud_api.wires import Result
from difusio.common import counters
from difusio.common.sealed import UnknownKeyError
from difusio.common.store import STORE_AWAY
from difusio.log.port import LogReader
from difusio.outbox import lease
from difusio.outbox.claim import Hold
from difusio.outbox.models import Lane
from difusio.sending.breaker import Breaker, Failure
from difusio.sending.pacer import Pacer
from difusio.sending.process_store import ProcessStore
from difusio.sending.rendering import Ready
from difusio.sending.store import KEY_MISSING, UNSTARTED, Kept, Outbox, SendingNumber, Sent, Turn

# The intents of requests that start within one tick share a commit; a kill leaves at most these in doubt.
TICK_S = 0.02
# What is claimed at most, however high the pace: twice what any number of Meta's has in a second.
MOST_CLAIMED = 2_000
# Enough for a second of the highest pace at slow answers; more would only wait in the client.
MOST_CONNECTIONS = 1_000
_LEAST_CONNECTIONS = 16
# What takes longer from its grant to its first byte (threads and other programs want the processor too) has left later
# than the pace believes.
_PROMPT_S = 0.002
_RECORD_S = 0.1
# So often within a lease it is renewed.
_RENEWALS = 6
_IDLE_S = 0.25
# So often an ending sender tries to write down what its last requests came to: ten seconds at least.
_LAST_TRIES = 40
_SERVER_ERROR = 500

_log = structlog.get_logger("difusio.sending")


class NumberSender:
    """One number's sender."""

    def __init__(self, number: SendingNumber, hold: Hold, *, process: ProcessStore, log: LogReader) -> None:
        self._number = number
        self._hold = hold
        self._store = process
        self._work = process.work
        self._log = log
        self._ending = asyncio.Event()
        self._pacer = Pacer(number.pace_per_s, now=monotonic())
        self._breaker = Breaker()
        # By lane, so that a reply overtakes what was claimed before it.
        self._ready: dict[int, deque[Ready]] = {lane: deque() for lane in sorted(Lane.values)}
        self._refilled = asyncio.Event()
        self._is_low = asyncio.Event()
        self._in_air = 0
        self._landed = asyncio.Event()
        self._landed.set()
        self._answered_at = monotonic()
        self._sent: list[Sent] = []
        # One at a time writes down: whoever settles waits for what the recorder had begun.
        self._writing = asyncio.Lock()
        self._events = _log.bind(number=number.id, epoch=hold.epoch)

    @property
    def is_busy(self) -> bool:
        """Whether something of this number is on its way."""
        return bool(self._in_air or self._waiting())

    @property
    def is_leaving(self) -> bool:
        """Whether the number is being given back."""
        return self._ending.is_set()

    def leave(self) -> None:
        """Finish what is in the air, then give the number back; `run` returns when that is done."""
        self._ending.set()
        self._refilled.set()
        self._is_low.set()

    async def run(self) -> None:
        """Send until told to leave, or the lease, the number or the store is lost; leave nothing unrecorded."""
        try:
            await self._hold_and_send()
        except STORE_AWAY as error:
            # What we had claimed goes back at the next epoch, ours or another's; of intents the echoes will tell.
            self._events.warning("sender.store_away", error=type(error).__name__)
        except Exception:  # noqa: BLE001  # whatever it is, it must not end the other numbers' senders; it is logged
            self._events.exception("sender.failed")
        self._events.info("sender.stopped")

    async def _hold_and_send(self) -> None:
        try:
            outbox = await self._work(Outbox, self._number, self._hold, self._log)
        except STORE_AWAY:
            # Otherwise nobody could have the number before the lease runs out.
            with suppress(*STORE_AWAY):
                await self._work(
                    lease.release, self._number.id, owner=self._hold.owner, epoch=self._hold.epoch
                )
            raise
        self._events.info("sender.started", pace_per_s=self._number.pace_per_s)
        async with CloudApi(
            base_url=self._number.api_url,
            version=self._number.api_version,
            connections=MOST_CONNECTIONS,
            deadline_s=settings.DIFUSIO_REQUEST_S,
        ) as api:
            name = self._number.id
            keeper = asyncio.create_task(self._keep(outbox), name=f"lease-{name}")
            recorder = asyncio.create_task(self._record(outbox), name=f"record-{name}")
            refiller = asyncio.create_task(self._refill(outbox), name=f"refill-{name}")
            try:
                await self._send(outbox, api)
            finally:
                self.leave()
                await self._settle(outbox, refiller, keeper, recorder)

    async def _settle(
        self, outbox: Outbox, refiller: "asyncio.Task[None]", *helpers: "asyncio.Task[None]"
    ) -> None:
        """Let what is in the air land and write it down; only then the number goes back."""
        await asyncio.wait([refiller])
        await self._landed.wait()
        for helper in helpers:
            helper.cancel()
        ends = await asyncio.gather(refiller, *helpers, return_exceptions=True)
        left = self._take_back()
        for _ in range(_LAST_TRIES):
            if await self._flush(outbox) and await self._let_go(outbox, left):
                break
            await asyncio.sleep(_IDLE_S)
        else:
            # Then the lease runs out by itself.
            self._events.info("sender.not_released")
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _let_go(self, outbox: Outbox, left: Sequence[Ready]) -> bool:
        """Give back what has not started, then the number; False: the store is away."""
        try:
            await self._work(outbox.give_back, left)
            await self._work(outbox.release)
        except STORE_AWAY:
            return False
        return True

    # Refilling

    async def _refill(self, outbox: Outbox) -> None:
        try:
            while not self._ending.is_set():
                self._is_low.clear()
                if surplus := self._surplus():
                    await self._work(outbox.give_back, surplus)
                bulk, urgent = self._wanted()
                refill = await self._work(outbox.refill, bulk=bulk, urgent=urgent)
                if refill.pace_per_s is None:
                    return
                now = monotonic()
                if refill.pace_per_s != self._pacer.limit_per_s:
                    self._pacer.change_limit(refill.pace_per_s, now)
                self._pacer.spend(now, [now - ago_s for ago_s in refill.inbound])
                for item in refill.ready:
                    self._ready[item.lane].append(item)
                self._refilled.set()
                if not refill.is_full:
                    await _wait(self._ending, _IDLE_S)
                else:
                    # Something faster may come in at any time.
                    await _wait(self._is_low, _IDLE_S)
        except UnknownKeyError:
            # Whatever is sealed with it stays where it is; trying again and again would help nobody.
            self._events.error("sender.key_missing")
            await self._work(outbox.stop, KEY_MISSING)
        finally:
            self.leave()

    def _wanted(self) -> tuple[int, int]:
        """Say how many to claim in bulk, and how many besides for the faster lanes.

        Together at most one second of the present pace: whoever leaves meanwhile is skipped a second later at most.
        Bulk takes half of it, so that a reply finds room at any time.
        """
        if self._breaker.is_asking:
            return 0, 0
        window = self._window()
        bulk = len(self._ready[Lane.BULK])
        urgent = self._waiting() - bulk
        return max(0, window // 2 - bulk), max(0, window - window // 2 - urgent)

    def _surplus(self) -> list[Ready]:
        """Take off what is more than a second of the pace, which has fallen since: those who waited longest stay."""
        bulk = self._ready[Lane.BULK]
        return [bulk.pop() for _ in range(len(bulk) - self._window())][::-1]

    def _window(self) -> int:
        if self._breaker.reason is not None:
            # One goes out and shows whether Meta is back.
            return 2
        return max(2, min(MOST_CLAIMED, int(self._pacer.rate_per_s(monotonic()))))

    # Sending

    async def _send(self, outbox: Outbox, api: CloudApi) -> None:
        held_back_for: Failure | None = None
        while not self._ending.is_set():
            began_at = monotonic()
            if self._breaker.reason != held_back_for:
                held_back_for = self._breaker.reason
                await self._tell(outbox, held_back_for)
            if self._breaker.is_asking:
                await self._work(outbox.give_back, self._take_back())
                await self._ask(api)
                continue
            if not self._waiting() and not self._in_air:
                self._refilled.clear()
                # We may have been told to leave since the loop began its turn: nobody would wake us any more.
                if not self._ending.is_set():
                    await self._refilled.wait()
                continue
            turn = self._next_turn(began_at)
            if turn:
                asked_at = monotonic()
                try:
                    allowed = await self._store.intend(Turn(self._hold, turn))
                except STORE_AWAY:
                    # Whether they were committed or not, we know that none of them left.
                    self._sent.extend(Sent(item, UNSTARTED) for item in turn)
                    raise
                intended = [item for item in turn if item.intent.delivery_id in allowed]
                await self._start(api, intended, until=asked_at + lease.longest_request_s())
                if len(intended) < len(turn):
                    refused = [item for item in turn if item.intent.delivery_id not in allowed]
                    await self._work(outbox.give_back, refused)
            at = monotonic()
            await asyncio.sleep(max(0.0, began_at + TICK_S - at, min(self._pacer.next_at(at) - at, _IDLE_S)))

    def _next_turn(self, now: float) -> list[Ready]:
        """Take what may start now, the fastest lane first."""
        self._breaker.silent(now - self._answered_at, self._in_air, now)
        # An intent that waits for a connection would be in doubt after a kill, for nothing.
        connections = max(_LEAST_CONNECTIONS, min(MOST_CONNECTIONS, self._pacer.limit_per_s))
        wanted = self._breaker.room(self._in_air, min(self._waiting(), connections - self._in_air))
        turn: list[Ready] = []
        free = self._pacer.free(now, wanted)
        for lane in self._ready.values():
            turn += [lane.popleft() for _ in range(min(free - len(turn), len(lane)))]
        if 4 * len(self._ready[Lane.BULK]) <= self._window():
            self._is_low.set()
        return turn

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
            began = monotonic()
            granted = self._pacer.take(began, len(waiting))
            for _ in range(granted):
                self._post(api, waiting.popleft(), began)
            if granted:
                # The event loop writes when its turn is over.
                asyncio.get_running_loop().call_soon(self._see_when_they_left, began, granted)
            if waiting:
                await asyncio.sleep(self._pacer.next_at(monotonic()) - monotonic())

    def _post(self, api: CloudApi, item: Ready, granted_at: float) -> None:
        now = monotonic()
        if not self._in_air:
            self._answered_at = now
        self._in_air += 1
        self._landed.clear()
        path = f"{self._number.phone_number_id}/{item.path}"
        hear, leave_late = partial(self._hear, item, now), partial(self._leave_late, granted_at)
        api.send(path, item.body, self._number.access_token, hear, leave_late)

    def _see_when_they_left(self, began: float, started: int) -> None:
        now = monotonic()
        if now - began > _PROMPT_S:
            self._pacer.left_at(now, started, granted_at=began)

    def _leave_late(self, granted_at: float) -> None:
        """Hear of a request that had to wait for a connection."""
        self._pacer.left_at(monotonic(), 1, granted_at=granted_at)

    def _hear(self, item: Ready, began: float, result: Result) -> None:
        now = monotonic()
        self._in_air -= 1
        if not self._in_air:
            self._landed.set()
        self._answered_at = now
        failure = _failure(result)
        if failure is None:
            self._breaker.went_well()
        else:
            self._breaker.failed(failure, now)
        judgement = judge(result)
        verdict = judgement.verdict
        counters.REQUEST_SECONDS.observe(now - began)
        counters.REQUESTS.add(self._number.id, verdict.outcome)
        if judgement.refusal is not None and verdict.code is not None:
            counters.REFUSALS.add(self._number.id, verdict.code)
        if verdict.outcome is Word.RETRY and verdict.scope == "number":
            self._pacer.slow_down(now)
        self._sent.append(Sent(item, judgement))

    # While Meta is away

    async def _ask(self, api: CloudApi) -> None:
        """Ask Meta something harmless when it is time to."""
        await _wait(self._ending, self._breaker.ask_at() - monotonic())
        if not self._ending.is_set():
            is_answered = await api.answers(self._number.phone_number_id, self._number.access_token)
            self._breaker.asked(is_answered=is_answered, now=monotonic())

    async def _tell(self, outbox: Outbox, why: Failure | None) -> None:
        if why:
            self._events.warning("sender.holds_back", why=str(why))
        else:
            self._events.info("sender.goes_on")
        await self._work(outbox.hold_back, str(why or ""))

    # Recording

    async def _record(self, outbox: Outbox) -> None:
        while True:
            await asyncio.sleep(_RECORD_S)
            # Shielded: what was taken off the list must reach the store even when we are told to end.
            await asyncio.shield(self._flush(outbox))

    async def _flush(self, outbox: Outbox) -> bool:
        """Write down what the last requests came to; False: the store is away, they are kept for the next time."""
        async with self._writing:
            sent, self._sent = self._sent, []
            if not sent:
                return True
            try:
                await self._store.write_down(Kept(outbox, sent))
            except STORE_AWAY as error:
                # A definite refusal would be parked if we forgot it: no echo ever comes for what Meta did not take.
                self._sent = sent + self._sent
                _log.warning("sender.not_recorded", number=self._number.id, error=type(error).__name__)
                return False
            except Exception:
                self.leave()
                raise
            return True

    # Keeping the lease

    async def _keep(self, outbox: Outbox) -> None:
        try:
            while await self._renewed(outbox):  # noqa: ASYNC110  # it waits for a moment, not for a change
                await asyncio.sleep(settings.DIFUSIO_LEASE_S / _RENEWALS)
        finally:
            self.leave()

    async def _renewed(self, outbox: Outbox) -> bool:
        try:
            return await self._store.keeping(outbox.renew)
        except STORE_AWAY:
            # The store itself judges each intent by the lease: without it nothing starts, whatever we believe.
            return True

    def _waiting(self) -> int:
        return sum(map(len, self._ready.values()))

    def _take_back(self) -> list[Ready]:
        """Take everything that has not started off the lanes."""
        taken = [item for lane in self._ready.values() for item in lane]
        for lane in self._ready.values():
            lane.clear()
        return taken


def _failure(result: Result) -> Failure | None:
    """Say how a request failed; None: Meta answered."""
    match result:
        case NotSent():
            return Failure.UNREACHABLE
        case Lost():
            return Failure.NO_ANSWER
        case Answer(status=status) if status >= _SERVER_ERROR:
            return Failure.SERVER_ERRORS
    return None


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event or for ``seconds``, whichever comes first."""
    try:
        await asyncio.wait_for(event.wait(), max(0.0, seconds))
    except TimeoutError:
        return
