"""Plan a campaign in steps, each a page with one question: whom, what, when.  Checking it is ``pages.checking``."""

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from difusio.accounts.rights import Right
from difusio.campaigns.copy import copy as copy_campaign
from difusio.campaigns.delete import delete as delete_campaign
from difusio.campaigns.edit import edit_what, edit_when, edit_whom
from difusio.campaigns.errors import (
    AlertWithoutService,
    CampaignError,
    EndsBefore,
    MarketingWithoutTopic,
)
from difusio.campaigns.models import Campaign, CampaignKind, Round, Step
from difusio.campaigns.plan import Message, plan
from difusio.common import clock
from difusio.common.sentences import SentenceError
from difusio.console import wording
from difusio.console.bubble import one_of_audience
from difusio.console.campaign_forms import WhenForm, WhomForm
from difusio.console.gates import ConsoleRequest, Here, enter
from difusio.console.planning import Reach, is_open, kinds_for, plan_for, reach, reach_of, step_links

_FORM_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(_FORM_METHODS)
def new(request: ConsoleRequest) -> HttpResponse:
    """Ask the first question of a new campaign; its answer is stored as a draft."""
    return _whom(request, enter(request, Right.PLAN_ALERTS), None)


@require_http_methods(_FORM_METHODS)
def whom(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Answer "Who gets it?"."""
    here = enter(request, Right.PLAN_ALERTS)
    campaign = plan_for(here, campaign_id)
    return _whom(request, here, campaign) if is_open(campaign) else redirect("campaign", campaign.pk)


def _whom(request: ConsoleRequest, here: Here, campaign: Campaign | None) -> HttpResponse:
    is_asked = bool(request.htmx) and "count" in request.GET
    data = request.POST if request.method == "POST" else request.GET if is_asked else None
    form = WhomForm(
        data,
        workspace=here.workspace,
        kinds=kinds_for(here),
        initial=WhomForm.told(campaign) if campaign else None,
    )
    if request.method == "POST" and "look" not in request.POST and form.is_valid():
        saved = _save_whom(form, here, campaign)
        if saved is not None:
            return redirect("campaign_what", saved.pk)
    shown: dict[str, object] = {"count_form": "#whom-form"}
    if is_asked or "look" in request.POST:
        shown |= _counted(form)
    if request.htmx:
        return render(request, "console/campaigns/_side.html", shown)
    return render(
        request,
        "console/campaigns/whom.html",
        {
            **shown,
            "campaign": campaign,
            "form": form,
            "steps": step_links(Step.WHOM, campaign),
            "may_bring": here.may(Right.BRING_PEOPLE),
            "may_manage": here.may(Right.MANAGE),
        },
    )


def _save_whom(form: WhomForm, here: Here, campaign: Campaign | None) -> Campaign | None:
    facts = form.whom()
    try:
        if campaign is not None:
            return edit_whom(campaign.pk, facts)
        return plan(
            workspace_id=here.workspace.pk,
            name=facts.name,
            kind=facts.kind,
            topic_id=facts.topic_id,
            segment_id=facts.segment_id,
            number_id=facts.number_id,
            by=str(here.user),
            at=clock.now(),
        )
    except (AlertWithoutService, MarketingWithoutTopic) as error:
        form.add_error("topic", str(error))
    except CampaignError as error:
        form.add_error(None, str(error))
    return None


def _counted(form: WhomForm) -> dict[str, object]:
    """Count whom a form asks for, as far as it says so already; the rest of it may still be empty."""
    form.is_valid()
    values = form.cleaned_data
    if not all(values.get(name) for name in ("topic", "segment", "number", "kind")):
        return {"reach": None}
    try:
        found: Reach | None = reach(
            segment=values["segment"],
            topic=values["topic"],
            number=values["number"],
            kind=CampaignKind(values["kind"]),
            at=clock.now(),
        )
    except SentenceError as error:
        return {"reach": None, "reach_error": str(error)}
    return {"reach": found}


@require_http_methods(_FORM_METHODS)
def what(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Answer "What does it say?"."""
    here = enter(request, Right.PLAN_ALERTS)
    campaign = plan_for(here, campaign_id)
    if not is_open(campaign):
        return redirect("campaign", campaign.pk)
    if request.htmx and "count" in request.GET:
        return render(request, "console/campaigns/_side.html", counted(campaign))
    is_tried = request.method == "POST" and not {"look", "put"} & set(request.POST)
    message = _message(request.POST, here) if request.method == "POST" else wording.stored(campaign)
    read = wording.read(campaign, message)
    if is_tried and read.is_right:
        try:
            edit_what(campaign.pk, read.message)
        except CampaignError as error:
            messages.error(request, str(error))
        return redirect("campaign_when", campaign.pk)
    asked = request.POST if request.method == "POST" else request.GET
    who, chosen = asked.get("who", ""), asked.get("contact", "")
    if not (who or chosen) and (first := one_of_audience(campaign)):
        chosen = str(first.pk)
    contact, offered = wording.people(here.workspace, who=who, chosen=chosen)
    shown = {
        "campaign": campaign,
        "wording": read,
        "who": who,
        "contact": contact,
        "people": offered,
        "bubble": read.bubble(contact),
        # A page that was only just opened, or a template just chosen, blames nobody for what they have not written yet.
        "is_blamed": request.method == "POST" and request.POST.get("look") != "1",
    }
    if request.htmx and request.POST.get("look") == "preview":
        return render(request, "console/campaigns/_preview.html", {**shown, "is_oob": True})
    shown |= {
        "templates": wording.template_names(campaign),
        "merge_choices": wording.merge_choices(here.workspace),
    }
    if request.htmx:
        return render(request, "console/campaigns/_message.html", {**shown, "is_oob": True})
    if "count" in request.GET:
        shown |= counted(campaign)
    return render(request, "console/campaigns/what.html", {**shown, "steps": step_links(Step.WHAT, campaign)})


def _message(data: QueryDict, here: Here) -> Message:
    """Read what a form says; "put" writes a merge field into the placeholder that it names."""
    values = {
        name.removeprefix(wording.VALUE_PREFIX): text
        for name, text in data.items()
        if name.startswith(wording.VALUE_PREFIX) and isinstance(text, str)
    }
    put = data.get("put")
    if put is not None:
        known = {choice.path for choice in wording.merge_choices(here.workspace)}
        path = data.get(f"field-{put}", "")
        if path in known:
            values[put] = wording.merge_text(path, data.get(f"default-{put}", ""))
    return Message(data.get("template", ""), data.get("language", ""), values)


def counted(campaign: Campaign) -> dict[str, object]:
    """Count who would get a draft, for the side of a page."""
    try:
        return {"reach": reach_of(campaign, at=clock.now())}
    except SentenceError as error:
        return {"reach": None, "reach_error": str(error)}


@require_http_methods(_FORM_METHODS)
def when(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Answer "When does it leave?"."""
    here = enter(request, Right.PLAN_ALERTS)
    campaign = plan_for(here, campaign_id)
    if not is_open(campaign):
        return redirect("campaign", campaign.pk)
    if campaign.open_step == Step.WHAT:
        return redirect("campaign_what", campaign.pk)
    if request.htmx and "count" in request.GET:
        return render(request, "console/campaigns/_side.html", counted(campaign))
    zone = here.workspace.time_zone
    first = Round.objects.get(campaign=campaign, seq=1)
    form = WhenForm(request.POST or None, zone=zone, initial=WhenForm.told(first, zone))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            edit_when(
                campaign.pk,
                values["moment"],
                not_after=values["not_after"],
                has_canary=values["canary"],
                at=clock.now(),
            )
        except EndsBefore as error:
            form.add_error("end_date", str(error))
        except CampaignError as error:
            form.add_error("date", str(error))
        else:
            return redirect("campaign_check", campaign.pk)
    return render(
        request,
        "console/campaigns/when.html",
        {
            "campaign": campaign,
            "form": form,
            "zone": zone.replace("_", " "),
            "steps": step_links(Step.WHEN, campaign),
            **(counted(campaign) if "count" in request.GET else {}),
        },
    )


@require_POST
def copy(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Begin a draft like this campaign."""
    here = enter(request, Right.PLAN_ALERTS)
    campaign = plan_for(here, campaign_id)
    name = _("Copy of %(name)s") % {"name": campaign.name}
    try:
        made = copy_campaign(campaign.pk, name=name, by=str(here.user), at=clock.now())
    except CampaignError as error:
        messages.error(request, str(error))
        return redirect("campaign", campaign.pk)
    return redirect("campaign_whom", made.pk)


@require_http_methods(_FORM_METHODS)
def delete(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Ask once, then delete a campaign that never left."""
    here = enter(request, Right.PLAN_ALERTS)
    campaign = plan_for(here, campaign_id)
    if Round.objects.filter(campaign=campaign, launched_at__isnull=False).exists():
        raise Http404
    if request.method != "POST":
        return render(request, "console/campaigns/delete.html", {"campaign": campaign})
    try:
        delete_campaign(campaign.pk, by=str(here.user), at=clock.now())
    except CampaignError as error:
        messages.error(request, str(error))
        return redirect("campaign", campaign.pk)
    messages.success(request, _("%(name)s is deleted.") % {"name": campaign.name})
    return redirect("campaigns")
