"""Which PostgreSQL this installation uses: the embedded one of its home, or the one that DATABASE_URL names."""

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from difusio.common.sentences import SentenceError


class BadDatabaseUrl(SentenceError):
    """DATABASE_URL cannot be read: write it as postgresql://user:password@host:5432/name."""


def database_settings(url: str, *, idle_s: float) -> dict[str, Any]:
    """Put a connection URL in Django's form.  Raises BadDatabaseUrl.

    idle_s: a transaction in which nothing is asked for so long is ended, so that a process which stands still (a
    machine that was suspended) keeps its locks from nobody.
    """
    try:
        parts: dict[str, Any] = dict(conninfo_to_dict(url))
    except ProgrammingError:
        raise BadDatabaseUrl(BadDatabaseUrl.__doc__) from None
    if not url.startswith(("postgresql://", "postgres://")) or not parts.get("dbname"):
        raise BadDatabaseUrl(BadDatabaseUrl.__doc__)
    # What the URL itself says comes last, and holds.
    parts["options"] = (
        f"-c idle_in_transaction_session_timeout={idle_s * 1000:.0f} {parts.get('options', '')}".strip()
    )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": parts,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
