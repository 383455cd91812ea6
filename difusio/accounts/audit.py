"""The audit log: what members did, appended and never changed, each entry chained to the one before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction

from difusio.accounts.models import AuditEntry, Workspace

# No fractions: PostgreSQL's JSON may write them in another way than Python, which would look like a forgery.
Detail = str | int | bool | None | list[str] | list[int]

_BEGINNING: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Chain:
    """What came of checking a workspace's log.  broken_at: the first entry that does not fit, None when all do."""

    entries: int
    broken_at: int | None

    @property
    def is_whole(self) -> bool:
        """No entry was changed, dropped or slipped in."""
        return self.broken_at is None


def record(
    *, workspace_id: int, actor: str, act: str, details: Mapping[str, Detail], at: datetime
) -> AuditEntry:
    """Append one entry in the caller's transaction: the act and its trace stand or fall together.

    actor: who did it, as ``user 7`` or ``command line``.  act: noun and verb, as ``campaign.launched``.
    details: ids and plain words; never a phone number, a message or a token (design, invariant 11).
    Writers of one workspace wait for each other until their transactions end.  Cost: 3 queries.
    """
    with transaction.atomic():
        # The row's lock lets other tables go on pointing at the workspace.
        Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace_id)
        last = (
            AuditEntry.objects.filter(workspace_id=workspace_id)
            .order_by("-seq")
            .values_list("seq", "hash")
            .first()
        )
        seq, previous = (last[0] + 1, bytes(last[1])) if last else (1, _BEGINNING)
        entry = AuditEntry(
            workspace_id=workspace_id, seq=seq, actor=actor, act=act, details=dict(details), at=at
        )
        entry.previous_hash = previous
        entry.hash = _hash(entry)
        entry.save(force_insert=True)
        return entry


def verify(workspace_id: int) -> Chain:
    """Recompute the workspace's chain from its first entry.  Cost: 1 query.

    A log cut off at its end still looks whole; keep the last entry's hash elsewhere to notice that.
    """
    entries, previous = 0, _BEGINNING
    for entry in AuditEntry.objects.filter(workspace_id=workspace_id).order_by("seq").iterator():
        entries += 1
        fits = entry.seq == entries and bytes(entry.previous_hash) == previous
        if not fits or bytes(entry.hash) != _hash(entry):
            return Chain(entries=entries, broken_at=entries)
        previous = bytes(entry.hash)
    return Chain(entries=entries, broken_at=None)


def _hash(entry: AuditEntry) -> bytes:
    facts: dict[str, Any] = {
        "act": entry.act,
        "actor": entry.actor,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "details": entry.details,
        "seq": entry.seq,
        "workspace": entry.workspace_id,
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(bytes(entry.previous_hash) + text.encode()).digest()
