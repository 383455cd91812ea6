"""The campaigns, newest first, and one of them: what is happening, in a page that moves while it sends."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign, Round
from difusio.common import clock
from difusio.console.bubble import bubble_for
from difusio.console.gates import ConsoleRequest, campaign_for, enter
from difusio.console.watch import EVERY_S, Watch, is_over
from difusio.reports.funnel import Funnel, funnels
from difusio.reports.standstill import standstill

# A finished campaign of another day is history: its page does not ask again by itself.
_WATCHED: Final = timedelta(days=1)
PAGE_SIZE: Final = 50


@require_safe
def index(request: ConsoleRequest) -> HttpResponse:
    """Answer "What do we say, when?".  Pages are cut by id, so that new campaigns shift nothing."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    newest = Campaign.objects.filter(workspace=here.workspace).order_by("-id")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < len(str(2**63)):
        newest = newest.filter(pk__lt=int(before))
    campaigns = list(newest[: PAGE_SIZE + 1])
    shown = campaigns[:PAGE_SIZE]
    found = funnels(shown) if shown else {}
    return render(
        request,
        "console/campaigns.html",
        {
            "rows": [(campaign, found[campaign.pk]) for campaign in shown],
            "older": shown[-1].pk if len(campaigns) > PAGE_SIZE else None,
            "is_first_page": not before,
        },
    )


@require_safe
def show(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Answer "What is happening?": the whole page, or only its moving part."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    campaign = campaign_for(here, campaign_id)
    funnel = funnels([campaign])[campaign.pk]
    shown = {
        "campaign": campaign,
        "funnel": funnel,
        "standstill": standstill(campaign),
        "may_steer": here.may(Right.STEER),
        "every_s": EVERY_S,
    }
    if request.htmx:
        return _moving_part(request, funnel, shown)
    launched_at = Round.objects.filter(campaign=campaign).aggregate(last=Max("launched_at"))["last"]
    return render(
        request,
        "console/campaign.html",
        {
            **shown,
            "launched_at": launched_at,
            "bubble": bubble_for(campaign),
            "watch": Watch.of(funnel) if _may_move(funnel, launched_at) else None,
        },
    )


def _may_move(funnel: Funnel, launched_at: datetime | None) -> bool:
    is_history = launched_at is not None and launched_at < clock.now() - _WATCHED
    return not (is_history and funnel.is_finished)


def _moving_part(request: ConsoleRequest, funnel: Funnel, shown: Mapping[str, object]) -> HttpResponse:
    """Answer a page that asks again; 286 ends its asking."""
    seen = Watch.read(request.GET.get("seen", ""))
    watch = Watch.of(funnel).after(seen)
    # Who does not say what they saw asks once: at the end there is nothing to wait for.
    ends = is_over(funnel, watch) or (seen is None and funnel.is_finished)
    answer = render(
        request,
        "console/_moving.html",
        {
            **shown,
            "watch": None if ends else watch,
            "is_news": watch.is_news(seen),
            "is_another_state": seen is None or seen.state != watch.state,
        },
    )
    return HttpResponseStopPolling(answer.content) if ends else answer
