"""Home: is all well, and what is next?  Until the first message has left, it leads there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.common import clock
from difusio.console.gates import ConsoleRequest, Here, enter, where
from difusio.console.pages import webhooks
from difusio.console.pages.settings import Health, health
from difusio.contacts.models import Contact
from difusio.inbox.models import Conversation
from difusio.message_templates.choose import STATUS_SENTENCES
from difusio.message_templates.models import ChangeKind, Template, TemplateChange
from difusio.outbox.models import ServiceWindow, Tally
from difusio.reports.canary import canary_news
from difusio.reports.funnel import funnels
from difusio.reports.standstill import standstill
from difusio.reports.week import weeks

_RUNNING: Final = 5
_NEXT: Final = 3
_HELD_BACK: Final = 5
_LOST: Final = 5
# A template that was refused long ago is no news, and nobody need delete it.
_LATELY: Final = timedelta(days=7)
_WORDS: Final = {
    "accepted": _("Accepted"),
    "delivered": _("Delivered"),
    "read": _("Read"),
    "replied": _("Replied"),
    "left": _("Left"),
}


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step of the first run.

    url: where it is done, "" where there is no page for whoever looks.  other_url: another way to do it, if there is.
    """

    word: str | Promise
    help: str | Promise
    is_done: bool
    url: str
    act: str | Promise
    other_url: str = ""
    other_act: str | Promise = ""


@require_safe
def home(request: ConsoleRequest) -> HttpResponse:
    """Answer "Is all well, what is next?"; whoever has no workspace reads how to get into one."""
    if where(request) is None:
        return render(request, "console/no_workspace.html", status=403)
    here = enter(request, Right.SEE_CAMPAIGNS)
    numbers = health(here)
    steps = _first_steps(here, numbers)
    told: dict[str, Any] = {
        "numbers": numbers,
        "steps": steps,
        "may_new": here.may(Right.PLAN_MARKETING) or here.may(Right.PLAN_ALERTS),
        "may_manage": here.may(Right.MANAGE),
        "may_see_people": here.may(Right.SEE_PEOPLE),
        "aside": webhooks.waiting(here) if here.may(Right.MANAGE) else 0,
        **_needs(here),
        **_campaigns(here),
        **_weeks(here),
    }
    told["is_well"] = not (
        told["waiting"]
        or told["held"]
        or told["parked"]
        or told["aside"]
        or told["templates"]
        or any(not one.is_well for one in numbers)
        or any(standing for _campaign, _funnel, standing in told["running"])
    )
    return render(request, "console/home.html", told)


def _first_steps(here: Here, numbers: list[Health]) -> list[FirstStep]:
    """Tell what is still to do before the first message; nothing once one has left.  Cost: 1 query, until then 3."""
    workspace = here.workspace
    if Tally.objects.filter(batch__workspace=workspace, measure="accepted", n__gt=0).exists():
        return []
    has_people = Contact.objects.filter(workspace=workspace).exists()
    has_templates = Template.objects.filter(workspace=workspace, status="APPROVED").exists()
    manages = here.may(Right.MANAGE)
    number_url = reverse("number", args=[numbers[0].number.pk]) if numbers and manages else ""
    return [
        FirstStep(_("An owner"), _("Whoever signs in first answers for what is sent."), True, "", ""),
        FirstStep(
            _("A number"),
            _("Yours at Meta; or the simulator on this machine, to try everything out."),
            bool(numbers),
            reverse("number_simulator") if manages else "",
            _("Try it with the simulator"),
            reverse("number_new") if manages else "",
            _("Add yours at Meta"),
        ),
        FirstStep(
            _("A template"),
            _("What Meta has approved. The simulator has two to begin with."),
            has_templates,
            number_url,
            _("Ask for the templates"),
        ),
        FirstStep(
            _("A test message"),
            _("To yourself: you are the first contact, and you agree to it."),
            False,
            reverse("test_message") if numbers and has_templates and here.may(Right.PLAN_MARKETING) else "",
            _("Send a test message"),
        ),
        FirstStep(
            _("Your contacts"),
            _("From a file, with what each of them agreed to."),
            has_people,
            reverse("imports") if here.may(Right.BRING_PEOPLE) else "",
            _("Bring them in"),
        ),
    ]


