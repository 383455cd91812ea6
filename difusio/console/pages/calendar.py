"""The month: which rounds left and which are to leave, day by day in the workspace's time zone."""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from difusio.accounts.models import Workspace
from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.common import clock
from difusio.console.gates import ConsoleRequest, enter
from difusio.reports.funnel import Funnel, funnels

# Weeks begin on Monday.
_WEEKS: Final = calendar.Calendar(calendar.MONDAY)
_YEARS: Final = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A round that left, or is to leave, at a moment."""

    campaign: Campaign
    funnel: Funnel
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """One cell.  is_outside: it belongs to the month before or after."""

    date: date
    is_today: bool
    is_outside: bool
    rounds: Sequence[Leaving]


@require_safe
def month(request: ConsoleRequest) -> HttpResponse:
    """Answer "What do we say, when?" by day.  Cost: 2 queries, whatever the month holds."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    zone = ZoneInfo(here.workspace.time_zone)
    today = clock.now().astimezone(zone).date()
    first = _month(request.GET.get("month", "")) or today.replace(day=1)
    weeks = _WEEKS.monthdatescalendar(first.year, first.month)
    rounds = _rounds(here.workspace, weeks[0][0], weeks[-1][-1], zone)
    days = [
        [Day(day, day == today, day.month != first.month, rounds.get(day, ())) for day in week]
        for week in weeks
    ]
    return render(
        request,
        "console/campaigns/calendar.html",
        {
            "first": first,
            "weeks": days,
            "weekdays": weeks[0],
            "previous": _neighbour(first, -1),
            "following": _neighbour(first, 1),
            "is_this_month": first == today.replace(day=1),
            "is_empty": not any(day.rounds for week in days for day in week if not day.is_outside),
            "may_plan": here.may(Right.PLAN_ALERTS),
        },
    )


def _month(text: str) -> date | None:
    """Read 2026-12; None for anything else, since addresses come from outside."""
    year, dash, number = text.partition("-")
    if not (
        dash and text.isascii() and year.isdecimal() and number.isdecimal() and len(text) == len("2026-12")
    ):
        return None
    is_month = int(year) in _YEARS and 1 <= int(number) <= 12  # noqa: PLR2004  # months of a year
    return date(int(year), int(number), 1) if is_month else None


def _neighbour(first: date, way: int) -> date:
    return (first + timedelta(days=31 if way > 0 else -1)).replace(day=1)


def _rounds(workspace: Workspace, first: date, last: date, zone: ZoneInfo) -> dict[date, list[Leaving]]:
    begin = datetime.combine(first, time.min, tzinfo=zone)
    end = datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone)
    found = list(
        Round.objects.filter(campaign__workspace=workspace)
        .exclude(launched_at=None, campaign__state__in=(CampaignState.DRAFT, CampaignState.CANCELLED))
        .annotate(leaves_at=Coalesce("launched_at", "scheduled_for"))
        .filter(leaves_at__gte=begin, leaves_at__lt=end)
        .select_related("campaign")
        .order_by("leaves_at", "id")
    )
    known = funnels([one.campaign for one in found]) if found else {}
    days: dict[date, list[Leaving]] = defaultdict(list)
    for one in found:
        days[one.leaves_at.astimezone(zone).date()].append(
            Leaving(one.campaign, known[one.campaign_id], one.leaves_at)
        )
    return days
