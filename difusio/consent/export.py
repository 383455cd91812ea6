"""Hand out the ledger with its proof: one plain row an entry."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from difusio.common.keyring import keyring
from difusio.consent.ledger import PROOF, queries
from difusio.contacts.identities import opened

_PAGE_ROWS = 2_000


def export(workspace_id: int, *, contact_id: int | None = None) -> Iterator[dict[str, object]]:
    """Give every entry in the order written, with the person's identities and the evidence in the clear.

    contact_id: of one person alone.

    For the privacy officer's eyes and the checker's: whoever calls this answers for where it goes.
    """
    after = 0
    while rows := _page(workspace_id, contact_id, after):
        yield from (_row(row) for row in rows)
        after = rows[-1][0]


def _page(workspace_id: int, contact_id: int | None, after: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            queries["export"],
            {"workspace": workspace_id, "contact": contact_id, "after": after, "limit": _PAGE_ROWS},
        )
        return list(cursor.fetchall())


def _row(row: tuple[Any, ...]) -> dict[str, object]:
    keys = keyring()
    (entry, contact, topic, kind, act, basis, wording, language, source, proof, actor) = row[:11]
    (at, recorded_at, expires_at, is_made_up, digest, kinds, sealed) = row[11:18]
    (topic_id, wording_hash, proof_hash, block, block_hash, topic_name) = row[18:]
    identities = opened(kinds, sealed)
    return {
        "entry": entry,
        "contact": contact,
        "customer": identities.get("customer", ""),
        "phone": identities.get("phone", ""),
        "user_id": identities.get("bsuid", ""),
        "topic": topic,
        "topic_id": topic_id,
        "topic_name": topic_name,
        "topic_kind": kind,
        "act": act,
        "basis": basis,
        "wording": wording,
        "language": language,
        "wording_hash": wording_hash,
        "source": source,
        "proof": keys.open(proof, purpose=PROOF).decode("utf-8", "replace"),
        "proof_hash": proof_hash,
        "actor": actor,
        "at": _utc(at),
        "recorded_at": _utc(recorded_at),
        "expires_at": _utc(expires_at) if expires_at else None,
        "is_made_up": is_made_up,
        "hash": digest,
        "block": block,
        "block_hash": block_hash,
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
