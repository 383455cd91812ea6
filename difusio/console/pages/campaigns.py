"""The campaigns, newest first, and one of them: what is happening, in a page that moves while it sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseStopPolling

from difusio.accounts.rights import Right
from difusio.campaigns.forecast import ends_at
from difusio.campaigns.models import Campaign, CampaignState, Round, RoundBatch, Step
from difusio.campaigns.running import batch_ids
from difusio.common import clock
from difusio.console.bubble import bubble_for
from difusio.console.gates import ConsoleRequest, Here, campaign_for, enter
from difusio.console.planning import StepLink, may_plan, step_links
from difusio.console.watch import EVERY_S, Watch, is_over
from difusio.outbox.batches import wakes_at
from difusio.outbox.room import Room, look, spread
from difusio.reports.canary import canary_news
from difusio.reports.causes import held_back
from difusio.reports.funnel import Funnel, funnels
from difusio.reports.room_wait import room_wait
from difusio.reports.standstill import standstill
from difusio.reports.states import WORDS

# A finished campaign of another day is history: its page does not ask again by itself.
_WATCHED: Final = timedelta(days=1)
# Preparing takes longer than the largest audience needs.
_LONG: Final = timedelta(minutes=2)
PAGE_SIZE: Final = 50
# In the order in which a campaign passes them.
FILTERS: Final[Mapping[str, Promise]] = {
    "": _("All"),
    CampaignState.DRAFT: _("Drafts"),
    CampaignState.SCHEDULED: WORDS[CampaignState.SCHEDULED],
    CampaignState.PREPARING: WORDS[CampaignState.PREPARING],
    CampaignState.SENDING: WORDS[CampaignState.SENDING],
    CampaignState.PAUSED: WORDS[CampaignState.PAUSED],
    "completed": WORDS["completed"],
    CampaignState.CANCELLED: WORDS[CampaignState.CANCELLED],
}


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign in the list.  step: the open step of a draft that whoever looks may plan."""

    campaign: Campaign
    funnel: Funnel
    round: Round
    step: StepLink | None


@require_safe
def index(request: ConsoleRequest) -> HttpResponse:
    """Answer "What do we say, when?".  Pages are cut by id, so that new campaigns shift nothing."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    state, name = request.GET.get("state", ""), request.GET.get("name", "").strip()
    newest = found_by(Campaign.objects.filter(workspace=here.workspace), state=state, name=name)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < len(str(2**63)):
        newest = newest.filter(pk__lt=int(before))
    campaigns = list(newest.order_by("-id")[: PAGE_SIZE + 1])
    shown = campaigns[:PAGE_SIZE]
    found = funnels(shown) if shown else {}
    rounds = (
        {one.campaign_id: one for one in Round.objects.filter(campaign__in=shown, seq=1)} if shown else {}
    )
    kept = urlencode({key: value for key, value in (("state", state), ("name", name)) if value})
    return render(
        request,
        "console/campaigns/list.html",
        {
            "rows": [Row(one, found[one.pk], rounds[one.pk], _next_step(here, one)) for one in shown],
            "older": shown[-1].pk if len(campaigns) > PAGE_SIZE else None,
            "is_first_page": not before,
            "address": f"?{kept}&" if kept else "?",
            "states": [(key, word, key == state) for key, word in FILTERS.items()],
            "name": name,
            "is_filtered": bool(kept),
            "may_plan": here.may(Right.PLAN_ALERTS),
            "has_people": here.may(Right.SEE_PEOPLE),
        },
    )


def found_by(campaigns: QuerySet[Campaign], *, state: str, name: str) -> QuerySet[Campaign]:
    """Narrow campaigns down by the state that is shown (*completed* is derived) and by a part of the name."""
    unfinished = RoundBatch.objects.filter(round__campaign=OuterRef("pk"), batch__is_open=True)
    match state:
        case (
            CampaignState.DRAFT | CampaignState.SCHEDULED | CampaignState.PREPARING | CampaignState.CANCELLED
        ):
            campaigns = campaigns.filter(state=state)
        case CampaignState.SENDING | CampaignState.PAUSED:
            campaigns = campaigns.filter(Exists(unfinished), state=state)
        case "completed":
            campaigns = campaigns.filter(
                ~Exists(unfinished), state__in=(CampaignState.SENDING, CampaignState.PAUSED)
            )
    return campaigns.filter(name__icontains=name) if name else campaigns


def _next_step(here: Here, campaign: Campaign) -> StepLink | None:
    if campaign.state != CampaignState.DRAFT or not may_plan(here, campaign.kind):
        return None
    return step_links(Step(campaign.open_step), campaign)[list(Step).index(Step(campaign.open_step))]


@require_safe
def show(request: ConsoleRequest, campaign_id: int) -> HttpResponse:
    """Answer "What is happening?": the whole page, or only its moving part."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    campaign = campaign_for(here, campaign_id)
    funnel = funnels([campaign])[campaign.pk]
    waits = campaign.state == CampaignState.SENDING and bool(funnel.waiting)
    room = look(campaign.number.portfolio, at=clock.now()) if waits else Room(None)
    shown = {
        "campaign": campaign,
        "funnel": funnel,
        "standstill": standstill(campaign),
        "canary": canary_news(campaign),
        "held_back": held_back(campaign.number) if waits else "",
        "room_wait": room_wait(campaign, funnel.waiting, room, at=clock.now()),
        "pace": _pace(campaign, funnel, room, None),
        "has_people": here.may(Right.SEE_PEOPLE),
        "may_steer": here.may(Right.STEER),
        "may_plan": may_plan(here, campaign.kind),
        "every_s": EVERY_S,
    }
    if request.htmx and funnel.audience:
        return _moving_part(request, campaign, funnel, room, shown)
    first = Round.objects.get(campaign=campaign, seq=1)
    step = _next_step(here, campaign)
    shown |= {
        "round": first,
        "next_url": step.url if step else "",
        "next_word": step.word.lower() if step else "",
        "is_waiting_long": _waits_long(first),
    }
    if request.htmx:
        return _moving_part(request, campaign, funnel, room, shown)
    launched_at = first.launched_at
    return render(
        request,
        "console/campaigns/show.html",
        {
            **shown,
            "launched_at": launched_at,
            "not_after": ends_at(campaign.kind, first.not_after, leaves_at=launched_at)
            if launched_at
            else first.not_after,
            "bubble": bubble_for(campaign),
            "watch": Watch.of(funnel, at=clock.now()) if _may_move(funnel, launched_at) else None,
        },
    )