def _needs(here: Here) -> dict[str, Any]:
    """Tell what only a person can settle.  Cost: 4 queries, 1 less for who sees no conversations."""
    now = clock.now()
    waiting = here.waiting if here.may(Right.SEE_TALKS) else 0
    closing = 0
    if waiting:
        closing = Conversation.objects.filter(
            workspace=here.workspace,
            waiting_since__isnull=False,
            contact__in=ServiceWindow.objects.filter(
                workspace=here.workspace, closes_at__gt=now, closes_at__lt=now + timedelta(hours=2)
            ).values("contact"),
        ).count()
    # Those of no campaign are answers and tests.
    parked = (
        Tally.objects.filter(batch__workspace=here.workspace, measure="parked", detail="", n__gt=0)
        .values_list("batch__round_batch__round__campaign", "batch__round_batch__round__campaign__name")
        .annotate(total=Sum("n"))
        .order_by("-batch__round_batch__round__campaign")[:_HELD_BACK]
    )
    held = (
        Round.objects.filter(campaign__workspace=here.workspace, campaign__state=CampaignState.DRAFT)
        .exclude(held_back="")
        .select_related("campaign")
        .order_by("-id")[:_HELD_BACK]
    )
    return {
        "waiting": waiting,
        "closing": closing,
        "parked": list(parked),
        "held": list(held),
        "templates": _lost_templates(here, now),
    }


def _lost_templates(here: Here, now: datetime) -> list[tuple[Template, str]]:
    """Name the templates that Meta took out of use, and say what to do: paused ones, and what it refused lately."""
    refused_lately = TemplateChange.objects.filter(
        template=OuterRef("pk"), kind=ChangeKind.STATUS, at__gt=now - _LATELY
    )
    lost = Template.objects.filter(
        Q(status="PAUSED") | Q(Exists(refused_lately), status__in=["REJECTED", "DISABLED"]),
        workspace=here.workspace,
    ).order_by("-id")[:_LOST]
    return [(one, gettext(STATUS_SENTENCES[one.status])) for one in lost]


def _campaigns(here: Here) -> dict[str, Any]:
    """Tell what runs and what comes next.  Cost: 3 queries, and 2 for each that runs."""
    running = list(
        Campaign.objects.filter(
            workspace=here.workspace,
            state__in=[CampaignState.SENDING, CampaignState.PAUSED],
            rounds__batches__batch__is_open=True,
        )
        .select_related("number")
        .distinct()
        .order_by("-id")[:_RUNNING]
    )
    found = funnels(running) if running else {}
    scheduled = (
        Round.objects.filter(
            campaign__workspace=here.workspace,
            campaign__state=CampaignState.SCHEDULED,
            launched_at=None,
            scheduled_for__isnull=False,
        )
        .select_related("campaign")
        .order_by("scheduled_for", "id")[:_NEXT]
    )
    return {
        "running": [(one, found[one.pk], _standing(one)) for one in running if not found[one.pk].is_finished],
        "scheduled": list(scheduled),
    }


def _standing(campaign: Campaign) -> tuple[str, ...]:
    """Say why a campaign that runs needs a person: it stands still, or its canary speaks against the rest."""
    canary = canary_news(campaign)
    return (*standstill(campaign), *(canary.against if canary else ()))


def _weeks(here: Here) -> dict[str, Any]:
    found = weeks(here.workspace.pk, at=clock.now())
    return {
        "weeks": found,
        "measures": [
            (_WORDS[one.key], one, None if one.key == "accepted" else found.accepted)
            for one in found.measures
        ],
    }
