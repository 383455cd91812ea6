"""Write what many requests bring in one statement: whoever waits while one group is written forms the next.

So a single post is written at once, and under load one sync of the disk serves hundreds; nothing is ever
delayed to fill a group.
"""

import asyncio
from collections import deque

import structlog

from difusio.log.port import IncomingPost, LogError, LogUnavailableError, LogWriter

MOST_POSTS = 200  # in one statement
MOST_BYTES = 8 * 1024 * 1024  # in one statement, unless a single post has more
MOST_WAITING = 4_000
MOST_WAITING_BYTES = 64 * 1024 * 1024

_log = structlog.get_logger()


class GroupCommit:
    """The only writer of a process.  Its one task lives from the first post until `stop`."""

    def __init__(self, log: LogWriter) -> None:
        self._writer = log
        self._waiting: deque[tuple[IncomingPost, asyncio.Future[None]]] = deque()
        self._waiting_bytes = 0
        self._arrival = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def write(self, post: IncomingPost) -> None:
        """Return once the post is durable.  Raises LogUnavailableError: it is not, or too many wait already."""
        full = len(self._waiting) >= MOST_WAITING or self._waiting_bytes + len(post.body) > MOST_WAITING_BYTES
        if full or self._stopping:
            raise LogUnavailableError("Too many posts wait for the log; they come again.")
        if self._task is None:
            self._task = asyncio.create_task(self._write_groups(), name="log writer")
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((post, durable))
        self._waiting_bytes += len(post.body)
        self._arrival.set()
        await durable

    async def stop(self) -> None:
        """Write what waits, then let go of the log; from now on posts are refused."""
        self._stopping = True
        self._arrival.set()
        if self._task is not None:
            await self._task
        await self._writer.close()

    async def _write_groups(self) -> None:
        while True:
            group = self._next_group()
            if group:
                await self._write_group(group)
            elif self._stopping:
                return
            else:
                self._arrival.clear()
                await self._arrival.wait()

    def _next_group(self) -> list[tuple[IncomingPost, asyncio.Future[None]]]:
        group: list[tuple[IncomingPost, asyncio.Future[None]]] = []
        size = 0
        while self._waiting and len(group) < MOST_POSTS:
            length = len(self._waiting[0][0].body)
            if group and size + length > MOST_BYTES:
                break
            size += length
            group.append(self._waiting.popleft())
        self._waiting_bytes -= size
        return group

    async def _write_group(self, group: list[tuple[IncomingPost, asyncio.Future[None]]]) -> None:
        failure: LogError | None = None
        try:
            await self._writer.append([post for post, _ in group])
        except LogError as error:
            _log.warning("log.append_failed", posts=len(group), error=type(error.__cause__ or error).__name__)
            failure = error
        except Exception:  # noqa: BLE001 - nobody may be left waiting, and those who come after are written as ever
            _log.exception("log.append_broke", posts=len(group))
            failure = LogUnavailableError(LogUnavailableError.__doc__)
        self._answer(group, failure)

    def _answer(
        self, group: list[tuple[IncomingPost, asyncio.Future[None]]], failure: LogError | None
    ) -> None:
        for _, durable in group:
            # Who hung up in the meantime is not there to be answered.
            if durable.done():
                continue
            if failure is None:
                durable.set_result(None)
            else:
                durable.set_exception(failure)
