"""Pause, resume and cancel a campaign, and stop everything: forms that work without JavaScript."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from difusio.accounts.rights import Right
from difusio.campaigns.canary import go_on
from difusio.campaigns.cancel import cancel as cancel_campaign
from difusio.campaigns.errors import CampaignError
from difusio.campaigns.models import Campaign, CampaignState
from difusio.campaigns.pause import pause as pause_campaign
from difusio.campaigns.resume import resume as resume_campaign
from difusio.campaigns.stop import stop_everything as stop_campaigns
from difusio.campaigns.stop import under_way
from difusio.common import clock
from difusio.console.gates import ConsoleRequest, campaign_for, enter
from difusio.reports.funnel import Funnel, funnels

# Nobody lets more campaigns than that go on from one page.
_SHOWN_PAUSED: Final = 50


@require_POST
def pause(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Let nothing more leave for now."""
    campaign = campaign_for(enter(request, Right.STEER), campaign_id)
    try:
        pause_campaign(campaign.pk, by=str(request.user), at=clock.now())
    except CampaignError as error:
        # Somebody else was quicker: the page shows what is true now, and why the act did nothing.
        messages.error(request, str(error))
    return redirect("campaign", campaign.pk)


@require_POST
def resume(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Let the rest go out."""
    campaign = campaign_for(enter(request, Right.STEER), campaign_id)
    try:
        resume_campaign(campaign.pk, by=str(request.user), at=clock.now())
    except CampaignError as error:
        messages.error(request, str(error))
    return redirect("campaign", campaign.pk)


@require_POST
def let_rest_go(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Let the rest of a campaign go, whatever its canary says."""
    campaign = campaign_for(enter(request, Right.STEER), campaign_id)
    try:
        go_on(campaign.pk, by=str(request.user), at=clock.now())
    except CampaignError as error:
        messages.error(request, str(error))
    return redirect("campaign", campaign.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Ask once, saying how many will not get it, since nobody can take it back; then end the campaign."""
    campaign = campaign_for(enter(request, Right.STEER), campaign_id)
    if request.method != "POST":
        funnel = funnels([campaign])[campaign.pk]
        return render(request, "console/campaigns/cancel.html", {"campaign": campaign, "funnel": funnel})
    try:
        cancel_campaign(campaign.pk, by=str(request.user), at=clock.now())
    except CampaignError as error:
        messages.error(request, str(error))
    return redirect("campaign", campaign.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def stop_everything(request: ConsoleRequest) -> HttpResponse:
    """Say what stops, and stop it; afterwards say what stands still, and how each goes on."""
    here = enter(request, Right.STEER)
    if request.method == "POST":
        stop_campaigns(here.workspace.pk, by=str(here.user), at=clock.now())
        return redirect("stop_everything")
    sending = list(under_way(here.workspace.pk))
    of_workspace = Campaign.objects.filter(workspace=here.workspace)
    scheduled = list(
        of_workspace.filter(state__in=[CampaignState.SCHEDULED, CampaignState.PREPARING], rounds__seq=1)
        .annotate(leaves_at=F("rounds__scheduled_for"))
        .order_by("leaves_at", "id")
    )
    paused = list(of_workspace.filter(state=CampaignState.PAUSED).order_by("-id")[:_SHOWN_PAUSED])
    found = funnels([*sending, *paused]) if sending or paused else {}
    return render(
        request,
        "console/campaigns/stop.html",
        {
            "sending": _unfinished(sending, found),
            "scheduled": scheduled,
            "paused": _unfinished(paused, found),
        },
    )


def _unfinished(campaigns: Sequence[Campaign], found: Mapping[int, Funnel]) -> list[tuple[Campaign, Funnel]]:
    return [(one, found[one.pk]) for one in campaigns if not found[one.pk].is_finished]
