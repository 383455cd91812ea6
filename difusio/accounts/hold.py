"""Hold a store that came out of a backup: nothing leaves it until a person lets it.

What happened since the backup is not in it: who left, and what was sent.  The store tells by itself that it was
restored, however that was done: for PostgreSQL a restored table is another table than the one that was saved.
"""

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from difusio.accounts.audit import record
from difusio.accounts.models import Installation, Workspace

# Server, database and table.  A server made anew by pg_upgrade counts as another one: better held once too often.
PLACE: Final = (
    "(SELECT system_identifier FROM pg_control_system())"
    " || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())"
    " || '/' || 'accounts_installation'::regclass::oid"
)
# One expression for whoever asks within a query of their own; without a row nothing was ever saved.
IS_HELD: Final = f"EXISTS (SELECT FROM accounts_installation WHERE released_place <> {PLACE})"


def place() -> str:
    """Name where this store stands.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {PLACE}")
        return str(cursor.fetchone()[0])


def is_held() -> bool:
    """Tell whether nothing may leave, because the store was restored and nobody has let it send yet.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {IS_HELD}")
        return bool(cursor.fetchone()[0])


def release(*, by: str, at: datetime) -> bool:
    """Let a restored store send, and tell every workspace's audit log who did; False: it was not held."""
    with transaction.atomic():
        row = Installation.objects.select_for_update().first()
        here = place()
        if row is None or row.released_place == here:
            return False
        row.released_place = here
        row.save(update_fields=["released_place"])
        for workspace_id in Workspace.objects.order_by("id").values_list("id", flat=True):
            record(workspace_id=workspace_id, actor=by, act="sending.released", details={}, at=at)
    return True
