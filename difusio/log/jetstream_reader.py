"""The JetStream adapter's way out: what drains take from the stream, and give back when their transaction fails.

Only what goes the usual way stays in the stream.  A post that failed, or that a person has to look at, is moved into
the table within the drain's own transaction; from then on it is the table's, tries, reason and all.
"""

import asyncio
import json
import math
from collections import OrderedDict
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, Thread, local
from typing import Any, Final, TypeVar

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.errors import NotFoundError

from difusio.common.sealed import DamagedValueError, Keyring
from difusio.common.sql import Cursor
from difusio.log.jetstream import AWAY, CONSUMERS, STREAM, SUBJECTS, Cluster, unpack
from difusio.log.port import Lane, Post
from difusio.log.table_reader import MOST_BYTES, TableReader
from difusio.log.table_writer import BODY

# What is kept at hand, so that a turn never waits for the network: a few turns' posts, and not too many bytes.
_POSTS_AT_HAND: Final = 1_000
_BYTES_AT_HAND: Final = 16 * 1024 * 1024
_MESSAGES_ASKED: Final = 16
_BYTES_ASKED: Final = 8 * 1024 * 1024
# So long a server keeps a request open; one that was lost with its server is made again a second later.
_OPEN_S: Final = 2.0
_LOST_S: Final = _OPEN_S + 1.0
_AGAIN_S: Final = 0.25
_ANSWER_S: Final = 2.0
_LEAVE_S: Final = 5.0
# A post's id is its message's place in the stream, times this, and its place in the message.
_MOST_PLACES: Final = 10_000

_NO_MESSAGES: Final = {"404", "408"}
_NEXT: Final = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}."
_REQUEST: Final = json.dumps(
    {"batch": _MESSAGES_ASKED, "max_bytes": _BYTES_ASKED, "expires": int(_OPEN_S * 1e9)}
).encode()

T = TypeVar("T")


@dataclass(slots=True)
class _Message:
    """A message of which posts are in our hands.  receipt: where its acknowledgement goes; left: unfinished posts."""

    place: int
    receipt: str
    left: int
    size: int


@dataclass(slots=True)
class _StreamPost:
    """A post in our hands.  row: where it is in the table, once it was moved there."""

    id: int
    lane: Lane
    received_at: datetime
    sealed: bytes
    message: _Message
    is_done: bool = False
    row: int | None = None


class _Turn(local):
    """What a thread has taken in its turn."""

    def __init__(self) -> None:
        self.taken: dict[int, _StreamPost] = {}