def _waits_long(first: Round) -> bool:
    return first.preparing_since is not None and clock.now() - first.preparing_since > _LONG


def _may_move(funnel: Funnel, launched_at: datetime | None) -> bool:
    is_history = launched_at is not None and launched_at < clock.now() - _WATCHED
    return not (is_history and funnel.is_finished)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it goes.  now: messages a second, None while that is not measured; limit: of the number."""

    now: int | None
    limit: int
    done_at: datetime


def _pace(campaign: Campaign, funnel: Funnel, room: Room, measured: int | None) -> Pace | None:
    """Say how fast a campaign goes and until when, by pace, nights and room; None while it does not.

    Cost: 2 queries while somebody sleeps.
    """
    if campaign.state != CampaignState.SENDING or not funnel.waiting:
        return None
    limit, portfolio, at = campaign.number.pace_per_s, campaign.number.portfolio, clock.now()
    pace = measured or limit
    found = spread(portfolio, room, funnel.waiting, pace_per_s=pace, at=at, are_queued=True)
    done_at = found.done_at
    if funnel.asleep:
        woken_at = wakes_at(batch_ids(campaign.pk)) or at
        done_at = max(done_at, woken_at + timedelta(seconds=funnel.asleep / pace))
    return Pace(measured, limit, done_at)


def _moving_part(
    request: ConsoleRequest, campaign: Campaign, funnel: Funnel, room: Room, shown: Mapping[str, object]
) -> HttpResponse:
    """Answer a page that asks again; 286 ends its asking."""
    seen = Watch.read(request.GET.get("seen", ""))
    if seen is not None and seen.state == CampaignState.PREPARING and campaign.state == CampaignState.DRAFT:
        # It did not leave: the check says why.
        return HttpResponseClientRedirect(reverse("campaign_check", args=[campaign.pk]))
    found = Watch.of(funnel, at=clock.now())
    watch = found.after(seen)
    # Who does not say what they saw asks once: at the end there is nothing to wait for.
    ends = is_over(funnel, watch) or (seen is None and funnel.is_finished)
    answer = render(
        request,
        "console/campaigns/_moving.html",
        {
            **shown,
            "pace": _pace(campaign, funnel, room, found.pace(seen)),
            "watch": None if ends else watch,
            "is_news": watch.is_news(seen),
            "is_another_state": seen is None or seen.state != watch.state,
        },
    )
    return HttpResponseStopPolling(answer.content) if ends else answer
