"""Hand out the proof and write down that it left the house: of one person, or the whole ledger."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Literal

from difusio.accounts.audit import record
from difusio.consent.export import export

Form = Literal["jsonl", "csv"]

HOW_TO_VERIFY: Final = "docs/how-to/verify-the-ledger.md"
# What a spreadsheet would run.
_RUN: Final = ("=", "+", "-", "@", "\t", "\r")


def of_person(contact_id: int, *, workspace_id: int) -> list[dict[str, object]]:
    """Give one person's entries with their words, hashes and blocks, for eyes in the house.  Cost: 1 query."""
    return list(export(workspace_id, contact_id=contact_id))


def hand_out_person(contact_id: int, *, workspace_id: int, by: str, at: datetime) -> dict[str, Any]:
    """Give one person's proof to be taken out of the house."""
    record(
        workspace_id=workspace_id, actor=by, act="consent.proof_taken", details={"contact": contact_id}, at=at
    )
    return {
        "contact": contact_id,
        "workspace": workspace_id,
        "made_at": at.isoformat(),
        "how_to_verify": HOW_TO_VERIFY,
        "entries": of_person(contact_id, workspace_id=workspace_id),
    }


def hand_out_ledger(workspace_id: int, *, form: Form, by: str, at: datetime) -> Iterator[bytes]:
    """Give the whole ledger, a line an entry, to be taken out of the house; nothing is held in memory."""
    record(workspace_id=workspace_id, actor=by, act="consent.ledger_taken", details={"form": form}, at=at)
    return _jsonl(workspace_id) if form == "jsonl" else _csv(workspace_id)


def _jsonl(workspace_id: int) -> Iterator[bytes]:
    for entry in export(workspace_id):
        yield json.dumps(entry, ensure_ascii=False).encode() + b"\n"


def _csv(workspace_id: int) -> Iterator[bytes]:
    is_first = True
    for entry in export(workspace_id):
        line = io.StringIO()
        writer = csv.writer(line, lineterminator="\r\n")
        if is_first:
            writer.writerow(entry)
        writer.writerow(_harmless(value) for value in entry.values())
        yield (("\ufeff" if is_first else "") + line.getvalue()).encode()
        is_first = False


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value
