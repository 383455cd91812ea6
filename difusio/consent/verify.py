"""Prove that the ledger is as it was written."""

from dataclasses import dataclass

from django.db import connection

from difusio.consent.ledger import queries


@dataclass(frozen=True, slots=True)
class Verification:
    """damaged_entries: entry ids; damaged_blocks: block numbers.  Both empty: the chain holds."""

    damaged_entries: tuple[int, ...]
    damaged_blocks: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether every entry and block is as it was appended."""
        return not self.damaged_entries and not self.damaged_blocks


def verify(workspace_id: int) -> Verification:
    """Recompute every hash of a workspace's ledger.  Cost: 2 queries that read the whole ledger."""
    with connection.cursor() as cursor:
        cursor.execute(queries["damaged_entries"], {"workspace": workspace_id})
        entries = tuple(row[0] for row in cursor.fetchall())
        cursor.execute(queries["damaged_blocks"], {"workspace": workspace_id})
        return Verification(
            damaged_entries=entries, damaged_blocks=tuple(row[0] for row in cursor.fetchall())
        )
