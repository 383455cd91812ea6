"""Whether the server keeps what it has said is saved, and tells the same time as we."""

from datetime import UTC, datetime
from typing import Any

_NEEDED = ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"]


def unsafe_settings(connection: Any) -> tuple[str, ...]:
    """Name the settings that are off though, with them off, a power cut or a bad disk may lose what was saved.

    connection: psycopg's or Django's, both give cursors.  Cost: 1 query.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off' ORDER BY name", [_NEEDED]
        )
        return tuple(name for (name,) in cursor.fetchall())


def has_standby(connection: Any) -> bool:
    """Tell whether a commit waits for another server too.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('synchronous_standby_names') <> ''"
            " AND current_setting('synchronous_commit') NOT IN ('off', 'local')"
        )
        return bool(cursor.fetchone()[0])


def clock_skew_s(connection: Any) -> float:
    """Give by how many seconds this machine's clock is ahead of the server's, give or take the way there and back.

    Cost: 1 query.
    """
    with connection.cursor() as cursor:
        before = datetime.now(UTC)
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
        after = datetime.now(UTC)
    return float((before + (after - before) / 2 - theirs).total_seconds())
