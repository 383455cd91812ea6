"""When the store is away: what that looks like in a process, and how to come back."""

from typing import Final

from django.db import InterfaceError, InternalError, OperationalError, connection

# PostgreSQL ended a transaction in which nothing was asked: this process stood still meanwhile.
_STOOD_STILL: Final = "25P03"

# A server that ended or does not answer, a connection that was cut, two transactions that met (deadlock).  Nothing of
# the transaction was committed, or nobody knows; whoever acts on it again must be safe to repeat.  InternalError is
# what Django makes of 25P03, but also of damage in the store: ``is_away`` tells them apart.
STORE_AWAY: Final = (OperationalError, InterfaceError, InternalError)


def is_away(error: BaseException) -> bool:
    """Whether trying the same again later may help: the store is away, and did not find itself damaged."""
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) == _STOOD_STILL
    return isinstance(error, STORE_AWAY)


def forget_connection() -> None:
    """Drop this thread's connection, so that the next query opens a new one."""
    connection.close()
