"""Take in people by any of their identities, and the acts of consent that the file proves.

An imported person starts without consent: only a row that names topic, words, source and time of a grant gives one
(consent rules, 21).
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from django.db import Error, transaction
from django.db.models import F

from difusio.accounts.models import Workspace
from difusio.common.binding import binding_cursor
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.consent.ledger import NewEntry, append, lock_chain
from difusio.consent.models import Act as EntryAct
from difusio.consent.models import Basis, Topic
from difusio.consent.wordings import ensure_wording
from difusio.contacts.identities import as_array, new_identity
from difusio.imports.models import Import
from difusio.imports.person_rows import Act, Asserted, PeopleFile, PersonRow, RefusedRow, open_people
from difusio.imports.result import Imported
from difusio.imports.shapes import DateOrder
from difusio.imports.staging import BATCH_ROWS, ImportOverlapped, Progress, Staging, staged, tell_planner
from difusio.outbox.leaving import skip_withdrawn

queries = Queries(Path(__file__).with_suffix(".sql"))

KIND: Final = "people"
_LEAVING: Final = frozenset({EntryAct.WITHDRAWN, EntryAct.OBJECTED})
_PROOF: Final = "imports.proof"
# Different wordings remembered while the file streams by; a file has a handful.
_REMEMBERED: Final = 1_000

_PERSON_COLUMNS: Final = (
    *("line", "first_name", "last_name", "language", "country", "time_zone", "fields", "is_made_up"),
)
_IDENTITY_COLUMNS: Final = (
    *("line", "kind", "country", "value_sealed", "value_hash", "suppression_hash", "tail_hashes"),
)
_ACT_COLUMNS: Final = ("line", "topic_id", "act", "at", "wording_id", "source", "proof_sealed", "is_made_up")


def import_people(
    path: Path,
    *,
    workspace_id: int,
    by: str,
    at: datetime,
    date_order: DateOrder | Literal[""] = "",
    refused_to: Path | None = None,
    chosen: Mapping[int, str] = MappingProxyType({}),
    asserted: Asserted | None = None,
    is_trial: bool = False,
    progress: Progress | None = None,
    resumes: int | None = None,
    on_people: Callable[[int], None] | None = None,
) -> Imported:
    """Take in a CSV of people; ``person_rows`` says which columns it may have.

    People come in all or none, in one transaction.  Their acts of consent follow a page at a time, each page in a
    transaction of its own: whoever writes to the ledger keeps the workspace's leavings waiting until it commits, and a
    million acts take minutes.  Ended between pages, it is repeated: what is written is not written again.

    A person is known by any identity; filled cells overwrite, empty ones change nothing.  by: who answers for the
    consent that the file asserts.  refused_to: where refused rows are written; beside the file by default.
    chosen, asserted: what a member said about columns and consent, see ``person_rows``.  is_trial: find out what would
    happen, and undo it.  progress: hears how far it is.  on_people: told the Import in the transaction that brings the
    people in.  resumes: the Import of an earlier try that came so far; its people are left as they are.
    Repeating it changes nothing.  Who left stays left: an older grant never decides over a later withdrawal, and
    suppression is asked at every claim.  Raises ImportRefused in all its kinds.
    """
    workspace = Workspace.objects.get(pk=workspace_id)
    file = open_people(
        path,
        zone=ZoneInfo(workspace.time_zone),
        home=workspace.country,
        date_order=date_order,
        prefers_day_first=workspace.country != "US",
        chosen=chosen,
        asserted=asserted,
    )
    with staged(
        file.table, workspace_id=workspace_id, refused_to=refused_to, is_trial=is_trial, progress=progress
    ) as staging:
        for name in ("stage_people", "stage_identities", "stage_acts"):
            staging.run(queries[name])
        if resumes is not None:
            tell_planner(Import.objects.get(pk=resumes))
        _Stager(file, staging, workspace, at=at).stage()
        _refuse_repetitions(staging)
        _refuse_conflicts(staging)
        staging.run(queries["know_contacts"])
        if resumes is None:
            contacts_new, contacts_updated = _merge(staging, at=at)
        entries = _count_acts(staging, file.rows) if is_trial else 0
        reasons = staging.reasons()
        staging.write_refused()
        if resumes is None:
            stored = staging.record(
                kind=KIND,
                rows=file.rows,
                contacts_new=contacts_new,
                contacts_updated=contacts_updated,
                events_new=0,
                entries=entries,
                by=by,
                at=at,
            )
        else:
            stored = Import.objects.get(pk=resumes)
        if on_people:
            on_people(stored.pk)
    if not is_trial:
        tell_planner(stored)
        _write_acts(staging, file.rows, stored.pk, by=by, at=at)
        tell_planner(stored)
        stored.refresh_from_db()
    return Imported(
        import_id=stored.pk,
        rows=file.rows,
        taken=stored.taken,
        contacts_new=stored.contacts_new,
        contacts_updated=stored.contacts_updated,
        events_new=0,
        entries=stored.entries,
        refused=stored.refused,
        refused_file=staging.target if staging.refused and not is_trial else None,
        notes=file.notes,
        reasons=reasons,
    )


class _Stager:
    """Streams the file into the temporary tables, some thousand rows in memory at a time."""

    def __init__(self, file: PeopleFile, staging: Staging, workspace: Workspace, *, at: datetime) -> None:
        self._file = file
        self._staging = staging
        self._workspace = workspace
        self._at = at
        self._keys = keyring()
        self._topics = dict(Topic.objects.filter(workspace=workspace).values_list("key", "id"))
        self._wordings: dict[tuple[str, str], int] = {}
        self._people: list[tuple[Any, ...]] = []
        self._identities: list[tuple[Any, ...]] = []
        self._acts: list[tuple[Any, ...]] = []
        self._refused: list[tuple[int, str]] = []

    def stage(self) -> None:
        for read, row in enumerate(self._file.people()):
            reason = row.reason if isinstance(row, RefusedRow) else self._refusal(row.act)
            if reason:
                self._refused.append((row.line, reason))
            elif isinstance(row, PersonRow):
                self._keep(row)
            if len(self._people) + len(self._refused) >= BATCH_ROWS:
                self._flush()
                self._staging.tell("reading", read + 1, self._file.rows)
        self._flush()
        self._staging.tell("sorting", self._file.rows, self._file.rows)
        self._staging.run(queries["index_staged"])
        self._staging.run(queries["analyze_staged"])

    def _refusal(self, act: Act | None) -> str:
        if act is None:
            return ""
        if act.topic not in self._topics:
            return "the topic is unknown in this workspace"
        if act.at is not None and act.at > self._at:
            return "the consent's time is in the future"
        return ""

    def _keep(self, row: PersonRow) -> None:
        self._people.append(
            (
                *(row.line, row.first_name, row.last_name, row.language, row.country, row.time_zone),
                *(json.dumps(row.fields), row.is_made_up),
            )
        )
        for kind, value, country in row.identities:
            new = new_identity(kind, value, country=country, keys=self._keys)
            self._identities.append(
                (
                    *(row.line, str(kind), new.country, new.value_sealed, new.value_hash),
                    *(new.suppression_hash, as_array(new.tail_hashes)),
                )
            )
        if row.act:
            self._acts.append(self._staged_act(row, row.act))

    def _staged_act(self, row: PersonRow, act: Act) -> tuple[Any, ...]:
        proof = {
            "file": self._file.table.path.name,
            "sha256": self._file.table.sha256.hex(),
            "line": row.line,
            "proof": act.proof,
        }
        sealed = self._keys.seal(json.dumps(proof, ensure_ascii=False).encode(), purpose=_PROOF)
        wording = self._wording(act.language or row.language or self._workspace.language, act.wording)
        source = act.source or "imported file"
        return (row.line, self._topics[act.topic], act.act, act.at, wording, source, sealed, row.is_made_up)

    def _wording(self, language: str, text: str) -> int | None:
        if not text:
            return None
        known = self._wordings.get((language, text))
        if known is None:
            if len(self._wordings) >= _REMEMBERED:
                self._wordings.clear()
            known = ensure_wording(self._workspace.pk, language=language, text=text)
            self._wordings[language, text] = known
        return known

    def _flush(self) -> None:
        self._staging.copy("import_person", _PERSON_COLUMNS, self._people)
        self._staging.copy("import_identity", _IDENTITY_COLUMNS, self._identities)
        self._staging.copy("import_act", _ACT_COLUMNS, self._acts)
        self._staging.refuse(self._refused)
        for rows in (self._people, self._identities, self._acts, self._refused):
            rows.clear()


def _refuse_repetitions(staging: Staging) -> None:
    """Refuse rows that say again what an earlier line said; keep those that bring another act of the same person."""
    for name in ("own_identities", "find_leaders", "refuse_repeated", "refuse_half_repeated"):
        staging.run(queries[name])
    staging.run(queries["refuse_repeated_acts"])
    staging.run(queries["drop_refused"])


def _refuse_conflicts(staging: Staging) -> None:
    """Refuse rows whose identities belong to two people, and what hangs on them."""
    for name in (
        "match_contacts",
        "refuse_two_people",
        "refuse_erased",
        "refuse_same_contact",
        "drop_refused",
    ):
        staging.run(queries[name])
    staging.run(queries["refuse_followers"])
    staging.run(queries["drop_refused"])


def _merge(staging: Staging, *, at: datetime) -> tuple[int, int]:
    """Give how many contacts are new and how many changed.  Raises ImportOverlapped."""
    new = staging.run(queries["number_new_contacts"])
    staging.run(queries["add_contacts"], at=at)
    (updated,) = staging.one(queries["update_contacts"])
    (elsewhere,) = staging.one(queries["count_elsewhere"])
    if elsewhere:
        raise ImportOverlapped(ImportOverlapped.__doc__)
    return new, int(updated)


def _count_acts(staging: Staging, rows: int) -> int:
    """Give how many acts the ledger does not hold yet, and write none."""
    count, after = 0, 0
    while page := _acts_page(after):
        count += sum(row[-1] for row in page)
        after = page[-1][0]
        _tell_written(staging, after, rows)
    return count


def _write_acts(staging: Staging, rows: int, import_id: int, *, by: str, at: datetime) -> None:
    """Append what the ledger does not hold yet, a page at a time; so a million acts stay out of memory, too."""
    after = 0
    try:
        while page := _write_page(staging.workspace_id, import_id, after, by=by, at=at):
            after = page
            _tell_written(staging, after, rows)
    finally:
        # What ended it is told rather than that nothing can be tidied up within a broken transaction.
        with suppress(Error):
            staging.tidy_up()


def _write_page(workspace_id: int, import_id: int, after: int, *, by: str, at: datetime) -> int:
    """Append the acts of one page, with all that follows from them; give its last line, or 0 if there is none."""
    with transaction.atomic():
        # First the lock, then the look at what the ledger holds: nobody else writes the same acts meanwhile.
        lock_chain(workspace_id)
        page = _acts_page(after)
        new = [_entry(row, by=by, at=at) for row in page if row[-1]]
        if new:
            append(new, workspace_id=workspace_id, at=at)
            # Who left by a file gets nothing more either, from the moment at which it counts (design, invariant 6).
            skip_withdrawn([entry.contact_id for entry in new if entry.act in _LEAVING])
            Import.objects.filter(pk=import_id).update(entries=F("entries") + len(new))
    return page[-1][0] if page else 0


def _tell_written(staging: Staging, last_line: int, rows: int) -> None:
    # Lines are numbered from the header on.
    staging.tell("writing", min(last_line - 1, rows), rows)


def _acts_page(after: int) -> list[tuple[Any, ...]]:
    with binding_cursor() as cursor:
        cursor.execute(queries["acts_page"], {"after": after, "limit": BATCH_ROWS})
        return list(cursor.fetchall())


def _entry(row: tuple[Any, ...], *, by: str, at: datetime) -> NewEntry:
    _, contact_id, topic_id, act, acted_at, wording_id, source, sealed, is_made_up, _ = row
    return NewEntry(
        contact_id=contact_id,
        topic_id=topic_id,
        act=EntryAct(act),
        basis=Basis.CONSENT,
        wording_id=wording_id,
        source=source,
        proof=keyring().open(sealed, purpose=_PROOF),
        actor=by[:120],
        at=acted_at or at,
        is_made_up=is_made_up,
    )
