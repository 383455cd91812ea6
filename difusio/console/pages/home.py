"""Home: the campaigns, newest first, each with its state and its funnel in a line."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from difusio.accounts.gates import workspaces_of
from difusio.campaigns.models import Campaign
from difusio.console.gates import ConsoleRequest
from difusio.reports.funnel import funnels

PAGE_SIZE: Final = 50


@require_safe
def home(request: ConsoleRequest) -> HttpResponse:
    """Answer "What do we say, when?".  Pages are cut by id, so that new campaigns shift nothing."""
    workspaces = list(workspaces_of(request.user).order_by("id"))
    newest = Campaign.objects.filter(workspace__in=workspaces).order_by("-id").select_related("workspace")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < len(str(2**63)):
        newest = newest.filter(pk__lt=int(before))
    campaigns = list(newest[: PAGE_SIZE + 1])
    shown = campaigns[:PAGE_SIZE]
    found = funnels(shown) if shown else {}
    if workspaces:
        timezone.activate(workspaces[0].time_zone)
    return render(
        request,
        "console/home.html",
        {
            "rows": [(campaign, found[campaign.pk]) for campaign in shown],
            "workspaces": workspaces,
            "is_demo": any(workspace.is_demo for workspace in workspaces),
            "older": shown[-1].pk if len(campaigns) > PAGE_SIZE else None,
            "is_first_page": not before,
        },
    )
