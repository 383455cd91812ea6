"""One sender per number: a lease in the database's time, with an epoch that only grows (design, invariant 7)."""

from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from difusio.common.sql import Queries
from difusio.outbox.tallies import Change, bump

_queries = Queries(Path(__file__).with_suffix(".sql"))
# Meta counts what a number sends in a second; a new owner does not know what the one before sent in its last.
_LAST_SECOND_S: Final = 1.02


def longest_request_s() -> float:
    """Give the longest that a request may take, answer and delays included; a new owner waits for it."""
    return float(settings.DIFUSIO_REQUEST_S) * 1.5


def acquire(number_id: int, *, owner: str) -> int | None:
    """Take the number and give its new epoch, or None while somebody else has it.

    What the owner before left behind is settled in the same transaction: claims go back, intents are in doubt.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _queries["acquire"],
            {
                "number": number_id,
                "owner": owner,
                "ttl_s": settings.DIFUSIO_LEASE_S,
                "longest_request_s": longest_request_s(),
            },
        )
        row = cursor.fetchone()
        if row is None:
            return None
        epoch = int(row[0])
        cursor.execute(_queries["inherit"], {"number": number_id, "epoch": epoch})
        bump(cursor, [Change(batch, was, "", 0, now, "", 0) for batch, was, now in cursor.fetchall()])
        return epoch


def renew(number_id: int, *, owner: str, epoch: int) -> bool:
    """Keep the number for another lease; False: it is no longer ours and nothing more may start."""
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["renew"],
            {"number": number_id, "owner": owner, "epoch": epoch, "ttl_s": settings.DIFUSIO_LEASE_S},
        )
        return cursor.fetchone() is not None


def hold_back(number_id: int, *, owner: str, epoch: int, why: str) -> None:
    """Show on the number's page why its sender lets nothing leave for now; ``why`` empty: it does again."""
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["hold_back"], {"number": number_id, "owner": owner, "epoch": epoch, "why": why}
        )


def release(number_id: int, *, owner: str, epoch: int) -> None:
    """Give the number back; only when no request of ours is in the air."""
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["release"],
            {
                "number": number_id,
                "owner": owner,
                "epoch": epoch,
                "last_second_s": _LAST_SECOND_S,
                "longest_request_s": longest_request_s(),
            },
        )
