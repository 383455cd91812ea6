"""A file from the pages: handed over, looked at, decided about, tried, taken in; it can be left and found again."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import transaction

from difusio.imports import order_lines, orders, people, person_rows
from difusio.imports.choices import Choices
from difusio.imports.columns import Column, keys_of, place_columns
from difusio.imports.content import keep, keep_file, pieces
from difusio.imports.models import Chunk, Upload, UploadState
from difusio.imports.reading import Head, look_at
from difusio.imports.refusal import ImportRefused

MAX_BYTES: Final = 200 << 20
# A file that nobody decided about, and the rows that were refused: they hold people's data.
KEPT: Final = timedelta(days=30)
_SHOWN_ROWS: Final = 5
_MAX_NAME: Final = 120


class TooLarge(ImportRefused):
    """The file is larger than 200 MB: part it, or import it by command (difusio contacts import)."""


class NotNow(ImportRefused):
    """The import has gone on meanwhile: look at it again."""


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """A column of the file.  key: what it becomes.  samples: some of its first cells."""

    place: int
    heading: str
    key: str
    samples: Sequence[str]


def columns_of(kind: str) -> Sequence[Column]:
    """Give the columns that a file of the kind may have."""
    return order_lines.COLUMNS if kind == orders.KIND else person_rows.COLUMNS


def receive(workspace_id: int, *, file_name: str, content: Iterable[bytes], by: str, at: datetime) -> Upload:
    """Take a file over, sealed, and see what it is.  Raises TooLarge and what ``look_at`` raises."""
    folder = Path(tempfile.mkdtemp(prefix="difusio-upload-"))
    try:
        # Slashes and the like would leave the folder; a name without letters has no place to go.
        path = folder / (Path(file_name).name[-_MAX_NAME:] or "file.csv")
        size = _write(path, content)
        head = look_at(path, rows=_SHOWN_ROWS)
        with transaction.atomic():
            upload = Upload.objects.create(
                workspace_id=workspace_id,
                kind=_kind(head),
                file_name=path.name,
                size_bytes=size,
                by=by[:120],
                at=at,
                forget_at=at + KEPT,
            )
            keep_file(upload, "file", path)
            keep(upload, "head", [json.dumps({"header": head.header, "rows": head.rows}).encode()])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return upload


def _write(path: Path, content: Iterable[bytes]) -> int:
    size = 0
    with path.open("wb") as file:
        for piece in content:
            size += len(piece)
            if size > MAX_BYTES:
                raise TooLarge(TooLarge.__doc__)
            file.write(piece)
    return size


def _kind(head: Head) -> str:
    """Tell orders from people by their headings."""
    try:
        place_columns(head.header, order_lines.COLUMNS)
    except ImportRefused:
        return people.KIND
    return orders.KIND


def columns_seen(upload: Upload) -> Sequence[ColumnSeen]:
    """Give the columns of an upload with what they become, as decided or by their headings.  Cost: 2 queries."""
    head = json.loads(b"".join(pieces(upload, "head")))
    chosen = Choices.from_json(upload.choices).columns
    named = keys_of(head["header"], columns_of(upload.kind))
    return [
        ColumnSeen(place, heading, chosen.get(place, key), [row[place] for row in head["rows"]])
        for place, (heading, key) in enumerate(zip(head["header"], named, strict=True))
    ]


def choose(upload_id: int, *, choices: Choices) -> None:
    """Keep what a member decided, and have it tried.  Raises NotNow and what ``place_columns`` raises."""
    with transaction.atomic():
        upload = _locked(upload_id, {UploadState.LOOKED, UploadState.CHECKED})
        head = json.loads(b"".join(pieces(upload, "head")))
        one_of = () if upload.kind == orders.KIND else person_rows.IDENTITIES
        place_columns(head["header"], columns_of(upload.kind), one_of=one_of, chosen=choices.columns)
        upload.choices = choices.to_json()
        _hand_over(upload, UploadState.CHECKING)


def take(upload_id: int) -> None:
    """Have a file that was tried taken in.  Raises NotNow."""
    with transaction.atomic():
        _hand_over(_locked(upload_id, {UploadState.CHECKED}), UploadState.TAKING)


def change(upload_id: int) -> None:
    """Go back to what the columns are and what people agreed to.  Raises NotNow."""
    with transaction.atomic():
        upload = _locked(upload_id, {UploadState.LOOKED, UploadState.CHECKED})
        upload.state, upload.problem, upload.checked = UploadState.LOOKED, "", {}
        upload.save()


def discard(upload_id: int) -> None:
    """Forget a file that was not taken in.  Raises NotNow."""
    with transaction.atomic():
        _locked(upload_id, {UploadState.LOOKED, UploadState.CHECKED}).delete()


def forget_old(*, at: datetime) -> int:
    """Remove the contents whose time is over; give how many uploads that were.  Safe to repeat.  Cost: 1 query."""
    due = Upload.objects.filter(forget_at__lte=at).exclude(
        state__in=[UploadState.CHECKING, UploadState.TAKING]
    )
    ids = list(due.values_list("id", flat=True)[:100])
    if ids:
        with transaction.atomic():
            Chunk.objects.filter(upload__in=ids).delete()
            # What was taken in stays in the history; what never was has nothing left to say.
            Upload.objects.filter(pk__in=ids).exclude(state=UploadState.TAKEN).delete()
            Upload.objects.filter(pk__in=ids).update(forget_at=None)
    return len(ids)


def _locked(upload_id: int, states: set[UploadState]) -> Upload:
    upload = Upload.objects.select_for_update().get(pk=upload_id)
    if upload.state not in states:
        raise NotNow(NotNow.__doc__)
    return upload


def _hand_over(upload: Upload, state: UploadState) -> None:
    from difusio.imports.jobs import run

    upload.state, upload.problem = state, ""
    upload.phase, upload.phase_at, upload.done, upload.of = "", None, 0, 0
    upload.job = run.enqueue(upload.pk).id
    upload.save()
