"""When the store is away: what that looks like in a process, and how to come back."""

from typing import Final

from django.db import InterfaceError, InternalError, OperationalError, connection

# A server that ended or does not answer, a connection that was cut, two transactions that met (deadlock).  Nothing of
# the transaction was committed, or nobody knows; whoever acts on it again must be safe to repeat.  InternalError is how
# PostgreSQL says that it ended a transaction in which nothing was asked (25P03): this process stood still meanwhile.
STORE_AWAY: Final = (OperationalError, InterfaceError, InternalError)


def forget_connection() -> None:
    """Drop this thread's connection, so that the next query opens a new one."""
    connection.close()
