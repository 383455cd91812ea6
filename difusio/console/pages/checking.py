"""The last step: pre-flight, and launching or scheduling what it lets pass."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from difusio.accounts.rights import Right
from difusio.campaigns.errors import CampaignError
from difusio.campaigns.findings import said
from difusio.campaigns.models import Campaign, CampaignState, Round, Step
from difusio.campaigns.preflight import Preflight, preflight
from difusio.campaigns.prepare import prepare, take_back
from difusio.campaigns.schedule import schedule
from difusio.campaigns.unschedule import unschedule as unschedule_campaign
from difusio.common import clock
from difusio.common.sealed import DamagedValueError
from difusio.common.sentences import SentenceError
from difusio.console.bubble import bubble_for
from difusio.console.gates import ConsoleRequest, enter
from difusio.console.known_count import is_count, is_known, is_typed
from difusio.console.planning import is_open, plan_for, segment_sentence, skips, step_links
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.sync import sync
from difusio.rules.findings import Level


@require_safe
def check(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Answer "Who gets it, who does not, may we?".

    Counting a million people takes seconds, so that the page comes first and its numbers after it.
    """
    campaign = plan_for(enter(request, Right.PLAN_ALERTS), campaign_id)
    if not is_open(campaign):
        return redirect("campaign", campaign.pk)
    if campaign.open_step in {Step.WHAT, Step.WHEN}:
        return redirect(f"campaign_{campaign.open_step}", campaign.pk)
    first = Round.objects.get(campaign=campaign, seq=1)
    shown: dict[str, object] = {"campaign": campaign, "round": first}
    if request.htmx or "count" in request.GET:
        shown |= _checked(campaign, first)
    if request.htmx:
        return render(request, "console/campaigns/_preflight.html", shown)
    return render(
        request,
        "console/campaigns/check.html",
        {**shown, "bubble": bubble_for(campaign), "steps": step_links(Step.CHECK, campaign)},
    )


def _checked(campaign: Campaign, first: Round) -> dict[str, object]:
    at = clock.now()
    try:
        found = preflight(campaign.pk, at=at)
    except SentenceError as error:
        return {"preflight_error": str(error)}
    return {
        "preflight": found,
        "sentence": segment_sentence(campaign.segment),
        "skips": skips(found.skipped),
        "findings": [(finding, said(finding)) for finding in found.findings],
        "room": found.room,
        "versions": sorted(found.versions.items(), key=lambda pair: (-pair[1], pair[0])),
        "may_launch": _may_launch(found, campaign, first),
        "is_typed": is_typed(found.eligible),
        "is_stale": any(one.rule == "fresh_category" for one in found.findings),
    }


def _may_launch(found: Preflight, campaign: Campaign, first: Round) -> bool:
    if not found.eligible or campaign.number.stopped_for:
        return False
    # A scheduled one reads its templates anew before it leaves.
    mended = {"fresh_category"} if first.scheduled_for else set[str]()
    return not any(one.level is Level.BLOCK and one.rule not in mended for one in found.findings)


@require_POST
def refresh(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Read the templates from Meta again: what the pre-flight asks for when they are a day old."""
    here = enter(request, Right.PLAN_ALERTS)
    campaign = plan_for(here, campaign_id)
    try:
        sync(workspace_id=here.workspace.pk, number_id=campaign.number_id, at=clock.now())
    except MessageTemplateError as error:
        messages.error(request, str(error))
    except DamagedValueError:
        messages.error(request, _("The access token of this number cannot be read: put in a new one."))
    return redirect("campaign_check", campaign.pk)


@require_POST
def launch(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Have a draft launched, or schedule it if it is to leave later; never to more people than were shown."""
    here = enter(request, Right.PLAN_ALERTS)
    campaign = plan_for(here, campaign_id)
    shown, typed = request.POST.get("shown", ""), request.POST.get("typed", "")
    if not is_count(shown):
        return redirect("campaign_check", campaign.pk)
    if not is_known(int(shown), typed=typed):
        messages.error(request, _("Type the number of people who get it, as it stands above."))
        return redirect("campaign_check", campaign.pk)
    moment = Round.objects.get(campaign=campaign, seq=1).scheduled_for
    try:
        if moment is None or campaign.state == CampaignState.SCHEDULED:
            prepare(
                campaign.pk,
                by=str(here.user),
                at=clock.now(),
                language=get_language() or settings.LANGUAGE_CODE,
                at_most=int(shown),
            )
        else:
            schedule(campaign.pk, moment, by=str(here.user), at=clock.now())
    except SentenceError as error:
        messages.error(request, str(error))
        return redirect("campaign_check", campaign.pk)
    return redirect("campaign", campaign.pk)


@require_POST
def unschedule(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Take a scheduled campaign, or one that is being prepared, back to the drafts."""
    here = enter(request, Right.PLAN_ALERTS)
    campaign = plan_for(here, campaign_id)
    if campaign.state == CampaignState.PREPARING:
        take_back(campaign.pk, by=str(here.user), at=clock.now())
        return redirect("campaign", campaign.pk)
    try:
        unschedule_campaign(campaign.pk, by=str(here.user), at=clock.now())
    except CampaignError as error:
        messages.error(request, str(error))
        return redirect("campaign", campaign.pk)
    return redirect("campaign_check", campaign.pk)
