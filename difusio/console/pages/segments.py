"""The segments, one of them, and the builder: who fits?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign
from difusio.common import clock
from difusio.console import tree_form
from difusio.console.gates import ConsoleRequest, Here, enter, segment_for
from difusio.console.paging import cursor
from difusio.console.tree_form import Part
from difusio.console.tree_view import kinds_to_add, shown
from difusio.segments.count import PATIENCE_S, Counted, TookLongError, ask, patience, recount
from difusio.segments.delete import SegmentUsedError
from difusio.segments.delete import delete as delete_segment
from difusio.segments.errors import SegmentError
from difusio.segments.examples import Example, examples, people
from difusio.segments.known import known, topics
from difusio.segments.models import Segment
from difusio.segments.save import add, change
from difusio.segments.save import duplicate as duplicate_segment
from difusio.segments.sentence import clause, sentence
from difusio.segments.tree import Node, TreeError, parse
from difusio.segments.why import Because, Group, why

PAGE_SIZE: Final = 50
# Whoever plans marketing may plan alerts too: this right is the lesser one.
CHANGE: Final = Right.PLAN_ALERTS


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tree says of the people there are.

    error: why it cannot be asked.  slow: why there is no number.  examples: None when finding them took too long.
    """

    sentence: str = ""
    counted: Counted | None = None
    examples: tuple[Example, ...] | None = ()
    is_out: bool = False
    error: str = ""
    slow: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition in words, and whether it holds for one person."""

    text: str
    holds: bool
    group: Group
    parts: tuple["Reason", ...] = ()


@require_safe
def index(request: ConsoleRequest) -> HttpResponse:
    """Answer "Who fits?" for every segment, with the numbers of the last time that somebody asked."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    newest = (
        Segment.objects.filter(workspace=here.workspace).annotate(uses=Count("campaigns")).order_by("-id")
    )
    before = cursor(request)
    if before is not None:
        newest = newest.filter(pk__lt=before)
    segments = list(newest[: PAGE_SIZE + 1])
    words = topics(here.workspace.pk) if segments else {}
    return render(
        request,
        "console/segments/index.html",
        {
            "rows": [(segment, _said(segment.tree, words, here)) for segment in segments[:PAGE_SIZE]],
            "older": segments[PAGE_SIZE - 1].pk if len(segments) > PAGE_SIZE else None,
            "is_first_page": before is None,
            "may_change": here.may(CHANGE),
        },
    )