class JetStreamReader(TableReader):
    """Read posts out of the stream, and of the table what was moved there; see `port.LogReader`.

    The ids of the stream's posts are below zero, those of the table's above.  A thread of its own speaks with the
    servers; a turn is of the thread that began it.
    """

    def __init__(self, cluster: Cluster, keyring: Keyring) -> None:
        super().__init__(keyring)
        self._cluster = cluster
        self._client: Client | None = None
        self._coming: asyncio.Task[Client] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="log", daemon=True)
        self._connecting = asyncio.Lock()
        self._wanted: dict[Lane, asyncio.Event] = {}
        self._pulls: set[asyncio.Task[None]] = set()
        self._answers: set[asyncio.Task[None]] = set()
        # Shared by all threads.
        self._lock = Lock()
        self._waiting: dict[Lane, OrderedDict[int, _StreamPost]] = {lane: OrderedDict() for lane in Lane}
        self._messages: dict[int, _Message] = {}
        self._bytes = 0
        self._turn = _Turn()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """See `port.LogReader`."""
        try:
            yield
        except BaseException:
            for post in self._turn.taken.values():
                post.is_done, post.row = False, None
            self._end_turn()
            raise
        self._end_turn()

    def take(self, cursor: Cursor, lane: Lane, limit: int) -> list[Post]:
        """Return what waits in the table, then what is at hand of the stream.  Cost: 1 query.

        Raises UnknownKeyError when a key is missing: then nothing is lost, and nothing may be skipped.
        """
        posts = super().take(cursor, lane, limit)
        for taken in self._take(lane, limit - len(posts)):
            try:
                body = self._keyring.open(taken.sealed, purpose=BODY)
            except DamagedValueError:
                self.quarantine(cursor, taken.id, "damaged in the stream")
                continue
            posts.append(Post(taken.id, lane, taken.received_at, body, 0))
        return posts

    def settle(self, cursor: Cursor, ids: Sequence[int], at: datetime) -> None:
        """Mark posts as folded in; the stream's are acknowledged at the end of the turn.  Cost: 1 query at most."""
        rows = []
        for post_id in ids:
            post = self._turn.taken.get(post_id)
            if post is not None:
                post.is_done = True
            row = post_id if post is None else post.row
            if row is not None:
                rows.append(row)
        if rows:
            super().settle(cursor, rows, at)

    def quarantine(self, cursor: Cursor, post_id: int, reason: str, named: Sequence[str] = ()) -> None:
        """Set a post aside, in the table.  Cost: 2 queries."""
        super().quarantine(cursor, self._moved(cursor, post_id), reason, named)

    def note_failure(self, cursor: Cursor, post_id: int, reason: str, named: Sequence[str] = ()) -> bool:
        """Count a failed try, in the table; the third sets the post aside.  Cost: 2 queries."""
        return super().note_failure(cursor, self._moved(cursor, post_id), reason, named)

    def oldest_unread_age(self, cursor: Cursor, lane: Lane, at: datetime) -> float:
        """Return the seconds for which the oldest unread post has waited; inf while nobody can say.

        Cost: 1 query, and one or two questions to the servers.
        """
        age = super().oldest_unread_age(cursor, lane, at)
        try:
            oldest = self._run(self._oldest(lane))
        except AWAY:
            return math.inf
        return max(age, (at - oldest).total_seconds()) if oldest else age

    def close(self) -> None:
        """Give back what was taken ahead, so that other drains need not wait for it, and end the thread.

        It ends within seconds, whatever the servers do: what they were not told comes again elsewhere by itself.
        """
        if self._thread.is_alive():
            wait([asyncio.run_coroutine_threadsafe(self._leave(), self._loop)], timeout=_LEAVE_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_ANSWER_S)
        if not self._thread.is_alive():
            self._loop.close()

    # In the threads of drains and senders

    def _take(self, lane: Lane, limit: int) -> list[_StreamPost]:
        self._begin_pulling(lane)
        taken: list[_StreamPost] = []
        size = 0
        with self._lock:
            waiting = self._waiting[lane]
            while waiting and len(taken) < limit and size < MOST_BYTES:
                taken.append(waiting.popitem(last=False)[1])
                size += len(taken[-1].sealed)
        self._turn.taken.update((post.id, post) for post in taken)
        self._loop.call_soon_threadsafe(self._wanted[lane].set)
        return taken

    def _begin_pulling(self, lane: Lane) -> None:
        with self._lock:
            if lane in self._wanted:
                return
            self._wanted[lane] = asyncio.Event()
        self._soon(self._pull(lane), self._pulls)

    def _moved(self, cursor: Cursor, post_id: int) -> int:
        """Move a post into the table, once a turn; give its row there."""
        post = self._turn.taken.get(post_id) or self._taken_again(post_id)
        if post is None:
            return post_id
        if post.row is None:
            post.row = self._keep(cursor, post.lane, post.received_at, post.sealed)
        post.is_done = True
        return post.row

    def _taken_again(self, post_id: int) -> _StreamPost | None:
        """Take a post that an earlier turn gave back."""
        with self._lock:
            for waiting in self._waiting.values():
                if post_id in waiting:
                    self._turn.taken[post_id] = waiting.pop(post_id)
        return self._turn.taken.get(post_id)

    def _end_turn(self) -> None:
        """Acknowledge messages that are done with, and put everything else back."""
        receipts = []
        with self._lock:
            # To the front, in their order: they are the oldest.
            for post in reversed(self._turn.taken.values()):
                if not post.is_done:
                    self._waiting[post.lane][post.id] = post
                    self._waiting[post.lane].move_to_end(post.id, last=False)
                    continue
                post.message.left -= 1
                if not post.message.left:
                    del self._messages[post.message.place]
                    self._bytes -= post.message.size
                    receipts.append(post.message.receipt)
        self._turn.taken.clear()
        if receipts:
            self._soon(self._answer(receipts, b"+ACK"), self._answers)

    def _soon(self, work: Coroutine[Any, Any, None], tasks: "set[asyncio.Task[None]]") -> None:
        def begin() -> None:
            task = self._loop.create_task(work)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        self._start()
        self._loop.call_soon_threadsafe(begin)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        self._start()

        async def in_time() -> T:
            async with asyncio.timeout(_ANSWER_S):
                return await work

        # The driver may swallow the cancellation by which the time ends.
        return asyncio.run_coroutine_threadsafe(in_time(), self._loop).result(2 * _ANSWER_S)

    def _start(self) -> None:
        with self._lock:
            if not self._thread.is_alive():
                self._thread.start()

    # In the thread that speaks with the servers

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                # Cut off in the middle, it would leave a socket open: whoever leaves waits for it, and closes it.
                if self._coming is None or self._coming.done():
                    self._coming = self._loop.create_task(self._connect())
                return await asyncio.shield(self._coming)
            return self._client

    async def _connect(self) -> Client:
        client = self._client = await self._cluster.connect("difusio drain")
        return client

    async def _pull(self, lane: Lane) -> None:
        """Keep posts at hand, for as long as the reader lives."""
        while True:
            try:
                client = await self._connected()
                subscription = await client.subscribe(client.new_inbox())
                while not client.is_closed:
                    await self._room(lane)
                    if not await self._pull_some(client, subscription, lane):
                        await asyncio.sleep(_AGAIN_S)
            except AWAY:
                # A message that was lost in between comes again, here or elsewhere.
                await asyncio.sleep(_AGAIN_S)

    async def _room(self, lane: Lane) -> None:
        while self._is_enough(lane):
            self._wanted[lane].clear()
            await self._wanted[lane].wait()

    def _is_enough(self, lane: Lane) -> bool:
        with self._lock:
            return len(self._waiting[lane]) >= _POSTS_AT_HAND or self._bytes >= _BYTES_AT_HAND

    async def _pull_some(self, client: Client, subscription: Subscription, lane: Lane) -> bool:
        """Ask for messages and take them in as they come; False: something is wrong, ask again later."""
        await client.publish(_NEXT + CONSUMERS[lane], _REQUEST, reply=subscription.subject)
        for place in range(_MESSAGES_ASKED):
            try:
                message = await subscription.next_msg(timeout=_LOST_S)
            except TimeoutError:
                return False
            status = (message.headers or {}).get("Status")
            if status is not None:
                # Nothing more in time, or more than the bytes that we asked for.
                return place > 0 or status in _NO_MESSAGES
            self._take_in(lane, message)
        return True

    def _take_in(self, lane: Lane, message: Msg) -> None:
        place = message.metadata.sequence.stream
        try:
            posts = unpack(message.data)
        except msgspec.DecodeError:
            # None of ours.  It cannot be opened either, and so is set aside for a person.
            posts = [(message.metadata.timestamp, message.data)]
        with self._lock:
            known = self._messages.get(place)
            if known is not None:
                # It took us so long that it came again; the newest receipt counts.
                known.receipt = message.reply
                return
            held = self._messages[place] = _Message(place, message.reply, len(posts), len(message.data))
            self._bytes += held.size
            for number, (received_at, sealed) in enumerate(posts):
                post_id = -(place * _MOST_PLACES + number)
                self._waiting[lane][post_id] = _StreamPost(post_id, lane, received_at, sealed, held)

    async def _answer(self, receipts: Sequence[str], answer: bytes) -> None:
        # What is not acknowledged comes again, and that is harmless.
        with suppress(*AWAY):
            client = await self._connected()
            for receipt in receipts:
                await client.publish(receipt, answer)

    async def _oldest(self, lane: Lane) -> datetime | None:
        """Find when the oldest post came in that is not acknowledged, in some drain's hands or not."""
        streams = (await self._connected()).jetstream(timeout=_ANSWER_S)
        consumer = await streams.consumer_info(STREAM, CONSUMERS[lane])
        if not consumer.num_pending and not consumer.num_ack_pending:
            return None
        floor = consumer.ack_floor.stream_seq if consumer.ack_floor else 0
        try:
            oldest = await streams.get_msg(STREAM, floor + 1, SUBJECTS[lane], next=True)
            return min(received_at for received_at, _ in unpack(oldest.data or b""))
        except NotFoundError:
            return None
        except msgspec.DecodeError:
            return oldest.time

    async def _leave(self) -> None:
        await _ended(set(self._pulls))
        if self._coming is not None:
            with suppress(*AWAY):
                await self._coming
        if self._answers:
            await asyncio.wait(self._answers, timeout=_ANSWER_S)
        if self._client is not None:
            await self._answer([message.receipt for message in self._messages.values()], b"-NAK")
            with suppress(*AWAY):
                await self._client.flush(timeout=1)
            with suppress(*AWAY):
                await self._client.close()


async def _ended(tasks: "set[asyncio.Task[Any]]") -> None:
    """Cancel tasks until they have ended.

    A wait that is over in the same moment swallows its cancellation, and a pull would then go on for ever.
    """
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=_AGAIN_S)
