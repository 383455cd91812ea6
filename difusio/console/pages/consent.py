"""The consent ledger as a whole: can we prove it?  And the topics that people agree to."""

import csv
import io
from typing import Final

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from difusio.accounts.actors import named
from difusio.accounts.rights import Right
from difusio.common import clock
from difusio.consent import check as checks
from difusio.consent import overview
from difusio.consent.ledger import size
from difusio.consent.models import Topic, TopicKind
from difusio.consent.proof import Form, hand_out_ledger, hand_out_person, of_person
from difusio.consent.topics import TopicError, add_topic, change_topic
from difusio.console.gates import ConsoleRequest, enter
from difusio.console.pages.contacts import name_of
from difusio.console.people_forms import NewTopicForm, TopicForm
from difusio.console.people_gates import contact_for, topic_for
from difusio.rules.consent_age import AGEING_MONTHS, OLD_MONTHS

EVERY_S: Final = 2


@require_safe
def index(request: ConsoleRequest) -> HttpResponse:
    """Answer "Can we prove it?"."""
    here = enter(request, Right.PROVE)
    newest = checks.latest(here.workspace.pk)
    is_checking = newest is not None and newest.ended_at is None and not checks.is_given_up(newest)
    if request.htmx:
        # Asked again while a check runs: nothing to say until it ends.
        return HttpResponse(status=204) if is_checking else HttpResponseClientRefresh()
    at = clock.now()
    weeks = overview.weeks(here.workspace, at=at)
    topics = overview.topics(here.workspace)
    return render(
        request,
        "console/consent/overview.html",
        {
            "weeks": weeks,
            "most": max((max(week.granted, week.left) for week in weeks), default=0),
            "granted": sum(week.granted for week in weeks),
            "left": sum(week.left for week in weeks),
            "topics": topics,
            "permissions": sum(one.people for one in topics),
            "sources": overview.sources(here.workspace),
            "wordings": overview.wordings(here.workspace),
            "ageing": overview.ageing(here.workspace, at=at),
            "months": {"ageing": AGEING_MONTHS, "old": OLD_MONTHS},
            "entries": size(here.workspace.pk)[0],
            "check": newest if newest and newest.ended_at else checks.latest_ended(here.workspace.pk),
            "is_checking": is_checking,
            "every_s": EVERY_S,
            "may_bring": here.may(Right.BRING_PEOPLE),
        },
    )


@require_safe
def weeks_csv(request: ConsoleRequest) -> HttpResponse:
    """Hand out the chart's numbers."""
    here = enter(request, Right.PROVE)
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(["monday", "granted", "left"])
    for week in overview.weeks(here.workspace, at=clock.now()):
        writer.writerow([week.monday.isoformat(), week.granted, week.left])
    return HttpResponse(
        lines.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="consent-weeks.csv"'},
    )


@require_POST
def check(request: ConsoleRequest) -> HttpResponse:
    """Have the whole chain recomputed."""
    here = enter(request, Right.PROVE)
    checks.ask(here.workspace.pk, by=str(request.user), at=clock.now())
    return redirect("consent")


@require_POST
def ledger(request: ConsoleRequest) -> StreamingHttpResponse:
    """Let the whole ledger be taken out of the house, which is written down."""
    here = enter(request, Right.PROVE)
    form: Form = "csv" if request.POST.get("form") == "csv" else "jsonl"
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
    at = clock.now()
    return StreamingHttpResponse(
        hand_out_ledger(here.workspace.pk, form=form, by=str(request.user), at=at),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="consent-ledger-{at:%Y-%m-%d}.{form}"'},
    )


@require_safe
def proof(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Show one person's entries with their words and their place in the chain."""
    here = enter(request, Right.PROVE)
    contact = contact_for(here, contact_id)
    entries = of_person(contact.pk, workspace_id=here.workspace.pk)
    by_whom = named(str(entry["actor"]) for entry in entries)
    return render(
        request,
        "console/consent/proof.html",
        {
            "contact": contact,
            "name": name_of(contact),
            "entries": [{**entry, "by_whom": by_whom[str(entry["actor"])]} for entry in entries],
            "check": checks.latest_ended(here.workspace.pk),
        },
    )


@require_POST
def proof_file(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Let one person's proof be taken out of the house, which is written down."""
    here = enter(request, Right.PROVE)
    contact = contact_for(here, contact_id)
    found = hand_out_person(contact.pk, workspace_id=here.workspace.pk, by=str(request.user), at=clock.now())
    return JsonResponse(
        found,
        json_dumps_params={"ensure_ascii": False, "indent": 1},
        headers={"Content-Disposition": f'attachment; filename="consent-{contact.pk}.json"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def topics(request: ConsoleRequest) -> HttpResponse:
    """Answer "What can people agree to?", and make another topic."""
    here = enter(request, Right.BRING_PEOPLE)
    form = NewTopicForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            add_topic(
                here.workspace.pk,
                name=values["name"],
                description=values["description"],
                kind=TopicKind(values["kind"]),
                promise=form.promise(),
                by=str(request.user),
                at=clock.now(),
            )
        except TopicError as error:
            form.add_error("name", gettext(str(error)))
        else:
            messages.success(request, gettext("The topic is there: people can agree to it now."))
            return redirect("topics")
    counts = overview.topics(here.workspace)
    return render(request, "console/consent/topics.html", {"form": form, "topics": counts})


@require_http_methods(["GET", "HEAD", "POST"])
def topic(request: ConsoleRequest, topic_id: int) -> HttpResponse:
    """Call a topic otherwise."""
    here = enter(request, Right.BRING_PEOPLE)
    found: Topic = topic_for(here, topic_id)
    told = ("name", "description", "promised_messages", "promised_days")
    form = TopicForm(request.POST or None, initial={name: getattr(found, name) for name in told})
    if request.method == "POST" and form.is_valid():
        try:
            change_topic(
                found.pk,
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                promise=form.promise(),
                by=str(request.user),
                at=clock.now(),
            )
        except TopicError as error:
            form.add_error("name", gettext(str(error)))
        else:
            return redirect("topics")
    return render(request, "console/consent/topic.html", {"topic": found, "form": form})
