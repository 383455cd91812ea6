"""Webhooks on their way: gathered, signed over their exact bytes, posted, and tried again until taken."""

import asyncio
import hashlib
import hmac
import io
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import aiohttp
import msgspec
from aiohttp.payload import TOO_LARGE_BYTES_BODY

from whatsapp_simulator import payloads
from whatsapp_simulator.clock import Clock
from whatsapp_simulator.counts import Counts
from whatsapp_simulator.faults import FaultBox
from whatsapp_simulator.journal import Journal
from whatsapp_simulator.people import Person
from whatsapp_simulator.scenario import Habits, Number, Setup
from whatsapp_simulator.schedule import Schedule
from whatsapp_simulator.subscriptions import Callback, Subscriptions
from whatsapp_simulator.traffic import Entry, Traffic

_logger = logging.getLogger(__name__)

_READY_IN_MEMORY = 64
# Source: DOC/webhooks/overview (payload size, read 2026-11-22); DOC stands for
# https://developers.facebook.com/documentation/business-messaging/whatsapp .
_MOST_BYTES = 3_000_000
_DAY_S = 86_400.0
_HTTP_OK = 200
_VERIFY_AGAIN_S = 0.5
_USER_AGENT = "facebookexternalua"


class HandshakeError(Exception):
    """The callback did not answer the challenge; the message says what it did instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A sort of update: the webhook field, the member that holds it, and whether `contacts` come along.

    inside: the member between `value` and those two.  user_ids: whether people are told by user id as well.
    """

    field: str
    member: str
    contacts: bool
    inside: str = ""
    user_ids: bool = True


STATUSES = Kind("messages", "statuses", contacts=True)
FAILURES = Kind("messages", "statuses", contacts=False)
MESSAGES = Kind("messages", "messages", contacts=True)
SYSTEM_MESSAGES = Kind("messages", "messages", contacts=False)
ERRORS = Kind("messages", "errors", contacts=False)
USER_ACTIONS = Kind("messages", "user_actions", contacts=False)
PREFERENCES = Kind("user_preferences", "user_preferences", contacts=True)
HISTORY = Kind("history", "history", contacts=False)
ECHOES = Kind("smb_message_echoes", "message_echoes", contacts=False)
APP_STATE = Kind("smb_app_state_sync", "state_sync", contacts=False)
STANDBY_MESSAGES = Kind("standby", "messages", contacts=True, inside="standby", user_ids=False)
STANDBY_ECHOES = Kind("standby", "message_echoes", contacts=False, inside="standby", user_ids=False)
STANDBY_STATUSES = Kind("standby", "statuses", contacts=False, inside="standby", user_ids=False)


@dataclass(slots=True)
class _Update:
    """One status, message or the like waiting for its batch."""

    number: Number
    kind: Kind
    person: Person | None
    with_username: bool
    written: msgspec.Raw


@dataclass(slots=True)
class _Parcel:
    """One POST: its body in memory or, while the receiver is behind, in the spool.

    phone_number_id: empty for what is told of the account.
    """

    phone_number_id: str
    updates: int
    body: bytes | None
    generation: int
    spool_row: int = 0
    first_tried_at: float | None = None
    gap_s: float = 0.0
    tries: int = 0


