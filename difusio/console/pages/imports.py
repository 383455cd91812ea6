"""Files that bring people and orders in: handed over, decided about, tried, taken in; left and found again."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from difusio.accounts.rights import Right
from difusio.common import clock
from difusio.console.gates import ConsoleRequest, Here, enter
from difusio.console.import_forms import AgreedForm, ColumnsForm, FileForm, WhoAgreedForm, choices_of
from difusio.console.people_gates import upload_for
from difusio.imports import orders, uploads
from difusio.imports.content import is_kept, pieces
from difusio.imports.jobs import is_given_up
from difusio.imports.models import Import, Upload, UploadState
from difusio.imports.refusal import ImportRefused
from difusio.imports.refused import delimiter_of
from difusio.imports.spoken import spoken

EVERY_S: Final = 2
_HISTORY: Final = 30
_OPEN_SHOWN: Final = 20
_BY_A_JOB: Final = (UploadState.CHECKING, UploadState.TAKING)


@dataclass(frozen=True, slots=True)
class Going:
    """How far a job is.  per_s: rows a second of this step.  ends_at: None as long as nobody can tell."""

    done: int
    of: int
    per_s: int
    ends_at: datetime | None


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: ConsoleRequest) -> HttpResponse:
    """Take a file over; show those under way, and what was brought in before."""
    here = enter(request, Right.BRING_PEOPLE)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = uploads.receive(
                here.workspace.pk,
                file_name=file.name,
                content=file.chunks(),
                by=str(request.user),
                at=clock.now(),
            )
        except ImportRefused as error:
            form.add_error("file", spoken(str(error)))
        else:
            return redirect("import", upload.pk)
    under_way = Upload.objects.filter(workspace=here.workspace).exclude(state=UploadState.TAKEN)
    history = Import.objects.filter(workspace=here.workspace).select_related("upload").order_by("-id")
    return render(
        request,
        "console/imports/list.html",
        {"form": form, "under_way": under_way.order_by("-id")[:_OPEN_SHOWN], "history": history[:_HISTORY]},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: ConsoleRequest, upload_id: int) -> HttpResponse:
    """Show the step that a file has come to: columns and consent, the trial, the taking in, the result."""
    here = enter(request, Right.BRING_PEOPLE)
    upload = upload_for(here, upload_id)
    if upload.state == UploadState.LOOKED:
        return _decide(request, here, upload) if request.method == "POST" else _ask(request, here, upload)
    if request.method == "POST":
        # Decided in another window meanwhile.
        return redirect("import", upload.pk)
    if upload.state in _BY_A_JOB:
        return _watch(request, upload)
    if request.htmx:
        # The step is over: the whole page is another one now.
        return HttpResponseClientRefresh()
    return render(
        request,
        "console/imports/result.html",
        {
            "upload": upload,
            "facts": upload.checked,
            "is_trial": upload.state == UploadState.CHECKED,
            "is_orders": upload.kind == orders.KIND,
            "reasons": _reasons(upload),
            "notes": [spoken(note) for note in upload.checked.get("notes", [])],
            "has_refused": upload.state == UploadState.TAKEN and is_kept(upload, "refused"),
        },
    )


def _reasons(upload: Upload) -> list[tuple[str, int]]:
    # The store keeps no order of a JSON object's keys.
    commonest = sorted(upload.checked.get("reasons", {}).items(), key=lambda pair: (-pair[1], pair[0]))
    return [(spoken(reason), n) for reason, n in commonest]


def _ask(request: ConsoleRequest, here: Here, upload: Upload, **forms: Any) -> HttpResponse:
    """Ask what the columns are and what people agreed to."""
    seen = uploads.columns_seen(upload)
    shown = {
        "upload": upload,
        "problem": spoken(upload.problem),
        "columns": ColumnsForm(kind=upload.kind, columns=seen),
        "who": WhoAgreedForm(),
        "agreed": AgreedForm(workspace=here.workspace),
        "is_orders": upload.kind == orders.KIND,
    }
    return render(request, "console/imports/decide.html", {**shown, **forms})


def _decide(request: ConsoleRequest, here: Here, upload: Upload) -> HttpResponse:
    columns = ColumnsForm(request.POST, kind=upload.kind, columns=uploads.columns_seen(upload))
    who = WhoAgreedForm(request.POST)
    speaks = upload.kind != orders.KIND and request.POST.get("agreed") == "all"
    agreed = AgreedForm(request.POST if speaks else None, workspace=here.workspace)
    problem = ""
    valid = [
        columns.is_valid(),
        upload.kind == orders.KIND or who.is_valid(),
        not speaks or agreed.is_valid(),
    ]
    if all(valid):
        try:
            uploads.choose(upload.pk, choices=choices_of(columns, agreed if speaks else None, here.workspace))
        except ImportRefused as error:
            problem = spoken(str(error))
        else:
            return redirect("import", upload.pk)
    return _ask(request, here, upload, columns=columns, who=who, agreed=agreed, problem=problem)


def _watch(request: ConsoleRequest, upload: Upload) -> HttpResponse:
    given_up = is_given_up(upload)
    going = _going(upload, clock.now())
    shown = {
        "upload": upload,
        "going": going,
        # A screen reader hears each step, and each tenth of it.
        "told": f"{upload.phase}-{10 * going.done // going.of}" if going else "",
        "given_up": given_up,
        "every_s": None if given_up else EVERY_S,
    }
    page = "console/imports/_progress.html" if request.htmx else "console/imports/progress.html"
    return render(request, page, shown)


def _going(upload: Upload, at: datetime) -> Going | None:
    """Reckon from the running step alone: the others go at another pace.  None before the first row."""
    if not upload.of or upload.phase_at is None:
        return None
    spent_s = (at - upload.phase_at).total_seconds()
    per_s = upload.done / spent_s if spent_s > 1 else 0.0
    left = upload.of - upload.done
    ends_at = at + timedelta(seconds=left / per_s) if per_s and left else None
    return Going(upload.done, upload.of, round(per_s), ends_at)


@require_POST
def take(request: ConsoleRequest, upload_id: int) -> HttpResponse:
    """Take in what was tried."""
    upload = upload_for(enter(request, Right.BRING_PEOPLE), upload_id)
    return _act(request, upload, uploads.take)


@require_POST
def change(request: ConsoleRequest, upload_id: int) -> HttpResponse:
    """Go back to what the columns are and what people agreed to."""
    upload = upload_for(enter(request, Right.BRING_PEOPLE), upload_id)
    return _act(request, upload, uploads.change)


@require_POST
def discard(request: ConsoleRequest, upload_id: int) -> HttpResponse:
    """Forget a file that was not taken in."""
    upload = upload_for(enter(request, Right.BRING_PEOPLE), upload_id)
    try:
        uploads.discard(upload.pk)
    except ImportRefused as error:
        messages.error(request, spoken(str(error)))
        return redirect("import", upload.pk)
    return redirect("imports")


def _act(request: ConsoleRequest, upload: Upload, act: Any) -> HttpResponse:
    try:
        act(upload.pk)
    except ImportRefused as error:
        # Somebody else was quicker: the page shows what is true now.
        messages.error(request, spoken(str(error)))
    return redirect("import", upload.pk)


@require_safe
def refused(request: ConsoleRequest, upload_id: int) -> StreamingHttpResponse:
    """Hand out the refused rows with their reasons, in the reader's language."""
    upload = upload_for(enter(request, Right.BRING_PEOPLE), upload_id)
    if not is_kept(upload, "refused"):
        raise Http404
    stem = upload.file_name.rpartition(".")[0] or upload.file_name
    # A response of Django's own, because it knows how to write a foreign name into a header.
    answer = FileResponse(
        io.BytesIO(),
        as_attachment=True,
        filename=f"{stem}.refused.csv",
        content_type="text/csv; charset=utf-8",
    )
    return StreamingHttpResponse(
        _spoken_rows(upload), headers={name: answer[name] for name in ("Content-Type", "Content-Disposition")}
    )


def _spoken_rows(upload: Upload) -> Iterator[bytes]:
    whole = b"".join(pieces(upload, "refused")).decode("utf-8-sig")
    delimiter = delimiter_of(whole)
    rows = csv.reader(io.StringIO(whole, newline=""), delimiter=delimiter)
    header = next(rows)
    yield _line([gettext("line"), gettext("reason"), *header[2:]], delimiter, mark="\ufeff")
    for row in rows:
        yield _line([row[0], spoken(row[1]), *row[2:]], delimiter)


def _line(cells: list[str], delimiter: str, *, mark: str = "") -> bytes:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return (mark + line.getvalue()).encode()
