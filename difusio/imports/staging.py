"""What every import shares: rows staged by COPY, one transaction that takes them, refused rows in a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from django.db import connection, transaction
from psycopg import sql

from difusio.accounts.audit import Detail, record
from difusio.common.sql import Queries
from difusio.imports.models import Import
from difusio.imports.reading import Table
from difusio.imports.refusal import ImportRefused
from difusio.imports.refused import draft_of, refused_path, write_refused
from difusio.imports.result import Imported

queries = Queries(Path(__file__).with_suffix(".sql"))

# Rows in memory at a time: large enough for COPY to be fast, some megabytes at most.
BATCH_ROWS: Final = 5_000
# After this many new rows the planner must hear of them, or the next question is planned for an empty table.
_MANY_ROWS: Final = 1_000


Phase = Literal["reading", "sorting", "writing"]


class Progress(Protocol):
    """Hears how far an import is: rows read, or rows whose consent is written, of how many."""

    def __call__(self, phase: Phase, done: int, of: int, /) -> None: ...


class ImportOverlapped(ImportRefused):
    """Somebody in the file became known in another way while it was taken in; nothing was taken: run it again."""


class Staging:
    """The temporary tables of one import; they go with its transaction, or with ``tidy_up``."""

    def __init__(
        self, table: Table, *, workspace_id: int, refused_to: Path | None, progress: Progress | None
    ) -> None:
        self.table = table
        self._progress = progress
        self.workspace_id = workspace_id
        self.target = refused_to or refused_path(table.path)
        self.refused = 0

    def tell(self, phase: Phase, done: int, of: int) -> None:
        """Tell whoever watches how far it is; they may end it by raising."""
        if self._progress is not None:
            self._progress(phase, done, of)

    def copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Stage rows in a temporary table by COPY."""
        if not rows:
            return
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(name) for name in columns)
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def run(self, text: str, **parameters: Any) -> int:
        """Run one of our queries for this workspace; give how many rows it touched."""
        with connection.cursor() as cursor:
            cursor.execute(text, {"workspace": self.workspace_id, **parameters})
            return int(cursor.rowcount)

    def one(self, text: str, **parameters: Any) -> tuple[Any, ...]:
        """Run one of our queries for this workspace; give its only row."""
        with connection.cursor() as cursor:
            cursor.execute(text, {"workspace": self.workspace_id, **parameters})
            row = cursor.fetchone()
        return tuple(row)

    def refuse(self, rows: Sequence[tuple[int, str]]) -> None:
        """Stage refused rows: line and reason."""
        self.copy("import_refused", ("line", "reason"), rows)

    def refused_rows(self) -> Iterator[tuple[int, str]]:
        """Give the refused rows in the file's order, a page at a time."""
        after = 0
        while page := self._page(after):
            yield from page
            after = page[-1][0]

    def _page(self, after: int) -> list[tuple[int, str]]:
        with connection.cursor() as cursor:
            cursor.execute(queries["refused_page"], {"after": after, "limit": BATCH_ROWS})
            return [(line, reason) for line, reason in cursor.fetchall()]

    def reasons(self) -> dict[str, int]:
        """Give the commonest reasons with how many rows each refused."""
        with connection.cursor() as cursor:
            cursor.execute(queries["reasons"])
            return dict(cursor.fetchall())

    def write_refused(self) -> None:
        """Count the refused rows and write their draft."""
        self.refused = self.one(queries["count_refused"])[0]
        if self.refused:
            write_refused(self.table, self.refused_rows(), draft_of(self.target))

    def tidy_up(self) -> None:
        """Drop what an import of this session left."""
        self.run(queries["tidy_up"])

    def record(
        self,
        *,
        kind: str,
        rows: int,
        contacts_new: int,
        contacts_updated: int,
        events_new: int,
        entries: int,
        by: str,
        at: datetime,
    ) -> Import:
        """Store what was brought in, from which file, by whom."""
        stored = Import.objects.create(
            workspace_id=self.workspace_id,
            kind=kind,
            file_name=self.table.path.name[:255],
            file_hash=self.table.sha256,
            rows=rows,
            taken=rows - self.refused,
            refused=self.refused,
            contacts_new=contacts_new,
            contacts_updated=contacts_updated,
            events_new=events_new,
            entries=entries,
            by=by[:120],
            at=at,
        )
        details: dict[str, Detail] = {
            "import": stored.pk,
            "kind": kind,
            "rows": rows,
            "refused": self.refused,
        }
        record(workspace_id=self.workspace_id, actor=by[:120], act="import.taken", details=details, at=at)
        return stored


@contextmanager
def staged(
    table: Table,
    *,
    workspace_id: int,
    refused_to: Path | None,
    is_trial: bool = False,
    progress: Progress | None = None,
) -> Iterator[Staging]:
    """Open the transaction that takes a file's rows in.  The refused rows' file appears only with its commit.

    is_trial: all is done, found out and undone.  Imports of a workspace wait for each other.
    """
    staging = Staging(table, workspace_id=workspace_id, refused_to=refused_to, progress=progress)
    draft = draft_of(staging.target)
    try:
        with transaction.atomic():
            staging.run(queries["one_import_at_a_time"])
            staging.tidy_up()
            staging.run(queries["stage_refused"])
            yield staging
            transaction.set_rollback(is_trial)
        if staging.refused and not is_trial:
            draft.replace(staging.target)
    finally:
        draft.unlink(missing_ok=True)


def tell_planner(grown_by: Imported | Import) -> None:
    """Refresh the statistics of what an import grew."""
    if grown_by.contacts_new + grown_by.contacts_updated + grown_by.events_new > _MANY_ROWS:
        with connection.cursor() as cursor:
            cursor.execute(queries["analyze"])