@require_safe
def show(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Answer "Who fits?": the question in words, how many, ten of them, and why somebody is in or out."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    segment = segment_for(here, segment_id)
    return _show(request, here, segment, person=request.GET.get("person", ""))


@require_http_methods(["GET", "HEAD", "POST"])
def count(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Ask the segment now, keep the number, and show some people.

    Whoever asks for that page anew, in another language say, reads the segment.
    """
    here = enter(request, Right.SEE_CAMPAIGNS)
    segment = segment_for(here, segment_id)
    if request.method != "POST":
        return redirect("segment", segment.pk)
    answer = _recounted(segment, here, is_out=request.POST.get("side") == "out")
    if request.htmx:
        return render(request, "console/segments/_answer.html", {"answer": answer, "segment": segment})
    segment.refresh_from_db()
    return _show(request, here, segment, answer=answer)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ConsoleRequest) -> HttpResponse:
    """Build a segment."""
    return _build(request, enter(request, CHANGE), None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Build a saved segment further."""
    here = enter(request, CHANGE)
    return _build(request, here, segment_for(here, segment_id))


@require_POST
def answer(request: ConsoleRequest) -> HttpResponse:
    """Say what the tree in the builder's form means right now, for the page to put beside it."""
    here = enter(request, CHANGE)
    root = tree_form.read(request.POST)
    side = request.POST.get("side") == "out"
    return render(
        request,
        "console/segments/_answer.html",
        {"answer": _answered(root, here, is_out=side), "is_building": True},
    )


@require_POST
def duplicate(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Copy a segment, and lead to the copy."""
    here = enter(request, CHANGE)
    segment = segment_for(here, segment_id)
    return redirect("segment_edit", duplicate_segment(segment.pk, by=str(request.user), at=clock.now()))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Ask once, then delete a segment that no campaign uses."""
    here = enter(request, CHANGE)
    segment = segment_for(here, segment_id)
    error = ""
    if request.method == "POST":
        try:
            delete_segment(segment.pk, by=str(request.user), at=clock.now())
        except SegmentUsedError as refusal:
            error = str(refusal)
        else:
            return redirect("segments")
    return render(
        request,
        "console/segments/delete.html",
        {
            "segment": segment,
            "error": error,
            "is_used": Campaign.objects.filter(segment=segment).exists(),
            "said": _said(segment.tree, topics(here.workspace.pk), here),
        },
    )


def _show(
    request: ConsoleRequest, here: Here, segment: Segment, *, person: str = "", answer: Answer | None = None
) -> HttpResponse:
    words = topics(here.workspace.pk)
    campaigns = Campaign.objects.filter(segment=segment).order_by("-id")[:PAGE_SIZE]
    return render(
        request,
        "console/segments/show.html",
        {
            "segment": segment,
            "said": _said(segment.tree, words, here),
            "answer": answer,
            "campaigns": list(campaigns),
            "may_change": here.may(CHANGE),
            **_explained(segment.tree, person, words, here),
        },
    )


def _explained(document: object, person: str, words: Mapping[str, str], here: Here) -> dict[str, object]:
    if not person.isdecimal() or len(person) >= len(str(2**63)):
        return {}
    try:
        tree = parse(document)
    except TreeError:
        return {}
    with patience(PATIENCE_S):
        found = why(tree, contact_id=int(person), workspace_id=here.workspace.pk, at=clock.now())
    if found is None:
        return {}
    return {"person": people([int(person)])[0], "reason": _reason(found, words, here)}


def _reason(because: Because, words: Mapping[str, str], here: Here) -> Reason:
    parts = tuple(_reason(part, words, here) for part in because.parts)
    # Under "none of these" the parts are told as they are, and each of them must not hold.
    text = "" if parts else clause(because.node, topics=words, zone=_zone(here))
    return Reason(text[:1].upper() + text[1:], because.holds, because.group, parts)


def _build(request: ConsoleRequest, here: Here, segment: Segment | None) -> HttpResponse:
    if request.method != "POST":
        name, root = ("", tree_form.blank()) if segment is None else (segment.name, _part_of(segment, here))
        return _builder(request, here, segment, root, name=name)
    root = tree_form.read(request.POST)
    act, name = request.POST.get("act", ""), request.POST.get("name", "")
    if act == "save":
        return _save(request, here, segment, root, name)
    if act == "count" or "side" in request.POST:
        answer = _answered(root, here, is_out=request.POST.get("side") == "out")
        return _builder(request, here, segment, root, name=name, answer=answer)
    verb, _colon, person = act.partition(":")
    if verb == "why":
        return _builder(request, here, segment, root, name=name, answer=_answered(root, here), person=person)
    return _builder(request, here, segment, tree_form.edit(root, act), name=name)


def _save(
    request: ConsoleRequest, here: Here, segment: Segment | None, root: Part, name: str
) -> HttpResponse:
    document = tree_form.document_of(root, _zone(here))
    error = ""
    if document is None:
        error = _("Something in the question is not finished: see below.")
    else:
        try:
            segment_id = _store(here, segment, name, document, by=str(request.user))
        except (SegmentError, TreeError) as refusal:
            error = str(refusal)
        else:
            if request.htmx:
                return HttpResponseClientRedirect(reverse("segment", args=[segment_id]))
            return redirect("segment", segment_id)
    return _builder(request, here, segment, root, name=name, error=error)


def _store(here: Here, segment: Segment | None, name: str, document: object, *, by: str) -> int:
    at = clock.now()
    if segment is None:
        return add(workspace_id=here.workspace.pk, name=name, tree=document, by=by, at=at)
    change(segment.pk, name=name, tree=document, by=by, at=at)
    return segment.pk


def _builder(
    request: ConsoleRequest,
    here: Here,
    segment: Segment | None,
    root: Part,
    *,
    name: str,
    error: str = "",
    answer: Answer | None = None,
    person: str = "",
) -> HttpResponse:
    words = known(here.workspace.pk)
    explained: dict[str, object] = {}
    if person and answer is not None and not answer.error:
        document = tree_form.document_of(root, _zone(here))
        explained = _explained(document, person, words.topics, here)
    return render(
        request,
        "console/segments/_builder.html" if request.htmx else "console/segments/build.html",
        {
            "segment": segment,
            "root": shown(root, words),
            "kinds": kinds_to_add(),
            "name": name,
            "error": error,
            "answer": answer,
            "is_building": True,
            **explained,
        },
    )


def _part_of(segment: Segment, here: Here) -> Part:
    try:
        return tree_form.part_of(parse(segment.tree), _zone(here))
    except TreeError:
        return tree_form.blank()


def _answered(root: Part, here: Here, *, is_out: bool = False) -> Answer:
    document = tree_form.document_of(root, _zone(here))
    if document is None:
        return Answer(error=_("The question is not finished yet."))
    tree = parse(document)
    said = sentence(tree, topics=topics(here.workspace.pk), zone=_zone(here))
    return _asked(tree, here, said, is_out=is_out)


def _asked(tree: Node, here: Here, said: str, *, is_out: bool) -> Answer:
    at = clock.now()
    try:
        counted = ask(tree, workspace_id=here.workspace.pk, at=at)
    except TookLongError as error:
        return Answer(said, slow=str(error), is_out=is_out)
    return Answer(said, counted, _examples(tree, here, counted, is_out=is_out), is_out)


def _recounted(segment: Segment, here: Here, *, is_out: bool) -> Answer:
    try:
        tree = parse(segment.tree)
        counted = recount(segment, at=clock.now())
    except TreeError as error:
        return Answer(error=str(error))
    except TookLongError as error:
        return Answer(slow=str(error), is_out=is_out)
    return Answer("", counted, _examples(tree, here, counted, is_out=is_out), is_out)


def _examples(tree: Node, here: Here, counted: Counted, *, is_out: bool) -> tuple[Example, ...] | None:
    if counted.people == (counted.of if is_out else 0):
        return ()
    try:
        with patience(PATIENCE_S):
            return tuple(examples(tree, workspace_id=here.workspace.pk, at=clock.now(), is_out=is_out))
    except TookLongError:
        return None


def _said(document: object, words: Mapping[str, str], here: Here) -> str:
    try:
        return sentence(parse(document), topics=words, zone=_zone(here))
    except TreeError:
        return _("This question cannot be read: build it anew.")


def _zone(here: Here) -> ZoneInfo:
    return ZoneInfo(here.workspace.time_zone)
