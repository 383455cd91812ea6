"""Fetching the files that messages link to, as Meta does; from this machine alone, and only when asked to."""

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from whatsapp_simulator.clock import Clock
from whatsapp_simulator.media import LARGEST_FILE_BYTES, why_not
from whatsapp_simulator.shown import Media

_CACHED_S = 600.0
_TIMEOUT_S = 10.0
_CHUNK_BYTES = 1 << 16
_MOST_CACHED = 10_000


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What a link led to; trouble: empty when a file came."""

    until: float
    mime_type: str = ""
    size: int = 0
    trouble: str = ""


class LinkFetcher:
    """Fetches links once in ten simulated minutes each; redirects are not followed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cache: dict[str, _Fetched] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[int, tuple[tuple[Media, ...], Callable[[str], None]]] = {}
        self._serial = 0
        self._session: aiohttp.ClientSession | None = None

    @property
    def pending(self) -> int:
        """How many messages wait for their files."""
        return len(self._tasks)

    def check(self, files: tuple[Media, ...], *, then: Callable[[str], None]) -> None:
        """Fetch the links among some files, then say what is wrong with them; empty: nothing."""
        self._serial += 1
        self._waiting[self._serial] = (files, then)
        task = asyncio.get_running_loop().create_task(
            self._check(self._serial, files, then), name="simulator.link"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until nothing is being fetched."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Let go of what is still being fetched."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _check(self, number: int, files: tuple[Media, ...], then: Callable[[str], None]) -> None:
        trouble = ""
        for file in files:
            if not trouble and file.link and is_loopback(file.link):
                fetched = await self._fetched(file.link)
                trouble = fetched.trouble or why_not(file, fetched.mime_type, fetched.size)
        del self._waiting[number]
        then(trouble)

    def state(self) -> list[tuple[tuple[Media, ...], Callable[[str], None]]]:
        """Give what is being fetched, for a snapshot."""
        return list(self._waiting.values())

    def restore(self, state: list[tuple[tuple[Media, ...], Callable[[str], None]]]) -> None:
        """Begin anew to fetch what was being fetched."""
        for files, then in state:
            self.check(files, then=then)

    async def _fetched(self, link: str) -> _Fetched:
        known = self._cache.get(link)
        if known is None or known.until <= self._clock.now():
            if len(self._cache) >= _MOST_CACHED:
                self._cache.clear()
            known = self._cache[link] = await self._fetch(link)
        return known

    async def _fetch(self, link: str) -> _Fetched:
        until = self._clock.now() + _CACHED_S
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        try:
            async with self._session.get(link, allow_redirects=False) as answer:
                if answer.status != 200:  # noqa: PLR2004 - nothing else brings a file
                    return _Fetched(
                        until,
                        trouble=f"Downloading media from weblink failed with http code {answer.status}, "
                        f"status message {answer.reason}",
                    )
                size = 0
                async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                    size += len(chunk)
                    if size > LARGEST_FILE_BYTES:
                        break
                return _Fetched(until, answer.content_type, size)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return _Fetched(until, trouble="Downloading media from weblink failed: the host does not answer.")


def is_loopback(link: str) -> bool:
    """Tell whether an address is on this machine, by its own words: no name is looked up but localhost."""
    try:
        host = urlsplit(link).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
