"""Who sends: every sending process makes itself known, so that the numbers can be shared out fairly."""

from pathlib import Path

from django.conf import settings
from django.db import connection

from difusio.common.sql import Queries

_queries = Queries(Path(__file__).with_suffix(".sql"))


def seen(owner: str) -> int:
    """Say that this process is there; give how many are, itself included.  Cost: 1 query.

    Who was not seen for the length of a lease counts no more: its numbers fall free at about the same time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_queries["seen"], {"owner": owner, "ttl_s": settings.DIFUSIO_LEASE_S})
        return int(cursor.fetchone()[0])


def gone(owner: str) -> None:
    """Take this process's leave.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["gone"], {"owner": owner})


def share(numbers: int, senders: int) -> int:
    """Give how many of the numbers one sender may have."""
    return -(-numbers // max(1, senders))
