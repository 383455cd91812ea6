"""The messaging limit: to how many people the numbers of a portfolio may write in a moving day, and who has a place.

Meta counts the different people to whom it delivers messages of a portfolio outside their service windows.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits (read 2026-11-22).

A place is taken in the transaction of the claim and kept whatever comes of the message: doubt means no send.  A
portfolio without limit costs nothing here, and nobody is noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from django.db import connection

from difusio.common.sql import Cursor, Queries
from difusio.numbers.models import Portfolio

Facts = dict[str, int | datetime]

_queries = Queries(Path(__file__).with_suffix(".sql"))
_log = structlog.get_logger("difusio.outbox")

# Meta counts when it delivers, a while after our claim: a place is kept so much longer than Meta's day, and a service
# window that closes so soon does not spare one.
_AFTER_THE_CLAIM: Final = timedelta(minutes=15)
WINDOW: Final = timedelta(hours=24) + _AFTER_THE_CLAIM
# Meta's code for messages above the limit, told by webhook; who else it turns down is not documented.
TURNED_DOWN: Final = 131048
_REST: Final = timedelta(hours=1)
_FORGET_AT_MOST: Final = 10_000

# Given a delivery ``d``: whether writing to its person takes no place.
TAKES_NO_PLACE: Final = """AND (
            d.contact_id IN (
                SELECT r.contact_id FROM outbox_reached r
                WHERE r.portfolio_id = %(portfolio)s AND r.at > %(reached_since)s)
            OR d.contact_id IN (
                SELECT w.contact_id FROM outbox_servicewindow w
                WHERE w.number_id = %(number)s AND w.closes_at > %(open_after)s))"""


@dataclass(frozen=True, slots=True)
class Places:
    """What a claim may take.  left: places for people who have none yet."""

    portfolio_id: int
    left: int


@dataclass(frozen=True, slots=True)
class Room:
    """limit: people a day, None: unlimited.  used: those who hold a place.  rests_until: Meta turned messages down."""

    limit: int | None
    used: int = 0
    rests_until: datetime | None = None

    @property
    def left(self) -> int | None:
        """How many more people may be written to now; None: any number."""
        if self.limit is None:
            return None
        return 0 if self.rests_until else max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Spread:
    """How messages spread over the days: how many leave at once, and when the last one does at the latest."""

    at_once: int
    done_at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """people: how many places are free again within an hour from ``at`` on."""

    people: int
    at: datetime


def places(cursor: Cursor, number_id: int, *, lane: int, at: datetime) -> Places | None:
    """Lock a number's portfolio in the claim's transaction and count what it may take; None: without limit by now.

    Cost: 2 queries, and 2 more the first time that a portfolio counts.
    """
    cursor.execute(_queries["lock"], {"number": number_id})
    portfolio_id, limit, rests_until, counts_since = cursor.fetchone()
    if limit is None:
        return None
    facts: Facts = {"portfolio": portfolio_id, "at": at, "since": at - WINDOW}
    if counts_since is None:
        cursor.execute(_queries["recall"], facts)
        cursor.execute(_queries["counts"], facts)
    if rests_until is not None and rests_until > at:
        return Places(portfolio_id, 0)
    # A statement of its own: what the lock waited for must be seen.
    cursor.execute(_queries["used"], {**facts, "lane": lane, "limit": limit})
    used, before_us = cursor.fetchone()
    return Places(portfolio_id, max(0, limit - used - before_us))


def take(cursor: Cursor, delivery_ids: Sequence[int], *, at: datetime) -> None:
    """Note whom a claim took, in its transaction.  Cost: at most 1 query."""
    if delivery_ids:
        facts = {"deliveries": list(delivery_ids), "at": at, "soon": at + _AFTER_THE_CLAIM}
        cursor.execute(_queries["take"], facts)


def without_place(taken: Places, *, at: datetime) -> Facts:
    """Give what ``TAKES_NO_PLACE`` binds."""
    return {
        "portfolio": taken.portfolio_id,
        "reached_since": at - WINDOW,
        "open_after": at + _AFTER_THE_CLAIM,
    }


def look(portfolio: Portfolio, *, at: datetime) -> Room:
    """Say how much room a portfolio has.  Cost: 1 query, none without limit."""
    limit = portfolio.messaging_limit
    if limit is None:
        return Room(None)
    rests = portfolio.rests_until
    facts: Facts = {"portfolio": portfolio.pk, "since": at - WINDOW}
    return Room(limit, _number("look", facts), rests if rests is not None and rests > at else None)


def spread(
    portfolio: Portfolio,
    room: Room,
    people: int,
    *,
    pace_per_s: int,
    at: datetime,
    are_queued: bool = False,
) -> Spread:
    """Foretell how so many messages leave, after those of the portfolio that wait; each is taken to need a place.

    are_queued: they are among those that wait.
    Cost: none without limit or while everything leaves at once; else at most 2 queries.
    """
    left = room.left
    if left is None or room.limit is None:
        return Spread(people, at + timedelta(seconds=people / pace_per_s))
    facts: Facts = {"portfolio": portfolio.pk, "since": at - WINDOW}
    ahead = max(0, _number("waiting", facts) - (people if are_queued else 0))
    last = ahead + people
    days = max(0, -(-(last - left) // max(1, room.limit)))
    # Who leaves last takes the place of whoever left a limit's worth of people before, and so on back to today.
    place = last - days * room.limit
    if days and place <= 0:
        began = _moment("place", {**facts, "before": max(0, room.used - 1 + place)}) or at
    else:
        began = at + timedelta(seconds=place / pace_per_s)
    done_at = max(began + days * WINDOW, at, room.rests_until or at)
    return Spread(min(people, max(0, left - ahead)), done_at)


def opening(portfolio: Portfolio, room: Room, *, at: datetime) -> Opening | None:
    """Say when a portfolio without room has some again; None while it has.  Cost: 1 query, none while it has."""
    if room.left != 0 or room.limit is None:
        return None
    facts: Facts = {
        "portfolio": portfolio.pk,
        "since": at - WINDOW,
        "over": max(0, room.used - room.limit),
    }
    with connection.cursor() as cursor:
        cursor.execute(_queries["next_places"], facts)
        row = cursor.fetchone()
    if row is None or room.used < room.limit:
        return Opening(room.limit - room.used, room.rests_until or at)
    return Opening(int(row[1]), max(row[0] + WINDOW, room.rests_until or at))


def rest(contact_ids: Sequence[int], *, at: datetime) -> None:
    """Let the portfolios rest an hour whose messages to these people Meta turned down as too many.

    Somebody else may use the same portfolio, or the news of a lower limit was lost.  Cost: 1 query.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["turned_down"],
            {
                "contacts": list(contact_ids),
                "code": TURNED_DOWN,
                "at": at,
                "until": at + _REST,
            },
        )
        for (portfolio_id,) in cursor.fetchall():
            _log.warning("portfolio.rests", portfolio=portfolio_id)


def forget(*, at: datetime) -> int:
    """Give back the places of more than a day ago; give how many.  Safe to repeat.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["forget"], {"until": at - WINDOW, "most": _FORGET_AT_MOST})
        return int(cursor.rowcount)


def _number(query: str, facts: Facts) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_queries[query], facts)
        return int(cursor.fetchone()[0])


def _moment(query: str, facts: Facts) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(_queries[query], facts)
        row = cursor.fetchone()
    return row[0] if row else None
