"""Hand out the ledger with its proof: one plain row an entry."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from difusio.common.keyring import keyring
from difusio.consent.ledger import PROOF, queries
from difusio.contacts.identities import opened

_PAGE_ROWS = 2_000


def export(workspace_id: int) -> Iterator[dict[str, object]]:
    """Give every entry in the order written, with the person's identities and the evidence in the clear.

    For the privacy officer's eyes and the checker's: whoever calls this answers for where it goes.
    """
    after = 0
    while rows := _page(workspace_id, after):
        yield from (_row(row) for row in rows)
        after = rows[-1][0]


def _page(workspace_id: int, after: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(queries["export"], {"workspace": workspace_id, "after": after, "limit": _PAGE_ROWS})
        return list(cursor.fetchall())


def _row(row: tuple[Any, ...]) -> dict[str, object]:
    keys = keyring()
    (entry, contact, topic, kind, act, basis, wording, language, source, proof, actor) = row[:11]
    (at, recorded_at, expires_at, is_made_up, digest, kinds, sealed) = row[11:]
    identities = opened(kinds, sealed)
    return {
        "entry": entry,
        "contact": contact,
        "customer": identities.get("customer", ""),
        "phone": identities.get("phone", ""),
        "user_id": identities.get("bsuid", ""),
        "topic": topic,
        "topic_kind": kind,
        "act": act,
        "basis": basis,
        "wording": wording,
        "language": language,
        "source": source,
        "proof": keys.open(proof, purpose=PROOF).decode("utf-8", "replace"),
        "actor": actor,
        "at": at.isoformat(),
        "recorded_at": recorded_at.isoformat(),
        "expires_at": expires_at.isoformat() if expires_at else None,
        "is_made_up": is_made_up,
        "hash": digest,
    }
