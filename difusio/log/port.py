"""The durable log's port: what came in stays here, raw and sealed, until the drain has folded it in.

A POST is answered only once `append` has returned.  The drain takes, folds and settles in a turn, around one
transaction of its own, so that a crash in the middle leaves either everything or nothing.  Any post may come again
and in any order, to any drain: every event has a key, so that this is harmless.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final, Protocol

from difusio.common.sql import Cursor


class Lane(IntEnum):
    """Which posts are drained first: a lower lane overtakes a higher one."""

    INBOUND = 0  # people's messages and preferences: somebody may be leaving
    STATUSES = 1  # what became of our messages, and news of templates and numbers


# Why a post of a number or account that nobody here has is set aside; after a month it goes as read ones do.
FOREIGN: Final = "about a number or account that is not known here"


class LogError(Exception):
    """The log cannot be used."""


class LogUnavailableError(LogError):
    """The log could not be written; nothing may be answered as taken."""


@dataclass(frozen=True, slots=True)
class IncomingPost:
    """A POST whose signature was right.  body: the raw bytes; whether they mean anything is the drain's business."""

    lane: Lane
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Post:
    """A POST out of the log.  tries: how often folding it failed."""

    id: int
    lane: Lane
    received_at: datetime
    body: bytes
    tries: int


class LogWriter(Protocol):
    """The way in, for the receiver."""

    async def append(self, posts: Sequence[IncomingPost]) -> None:
        """Write the posts; they are durable when it returns.

        Raises LogUnavailableError; then none, or all, may be there: whoever posted repeats it, and that is
        harmless.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds; a later `append` takes it up again."""
        ...


class LogReader(Protocol):
    """The way out, for the drain.  cursor: of the drain's own transaction; what it rolls back was never taken."""

    def turn(self) -> AbstractContextManager[None]:
        """Stand around the drain's transaction and everything below.

        Left without an error, the transaction was committed: only now a log of another place is told what was
        settled.  Left with one, everything that was taken is there to be taken again.
        """
        ...

    def take(self, cursor: Cursor, lane: Lane, limit: int) -> list[Post]:
        """Return old unread posts of a lane, at most so many, which no other drain gets until the turn ends.

        Large ones are fewer: what they hold together is bounded, whatever the limit.
        """
        ...

    def settle(self, cursor: Cursor, ids: Sequence[int], at: datetime) -> None:
        """Mark posts as folded in."""
        ...

    def quarantine(self, cursor: Cursor, post_id: int, reason: str, named: Sequence[str] = ()) -> None:
        """Set a post aside, in the store, for a person to look at.

        reason: without content.  named: whose numbers it speaks of.
        """
        ...

    def note_failure(self, cursor: Cursor, post_id: int, reason: str, named: Sequence[str] = ()) -> bool:
        """Count a failed try, in a turn of its own; the third sets the post aside, and then it returns True."""
        ...

    def oldest_unread_age(self, cursor: Cursor, lane: Lane, at: datetime) -> float:
        """Return for how many seconds the oldest unread post of a lane has waited; 0.0 without one, inf if unknown."""
        ...

    def forget(self, cursor: Cursor, before: datetime, limit: int) -> int:
        """Delete posts that were folded in before a moment, at most so many; return how many it were."""
        ...

    def close(self) -> None:
        """Give back what is held, so that other drains need not wait for it."""
        ...
