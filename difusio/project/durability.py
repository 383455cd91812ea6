"""Whether the server keeps what it has said is saved."""

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