class Outbox:
    """Everything that still has to reach the receiver; nothing leaves it but by a 200 or after seven days.

    setup and habits are asked for each time, because the control plane may replace them.
    """

    def __init__(
        self,
        *,
        setup: Callable[[], Setup],
        subscriptions: Callable[[], Subscriptions],
        habits: Callable[[], Habits],
        clock: Clock,
        schedule: Schedule,
        faults: Callable[[], FaultBox],
        counts: Callable[[], Counts],
        traffic: Traffic,
    ) -> None:
        self._setup = setup
        self._subscriptions = subscriptions
        self._habits = habits
        self._clock = clock
        self._schedule = schedule
        self._faults = faults
        self._counts = counts
        self._traffic = traffic
        self._statuses: list[_Update] = []
        self._urgent: list[_Update] = []
        self._ready: asyncio.Queue[_Parcel] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._verified = asyncio.Event()
        self.spool = Journal()
        self._spooled = 0
        self._parcels: dict[int, _Parcel] = {}
        """Those that are ready or in the air."""
        self.packing = asyncio.Lock()
        """Held while updates stand in no lane and in no parcel yet."""
        self._session: aiohttp.ClientSession | None = None
        self._generation = 0
        self.pending = 0
        self.waiting_for_retry = 0

    @property
    def is_verified(self) -> bool:
        """Tell whether the callback has answered the challenge, or need not."""
        return self._verified.is_set()

    def status(self, number: Number, person: Person, written: dict[str, Any]) -> None:
        """Send a status; sent, delivered and read bring `contacts` along, failed does not."""
        name = written["status"]
        kind = FAILURES if name == "failed" or self._setup().has_old_webhooks else STATUSES
        raw = msgspec.Raw(msgspec.json.encode(written))
        self._counts().statuses[name] += 1
        self._add(self._statuses, _Update(number, kind, person, name in ("delivered", "read"), raw))

    def send(self, kind: Kind, number: Number, person: Person | None, written: msgspec.Raw) -> None:
        """Send anything else about a number: what a person wrote, tapped or wants, an error, an echo."""
        self._add(self._urgent, _Update(number, kind, person, with_username=True, written=written))

    def management(self, field: str, value: dict[str, Any]) -> None:
        """Send what concerns the account, its numbers or its templates: a POST of its own."""
        if not self._is_heard(field, ""):
            return
        body = payloads.management(self._setup().waba_id, field=field, value=value, at=self._clock.now())
        parcel = _Parcel("", 1, body, self._generation)
        self.pending += 1
        self._keep_or_spool(parcel)
        self._make_ready(parcel)

    def _make_ready(self, parcel: _Parcel) -> None:
        self._parcels[id(parcel)] = parcel
        self._ready.put_nowait(parcel)

    def _is_heard(self, field: str, phone_number_id: str) -> bool:
        subscriptions = self._subscriptions()
        heard = subscriptions.wants(field) and bool(subscriptions.callback(phone_number_id).url)
        if not heard:
            self._counts().webhooks["unsubscribed"] += 1
        return heard

    def _add(self, lane: list[_Update], update: _Update) -> None:
        if not self._is_heard(update.kind.field, update.number.phone_number_id):
            return
        lane.append(update)
        self.pending += 1
        self._wake.set()

    def forget(self) -> None:
        """Drop everything that waits."""
        self._generation += 1
        self._parcels.clear()
        self._statuses.clear()
        self._urgent.clear()
        while not self._ready.empty():
            self._ready.get_nowait()
        self.spool.clear()
        self._spooled = self.pending = self.waiting_for_retry = 0

    def state(self) -> dict[str, Any]:
        """Give what waits, for a snapshot; what is in the air is posted again."""
        return {
            "statuses": self._statuses,
            "urgent": self._urgent,
            "parcels": list(self._parcels.values()),
            "generation": self._generation,
            "spooled": self._spooled,
            "pending": self.pending,
            "waiting_for_retry": self.waiting_for_retry,
            "verified": self.is_verified,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what waited."""
        self._statuses, self._urgent = state["statuses"], state["urgent"]
        for parcel in state["parcels"]:
            self._make_ready(parcel)
        self._generation, self._spooled = state["generation"], state["spooled"]
        self.pending, self.waiting_for_retry = state["pending"], state["waiting_for_retry"]
        self.setup_changed(verified=state["verified"])
        self._wake.set()

    async def shake_hands(self, callback: Callback) -> None:
        """Ask a callback for the challenge, as Meta does before it subscribes; raises HandshakeError."""
        url = callback.url
        challenge = str(int.from_bytes(hashlib.sha256(str(self._clock.now()).encode()).digest()[:4], "big"))
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": callback.verify_token,
        }
        try:
            async with self._http().get(url, params=query, allow_redirects=False) as answer:
                said = await answer.text(errors="replace")
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            reason = str(problem) or type(problem).__name__
            raise HandshakeError(f"The callback {url} could not be reached: {reason}.") from problem
        if answer.status != _HTTP_OK or said.strip() != challenge:
            raise HandshakeError(
                f"The callback {url} did not answer the challenge: HTTP {answer.status}, "
                f"{said[:80]!r} instead of {challenge!r}."
            )

    def setup_changed(self, *, verified: bool) -> None:
        """Take note that the setup was replaced; without a verified callback everything waits."""
        if verified:
            self._verified.set()
        else:
            self._verified.clear()

    async def run(self) -> None:
        """Gather and post for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._verify_until_done(), name="webhooks.verify")
            tasks.create_task(self._gather(), name="webhooks.gather")
            for number in range(self._habits().webhook_connections):
                tasks.create_task(self._post_for_ever(), name=f"webhooks.post.{number}")

    async def close(self) -> None:
        """Give connections and the spool back."""
        if self._session is not None:
            await self._session.close()
        self.spool.close()

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._habits().webhook_timeout_s),
                headers={"User-Agent": _USER_AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def _verify_until_done(self) -> None:
        # A scenario may name a callback that starts later than the simulator.
        while True:
            callback = self._subscriptions().app
            if not self.is_verified and callback.url:
                try:
                    await self.shake_hands(callback)
                except HandshakeError as problem:
                    _logger.info("webhooks.not_verified: %s", problem)
                else:
                    self._verified.set()
            await asyncio.sleep(_VERIFY_AGAIN_S)

    async def _gather(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._habits().webhook_flush_s)
            self._wake.clear()
            async with self.packing:
                await self._pack_all()

    async def _pack_all(self) -> None:
        urgent, self._urgent = self._urgent, []
        statuses, self._statuses = self._statuses, []
        generation = self._generation
        for parcel in chain(self._pack(urgent), self._pack(statuses)):
            if generation != self._generation:
                break
            self._keep_or_spool(parcel)
            self._make_ready(parcel)
            # Packing a thousand updates takes milliseconds: let requests in between.
            await asyncio.sleep(0)

    def _pack(self, lane: list[_Update]) -> Iterator[_Parcel]:
        by_number: dict[str, list[_Update]] = defaultdict(list)
        for update in lane:
            by_number[update.number.phone_number_id].append(update)
        size = self._habits().webhook_batch
        for phone_number_id, updates in by_number.items():
            for start in range(0, len(updates), size):
                yield from self._parcels_of(phone_number_id, updates[start : start + size])

    def _parcels_of(self, phone_number_id: str, updates: list[_Update]) -> Iterator[_Parcel]:
        """Put updates into one parcel, or, where that would be too large, each half of them into others."""
        body = self._written(updates)
        if len(body) <= _MOST_BYTES or len(updates) == 1:
            yield _Parcel(phone_number_id, len(updates), body, self._generation)
            return
        half = len(updates) // 2
        yield from self._parcels_of(phone_number_id, updates[:half])
        yield from self._parcels_of(phone_number_id, updates[half:])

    def _written(self, updates: list[_Update]) -> bytes:
        by_kind: dict[Kind, list[_Update]] = defaultdict(list)
        for update in updates:
            by_kind[update.kind].append(update)
        setup = self._setup()
        changes = [
            _change(kind, batch, with_user_ids=kind.user_ids and not setup.has_old_webhooks)
            for kind, batch in by_kind.items()
        ]
        return payloads.envelope(setup.waba_id, changes)

    def _keep_or_spool(self, parcel: _Parcel) -> None:
        if parcel.body is not None and (
            parcel.first_tried_at is not None or self._ready.qsize() > _READY_IN_MEMORY
        ):
            parcel.spool_row = self.spool.append(parcel.body)
            parcel.body = None
            self._spooled += 1

    async def _post_for_ever(self) -> None:
        while True:
            parcel = await self._ready.get()
            await self._verified.wait()
            if parcel.generation != self._generation:
                # Forgotten by a reset while it waited.
                continue
            body = self.spool.row(parcel.spool_row) if parcel.body is None else parcel.body
            taken = await self._post(parcel, body)
            if parcel.generation != self._generation:
                continue
            del self._parcels[id(parcel)]
            if taken:
                self._done(parcel)
            else:
                self._try_again_later(parcel)

    async def _post(self, parcel: _Parcel, body: bytes) -> bool:
        self._counts().webhooks["posts"] += 1
        parcel.tries += 1
        url = self._subscriptions().callback(parcel.phone_number_id).url
        signature = hmac.digest(self._setup().app_secret.encode(), body, "sha256").hex()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        seen = Entry(
            kind="webhook",
            method="POST",
            url=url,
            sent=body,
            headers=headers,
            status=None,
            phone_number_id=parcel.phone_number_id,
            tries=parcel.tries,
            updates=parcel.updates,
        )
        taken = await self._reach(seen)
        if self._traffic.has_room("webhook"):
            self._traffic.keep(seen, at=self._clock.now())
        return taken

    async def _reach(self, seen: Entry) -> bool:
        """Post what an entry holds, note in it what came back, and tell whether it counts as taken."""
        if self._faults().strikes("receiver_down", phone_number_id=seen.phone_number_id):
            seen.lost = "the fault receiver_down"
            return False
        try:
            async with self._http().post(
                seen.url, data=_as_body(seen.sent), headers=seen.headers, allow_redirects=False
            ) as answer:
                seen.answered = await answer.read()
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            seen.lost = str(problem) or type(problem).__name__
            return False
        seen.status = answer.status
        if answer.status != _HTTP_OK:
            return False
        if self._faults().strikes("receiver_deaf", phone_number_id=seen.phone_number_id):
            seen.lost = "the fault receiver_deaf: its answer was not heard"
            return False
        return True

    def _done(self, parcel: _Parcel) -> None:
        self.pending -= parcel.updates
        self._counts().webhooks["delivered"] += 1
        self._release(parcel)

    def _release(self, parcel: _Parcel) -> None:
        if parcel.body is None:
            self._spooled -= 1
            if self._spooled == 0:
                self.spool.clear()

    def _try_again_later(self, parcel: _Parcel) -> None:
        """Wait in simulated time: at once, then twice as long each time, for seven days.

        Source: DOC/webhooks/overview (retries).
        """
        habits, now = self._habits(), self._clock.now()
        if parcel.first_tried_at is None:
            parcel.first_tried_at = now
        if now - parcel.first_tried_at > habits.webhook_retry_days * _DAY_S:
            self.pending -= parcel.updates
            self._counts().webhooks["abandoned"] += 1
            self._release(parcel)
            return
        self._keep_or_spool(parcel)
        wait = parcel.gap_s
        parcel.gap_s = min(max(wait * 2, habits.webhook_retry_first_s), habits.webhook_retry_longest_s)
        self.waiting_for_retry += 1
        self._schedule.at(now + wait, self._retry, parcel)

    def _retry(self, _due: float, parcel: _Parcel) -> None:
        if parcel.generation == self._generation:
            self.waiting_for_retry -= 1
            self._counts().webhooks["retries"] += 1
            self._make_ready(parcel)


def _as_body(sent: bytes) -> bytes | io.BytesIO:
    # aiohttp warns of large bytes in one piece, and a test that makes errors of warnings would lose the webhook.
    return sent if len(sent) <= TOO_LARGE_BYTES_BODY else io.BytesIO(sent)


def _change(kind: Kind, batch: list[_Update], *, with_user_ids: bool) -> Any:
    """Write one change; each person stands in `contacts` once."""
    contacts: dict[str, tuple[Person, bool]] = {}
    if kind.contacts:
        for update in batch:
            person = update.person
            if person is not None:
                known = contacts.get(person.key)
                contacts[person.key] = (person, update.with_username or (known is not None and known[1]))
    return payloads.change(
        batch[0].number,
        field=kind.field,
        contacts=[
            payloads.contact(person, with_username=shown, with_user_id=with_user_ids)
            for person, shown in contacts.values()
        ],
        updates=[update.written for update in batch],
        member=kind.member,
        inside=kind.inside,
    )
