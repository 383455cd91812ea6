"""What time it is.  Acts take the time as ``at``; only faces and engines ask here."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment, aware, in UTC."""
    return datetime.now(UTC)
