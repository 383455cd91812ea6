"""How far a message has come: statuses as a lattice, so that any order and any repetition give the same; pure.

None < accepted < sent < delivered < read.  Failing is no rung but a flag with its code: a person with several
phones may have both, and delivered wins.  Joining takes the earliest moment of each rung, which asks for no
order.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
(read 2026-11-22).
"""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import TypeVar

import msgspec

from difusio.cloud_api.news import Status

Key = TypeVar("Key")


class Rung(IntEnum):
    """How far a message came, as far as anybody told us."""

    NONE = 0
    ACCEPTED = 1
    SENT = 2
    DELIVERED = 3
    READ = 4


class Progress(msgspec.Struct, frozen=True):
    """What is known of one message: when each status was first true, and why it failed if it did.

    A rung may be missing below a higher one: Meta leaves out `delivered` at times when `read` came.
    """

    accepted_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    failed_code: int | None = None

    @property
    def rung(self) -> Rung:
        """Return the highest rung that was reached."""
        if self.read_at:
            return Rung.READ
        if self.delivered_at:
            return Rung.DELIVERED
        if self.sent_at:
            return Rung.SENT
        # Whoever failed had been accepted before.
        return Rung.ACCEPTED if self.accepted_at or self.failed_at else Rung.NONE

    @property
    def has_failed(self) -> bool:
        """Say whether the message reached no phone at all; one that took it outweighs another that did not."""
        return self.failed_at is not None and self.rung < Rung.DELIVERED


def step(status: Status, at: datetime, code: int | None = None) -> Progress:
    """Return what one status tells.  code: Meta's, of a failure."""
    match status:
        case Status.SENT:
            return Progress(sent_at=at)
        case Status.DELIVERED:
            return Progress(delivered_at=at)
        case Status.READ | Status.PLAYED:
            # Who has listened to a voice message has opened it.
            return Progress(read_at=at)
        case Status.FAILED:
            return Progress(failed_at=at, failed_code=code)


def join(one: Progress, other: Progress) -> Progress:
    """Return what both together tell; it does not matter which comes first, nor how often."""
    failed_at, failed_code = _first_failure(one, other)
    return Progress(
        accepted_at=_earliest(one.accepted_at, other.accepted_at),
        sent_at=_earliest(one.sent_at, other.sent_at),
        delivered_at=_earliest(one.delivered_at, other.delivered_at),
        read_at=_earliest(one.read_at, other.read_at),
        failed_at=failed_at,
        failed_code=failed_code,
    )


def fold(heard: Iterable[tuple[Key, Status, datetime, int | None]]) -> dict[Key, Progress]:
    """Fold many statuses to one progress per message, in the order in which the messages were first named.

    heard: (message, status, moment, code of a failure).
    """
    progress: dict[Key, Progress] = {}
    for key, status, at, code in heard:
        told = step(status, at, code)
        known = progress.get(key)
        progress[key] = told if known is None else join(known, told)
    return progress


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _first_failure(one: Progress, other: Progress) -> tuple[datetime | None, int | None]:
    """Return the earlier failure; of two at one moment the lower code, and any rather than none."""
    failures = [
        (progress.failed_at, progress.failed_code is None, progress.failed_code or 0)
        for progress in (one, other)
        if progress.failed_at is not None
    ]
    if not failures:
        return None, None
    at, lacks_code, code = min(failures)
    return at, None if lacks_code else code
