"""Pause, resume and cancel a campaign: forms that work without JavaScript and lead back to its page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from difusio.accounts.rights import Right
from difusio.campaigns.cancel import cancel as cancel_campaign
from difusio.campaigns.errors import CampaignError
from difusio.campaigns.pause import pause as pause_campaign
from difusio.campaigns.resume import resume as resume_campaign
from difusio.common import clock
from difusio.console.gates import ConsoleRequest, campaign_for, enter
from difusio.reports.funnel import funnels


@require_POST
def pause(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Let nothing more leave for now."""
    campaign = campaign_for(enter(request, Right.STEER), campaign_id)
    try:
        pause_campaign(campaign.pk, by=str(request.user), at=clock.now())
    except CampaignError as error:
        # Somebody else was quicker: the page shows what is true now, and why the act did nothing.
        messages.error(request, gettext(str(error)))
    return redirect("campaign", campaign.pk)


@require_POST
def resume(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Let the rest go out."""
    campaign = campaign_for(enter(request, Right.STEER), campaign_id)
    try:
        resume_campaign(campaign.pk, by=str(request.user), at=clock.now())
    except CampaignError as error:
        messages.error(request, gettext(str(error)))
    return redirect("campaign", campaign.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Ask once, saying how many will not get it, since nobody can take it back; then end the campaign."""
    campaign = campaign_for(enter(request, Right.STEER), campaign_id)
    if request.method != "POST":
        funnel = funnels([campaign])[campaign.pk]
        return render(request, "console/cancel.html", {"campaign": campaign, "funnel": funnel})
    try:
        cancel_campaign(campaign.pk, by=str(request.user), at=clock.now())
    except CampaignError as error:
        messages.error(request, gettext(str(error)))
    return redirect("campaign", campaign.pk)
