"""Append to the consent ledger: the only place that writes it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import connection, transaction

from difusio.common.binding import binding_cursor
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.consent.models import Act, Basis

queries = Queries(Path(__file__).with_suffix(".sql"))

# Entries a block: large enough to be fast, small enough to keep in memory while the rest streams in.
_BLOCK_ENTRIES = 5_000

PROOF = "consent.proof"


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An act to be recorded.  proof: the evidence in the clear (file and row, message id …); it is sealed here."""

    contact_id: int
    topic_id: int
    act: Act
    basis: Basis
    wording_id: int | None
    source: str
    proof: bytes
    actor: str
    at: datetime
    expires_at: datetime | None = None
    is_made_up: bool = False


@dataclass(frozen=True, slots=True)
class Appended:
    """entry_ids: in the order given."""

    entry_ids: tuple[int, ...]

    @property
    def entries(self) -> int:
        """How many entries were appended."""
        return len(self.entry_ids)


def append(entries: Iterable[NewEntry], *, workspace_id: int, at: datetime) -> Appended:
    """Append ``entries`` and derive the standings they decide, in the caller's transaction or one of its own.

    Not safe to repeat: each call is a new act.  Cost: 1 query, and 1 for every 5,000 entries.
    """
    appended: list[int] = []
    with transaction.atomic():
        for block in _blocks(entries):
            if not appended:
                lock_chain(workspace_id)
            appended.extend(_append_block(block, workspace_id=workspace_id, at=at))
    return Appended(entry_ids=tuple(appended))


def lock_chain(workspace_id: int) -> None:
    """Become the only writer of this workspace's ledger until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(queries["lock_chain"], {"workspace": workspace_id})


def size(workspace_id: int) -> tuple[int, int]:
    """Give how many entries and blocks a workspace's ledger has.  Cost: 1 query of the blocks."""
    with connection.cursor() as cursor:
        cursor.execute(queries["size"], {"workspace": workspace_id})
        entries, blocks = cursor.fetchone()
        return int(entries), int(blocks)


def _blocks(entries: Iterable[NewEntry]) -> Iterator[list[NewEntry]]:
    waiting = iter(entries)
    while block := list(islice(waiting, _BLOCK_ENTRIES)):
        yield block


def _append_block(block: list[NewEntry], *, workspace_id: int, at: datetime) -> list[int]:
    proofs = keyring().seal_all([entry.proof for entry in block], purpose=PROOF)
    with binding_cursor() as cursor:
        cursor.execute(
            queries["append"],
            {
                "workspace": workspace_id,
                "at": at,
                "contacts": [entry.contact_id for entry in block],
                "topics": [entry.topic_id for entry in block],
                "acts": [str(entry.act) for entry in block],
                "bases": [str(entry.basis) for entry in block],
                "wordings": [entry.wording_id for entry in block],
                "sources": [entry.source for entry in block],
                "proofs": proofs,
                "actors": [entry.actor for entry in block],
                "ats": [entry.at for entry in block],
                "expiries": [entry.expires_at for entry in block],
                "made_up": [entry.is_made_up for entry in block],
            },
        )
        return [row[0] for row in cursor.fetchall()]
