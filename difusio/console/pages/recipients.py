"""The people behind the numbers of a campaign, as a list and as a file."""

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.text import capfirst, slugify
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from difusio.accounts.rights import Right
from difusio.common import clock
from difusio.console.delivery_words import STATE_WORDS
from difusio.console.files import csv_lines, moment, one_by_one
from difusio.console.gates import ConsoleRequest, campaign_for, enter
from difusio.imports.formulas import neutral
from difusio.reports.causes import failure_sentence, skip_sentence, wait_sentence
from difusio.reports.funnel import Funnel, funnels
from difusio.reports.recipients import LONGEST_NAME, STEPS, Recipient, Wanted, export_recipients, recipients

PAGE_SIZE: Final = 50
_STEP_WORDS: Final[dict[str, Promise]] = {
    "planned": gettext_lazy("Everybody"),
    "skipped": gettext_lazy("Skipped"),
    "waiting": gettext_lazy("Waiting"),
    "accepted": gettext_lazy("Accepted"),
    "delivered": gettext_lazy("Delivered"),
    "read": gettext_lazy("Read"),
    "replied": gettext_lazy("Replied"),
    "left": gettext_lazy("Left"),
    "failed": gettext_lazy("Failed"),
    "refused": gettext_lazy("Refused by Meta"),
    "in_doubt": gettext_lazy("In doubt"),
    "parked": gettext_lazy("Parked"),
    "expired": gettext_lazy("Expired"),
    "cancelled": gettext_lazy("Cancelled before sending"),
}


@require_safe
def index(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Answer "Who got it, who did not, and why?", for any number of the campaign's page."""
    here = enter(request, Right.SEE_PEOPLE)
    campaign = campaign_for(here, campaign_id)
    wanted = _wanted(request)
    after = request.GET.get("after", "")
    is_cursor = after.isdecimal() and len(after) < len(str(2**63))
    found = recipients(campaign, wanted, after=int(after) if is_cursor else 0, limit=PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    kept = _kept(wanted)
    funnel = funnels([campaign])[campaign.pk]
    return render(
        request,
        "console/campaigns/people.html",
        {
            "campaign": campaign,
            "wanted": wanted,
            "rows": [(one, STATE_WORDS[one.state], _sentence(one)) for one in shown],
            "steps": [(key, word, key == wanted.step) for key, word in _STEP_WORDS.items()],
            "step_word": _STEP_WORDS[wanted.step],
            "cause": _cause_sentence(wanted.cause),
            "n": _n(funnel, wanted),
            "audience": funnel.audience,
            "next": shown[-1].delivery_id if len(found) > PAGE_SIZE else None,
            "is_first_page": not is_cursor,
            "kept": kept,
            "has_phones": here.may(Right.PROVE),
        },
    )


@require_safe
def download(request: ConsoleRequest, campaign_id: int) -> StreamingHttpResponse:
    """Hand out the same people as a CSV file, line by line.

    Phones are in it only for who answers for privacy, and that somebody took them along is in the audit log.
    """
    here = enter(request, Right.SEE_PEOPLE)
    campaign = campaign_for(here, campaign_id)
    wanted = _wanted(request)
    with_phones = here.may(Right.PROVE)
    pages = export_recipients(
        campaign, wanted, with_identities=with_phones, by=str(here.user), at=clock.now()
    )
    lines = _lines(
        pages,
        zone=here.workspace.time_zone,
        with_phones=with_phones,
        language=get_language() or settings.LANGUAGE_CODE,
    )
    content = one_by_one(lines) if isinstance(request, ASGIRequest) else lines
    name = f"{slugify(campaign.name) or 'campaign'}-{campaign.pk}-{wanted.step}.csv"
    return StreamingHttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _wanted(request: ConsoleRequest) -> Wanted:
    """Read what the address asks for; a step that does not exist is a page that does not."""
    step = request.GET.get("state") or "planned"
    if step not in STEPS:
        raise Http404
    cause = request.GET.get("reason", "")[:32].replace("\0", "")
    name = request.GET.get("name", "").strip()[:LONGEST_NAME].replace("\0", "")
    return Wanted(step, cause, name)


def _kept(wanted: Wanted) -> str:
    parts = (("state", wanted.step), ("reason", wanted.cause), ("name", wanted.name))
    return urlencode({key: value for key, value in parts if value})


def _n(funnel: Funnel, wanted: Wanted) -> int | None:
    """Give how many they are where a counter says so; a page counts no rows."""
    if wanted.name:
        return None
    if wanted.cause:
        causes = (*funnel.skips, *funnel.failures)
        return next((cause.n for cause in causes if cause.key == wanted.cause), 0)
    if wanted.step == "waiting":
        return funnel.waiting
    known = {step.key: step.n for step in (*funnel.steps, *funnel.rest, funnel.failed)}
    return known.get(wanted.step, 0)


def _sentence(one: Recipient) -> str:
    if one.reason:
        return wait_sentence(one.reason) or skip_sentence(one.reason)
    return failure_sentence(str(one.code)) if one.code is not None else ""


def _cause_sentence(cause: str) -> str:
    if not cause:
        return ""
    return failure_sentence(cause) if cause.isdecimal() else wait_sentence(cause) or skip_sentence(cause)


def _lines(pages: Iterator[list[Recipient]], *, zone: str, with_phones: bool, language: str) -> Iterator[str]:
    """Write the file's lines, each page of rows at a time.

    The answer outlives the request's own language and zone, so they are set for each page.
    """
    with override(language):
        head = [
            _("Delivery"),
            _("Contact"),
            _("First name"),
            _("Last name"),
            _("State"),
            _("Reason"),
            _("Code"),
        ]
        head += [_("Planned at"), _("Accepted at"), _("Delivered at"), _("Read at")]
        head += [_("Failed at"), _("Replied at"), _("Left at"), _("Possible duplicate")]
        if with_phones:
            head += [_("Phone"), _("Customer number")]
    # The mark tells a spreadsheet that this is UTF-8.
    yield "\ufeff" + csv_lines([head])
    for page in pages:
        with override(language), timezone.override(zone):
            text = csv_lines([_cells(one, with_phones=with_phones) for one in page])
        yield text


def _cells(one: Recipient, *, with_phones: bool) -> list[str]:
    cells = [
        str(one.delivery_id),
        str(one.contact_id),
        neutral(one.first_name),
        neutral(one.last_name),
        capfirst(str(STATE_WORDS[one.state])),
        neutral(_sentence(one)),
        "" if one.code is None else str(one.code),
        *(
            moment(at)
            for at in (
                one.planned_at,
                one.accepted_at,
                one.delivered_at,
                one.read_at,
                one.failed_at,
                one.replied_at,
                one.left_at,
            )
        ),
        _("yes") if one.is_possible_duplicate else "",
    ]
    if with_phones:
        cells += [neutral(one.identities.get("phone", "")), neutral(one.identities.get("customer", ""))]
    return cells
