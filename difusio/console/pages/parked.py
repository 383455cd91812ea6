"""Parked: nobody knows whether these arrived, and a person decides."""

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from difusio.accounts.rights import Right
from difusio.campaigns.running import batch_ids
from difusio.common import clock
from difusio.console.files import csv_lines, moment, one_by_one
from difusio.console.gates import ConsoleRequest, Here, campaign_for, enter
from difusio.console.known_count import is_count, is_known, is_typed
from difusio.console.paging import cursor
from difusio.imports.formulas import neutral
from difusio.outbox.decide import Chosen, MoreParked, leave_it, send_again
from difusio.outbox.models import Delivery, State
from difusio.reports.parked import Parked, export_parked, groups, parked

PAGE_SIZE: Final = 50
_ACTS: Final = frozenset({"again", "leave"})


@require_safe
def index(request: ConsoleRequest) -> HttpResponse:
    """Answer "Did these arrive?": what is known of each, and what can be done."""
    here = enter(request, Right.SEE_PEOPLE)
    before = cursor(request)
    found = parked(
        here.workspace.pk, before=before, limit=PAGE_SIZE + 1, with_texts=here.may(Right.SEE_TALKS)
    )
    shown = found[:PAGE_SIZE]
    return render(
        request,
        "console/parked/index.html",
        {
            "groups": groups(here.workspace.pk, at=clock.now()),
            "rows": shown,
            "older": shown[-1].delivery_id if len(found) > PAGE_SIZE else None,
            "is_first_page": before is None,
            "may_decide": here.may(Right.STEER),
            "may_read": here.may(Right.SEE_TALKS),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: ConsoleRequest) -> HttpResponse:
    """Ask once, then send parked messages once more, or let them be."""
    here = enter(request, Right.STEER)
    asked = request.POST if request.method == "POST" else request.GET
    act, campaign, delivery = asked.get("act", ""), asked.get("campaign", ""), asked.get("delivery", "")
    if request.method == "POST" and act not in _ACTS:
        return redirect("parked")
    chosen, n = _chosen(here, campaign, delivery)
    if request.method == "POST" and act == "leave":
        _say_left(request, leave_it(chosen, by=str(here.user), at=clock.now()))
        return redirect("parked")
    if request.method == "POST" and _send_again(request, here, chosen, n):
        return redirect("parked")
    if delivery and not _is_parked(here, delivery):
        raise Http404
    told = {"act": act, "campaign": campaign, "delivery": delivery, "n": n, "is_typed": is_typed(n)}
    return render(request, "console/parked/decide.html", told)


def _send_again(request: ConsoleRequest, here: Here, chosen: Chosen, n: int) -> bool:
    """Send as many once more as were shown, or say why not; tell whether it was done."""
    shown = request.POST.get("shown", "")
    if not is_count(shown):
        return False
    if not is_known(int(shown), typed=request.POST.get("typed", "")):
        messages.error(request, _("Type the number of messages, as it stands above."))
        return False
    try:
        moved = send_again(chosen, by=str(here.user), at=clock.now(), at_most=int(shown))
    except MoreParked:
        messages.error(request, _("More are parked by now than you were shown: look at the number again."))
        return False
    _say_sent(request, moved, n)
    return True


def _chosen(here: Here, campaign: str, delivery: str) -> tuple[Chosen, int]:
    """Read what is to be decided about, and count it: one delivery, those of a campaign, or all."""
    workspace_id = here.workspace.pk
    if delivery:
        return Chosen(workspace_id, delivery_ids=[_id(delivery)]), 1
    waiting = groups(workspace_id, at=clock.now())
    if campaign:
        found = campaign_for(here, _id(campaign))
        n = sum(group.n for group in waiting if group.campaign_id == found.pk)
        return Chosen(workspace_id, batch_ids=batch_ids(found.pk)), n
    return Chosen(workspace_id), sum(group.n for group in waiting)


def _is_parked(here: Here, delivery: str) -> bool:
    one = Delivery.objects.filter(pk=_id(delivery), workspace=here.workspace, state=State.PARKED)
    return one.exists()


def _id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(2**63))):
        raise Http404
    return int(text)


def _say_left(request: ConsoleRequest, left: int) -> None:
    sentence = ngettext("%(n)s message is left as it is.", "%(n)s messages are left as they are.", left)
    messages.success(request, sentence % {"n": left})


def _say_sent(request: ConsoleRequest, moved: int, n: int) -> None:
    if moved:
        sentence = ngettext("%(n)s message leaves once more.", "%(n)s messages leave once more.", moved)
        messages.success(request, sentence % {"n": moved})
    if moved < n:
        sentence = ngettext(
            "%(n)s message is too late or cancelled: it stays as it is.",
            "%(n)s messages are too late or cancelled: they stay as they are.",
            n - moved,
        )
        messages.warning(request, sentence % {"n": n - moved})


@require_safe
def download(request: ConsoleRequest) -> StreamingHttpResponse:
    """Hand them out as a CSV file; phones for who answers for privacy, texts for who reads conversations."""
    here = enter(request, Right.SEE_PEOPLE)
    with_phones = here.may(Right.PROVE)
    pages = export_parked(
        here.workspace.pk,
        with_texts=here.may(Right.SEE_TALKS),
        with_identities=with_phones,
        by=str(here.user),
        at=clock.now(),
    )
    language = get_language() or settings.LANGUAGE_CODE
    lines = _lines(pages, zone=here.workspace.time_zone, with_phones=with_phones, language=language)
    return StreamingHttpResponse(
        one_by_one(lines) if isinstance(request, ASGIRequest) else lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="parked.csv"'},
    )


def _lines(pages: Iterator[list[Parked]], *, zone: str, with_phones: bool, language: str) -> Iterator[str]:
    with override(language):
        head = [_("Delivery"), _("Contact"), _("First name"), _("Last name"), _("Campaign"), _("Since")]
        head += [_("Reason"), _("Possible duplicate"), _("Message")]
        head += [_("Phone"), _("Customer number")] if with_phones else []
    yield "\ufeff" + csv_lines([head])
    for page in pages:
        with override(language), timezone.override(zone):
            text = csv_lines([_cells(one, with_phones=with_phones) for one in page])
        yield text


def _cells(one: Parked, *, with_phones: bool) -> list[str]:
    cells = [
        str(one.delivery_id),
        str(one.contact_id),
        neutral(one.first_name),
        neutral(one.last_name),
        neutral(one.campaign_name),
        moment(one.since),
        one.sentence,
        _("yes") if one.is_possible_duplicate else _("no"),
        neutral(one.text),
    ]
    if with_phones:
        cells += [neutral(one.identities.get("phone", "")), neutral(one.identities.get("customer", ""))]
    return cells
