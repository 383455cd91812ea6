"""The jobs of the import page: try a file, take it in; told how far they are, safe to repeat after a kill."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any, Final, Self

from django.db import transaction
from django_tasks import TaskResultStatus, task

from difusio.common.clock import now
from difusio.common.giving_way import give_way
from difusio.common.store import forget_connection
from difusio.imports import orders, people
from difusio.imports.choices import Choices
from difusio.imports.content import as_file, keep_file
from difusio.imports.models import Import, Upload, UploadState
from difusio.imports.refusal import ImportRefused
from difusio.imports.result import Imported
from difusio.imports.staging import Phase
from difusio.imports.uploads import KEPT

_TELL_EVERY_S: Final = 0.5
_BY_A_JOB: Final = (UploadState.CHECKING, UploadState.TAKING)


def is_given_up(upload: Upload) -> bool:
    """Tell whether the job of an upload ended without its end.  Cost: 1 query."""
    if upload.state not in _BY_A_JOB or upload.job is None:
        return False
    return run.get_result(str(upload.job)).status == TaskResultStatus.FAILED


@task()
def run(upload_id: int) -> None:
    """Try a file or take it in, whatever its state says.

    Killed anywhere, it is done once: who was brought in is written down with the people, and a repetition goes on
    with their acts of consent.
    """
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None or upload.state not in _BY_A_JOB:
        return
    is_trial = upload.state == UploadState.CHECKING
    try:
        with as_file(upload) as path, _Teller(upload_id) as tell:
            _do(upload, path, is_trial=is_trial, tell=tell)
    except ImportRefused as error:
        # The trial may have passed and the taking not: the store moved on.  Either way a member decides anew.
        Upload.objects.filter(pk=upload_id).update(state=UploadState.LOOKED, problem=str(error), checked={})


def _do(upload: Upload, path: Path, *, is_trial: bool, tell: "_Teller") -> None:
    choices = Choices.from_json(upload.choices)
    given: dict[str, Any] = {
        "workspace_id": upload.workspace_id,
        "by": upload.by,
        "at": now(),
        "chosen": choices.columns,
        "is_trial": is_trial,
        "progress": tell,
        "refused_to": path.with_name("refused.csv"),
    }
    if upload.kind == orders.KIND:
        with transaction.atomic():
            _write_down(upload, orders.import_orders(path, **given), is_trial=is_trial)
        return

    def know_it_by(import_id: int) -> None:
        Upload.objects.filter(pk=upload.pk).update(taken_as=import_id)

    done = people.import_people(
        path,
        asserted=choices.asserted,
        resumes=upload.taken_as_id,
        on_people=None if is_trial else know_it_by,
        **given,
    )
    with transaction.atomic():
        _write_down(upload, done, is_trial=is_trial)


def _write_down(upload: Upload, done: Imported, *, is_trial: bool) -> None:
    facts = asdict(done)
    for name in ("refused_file", "import_id"):
        del facts[name]
    upload.checked = facts
    upload.state = UploadState.CHECKED if is_trial else UploadState.TAKEN
    upload.phase, upload.phase_at, upload.done, upload.of = "", None, done.rows, done.rows
    if not is_trial:
        upload.taken_as = Import.objects.get(pk=done.import_id)
        upload.forget_at = now() + KEPT
        upload.chunks.exclude(part="refused").delete()
        if done.refused_file:
            keep_file(upload, "refused", done.refused_file)
    upload.save()


class _Teller:
    """Writes down how far a job is, on a connection of its own: the job's may be in the middle of a transaction."""

    def __init__(self, upload_id: int) -> None:
        self._upload_id = upload_id
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="teller")
        self._phase = ""
        self._told_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.submit(forget_connection).result()
        self._thread.shutdown()

    def __call__(self, phase: Phase, done: int, of: int) -> None:
        give_way()
        if phase == self._phase and monotonic() - self._told_at < _TELL_EVERY_S:
            return
        begins = {"phase_at": now()} if phase != self._phase else {}
        self._phase, self._told_at = phase, monotonic()
        self._thread.submit(self._write, phase=phase, done=done, of=of, **begins).result()

    def _write(self, **columns: object) -> None:
        Upload.objects.filter(pk=self._upload_id).update(**columns)
