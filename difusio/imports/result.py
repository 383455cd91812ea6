"""What an import did."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Imported:
    """rows: below the header; taken + refused.  contacts_updated: existing contacts that changed.

    entries: consent entries appended.  refused_file: None when nothing was refused.  notes: what was decided about
    the file (encoding, dates, numbers), as sentences.  reasons: why rows were refused, the commonest first.
    import_id: of no row after a trial.
    """

    import_id: int
    rows: int
    taken: int
    contacts_new: int
    contacts_updated: int
    events_new: int
    entries: int
    refused: int
    refused_file: Path | None
    notes: tuple[str, ...]
    reasons: Mapping[str, int]
