"""The parts that the pages are made of, from the same templates: for whoever builds another page."""

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from difusio.accounts.rights import Right
from difusio.campaigns.models import CampaignState
from difusio.common import clock
from difusio.consent.answers import Answer
from difusio.consent.models import Act
from difusio.console.bubble import Bubble, spans
from difusio.console.forms import FirstRunForm
from difusio.console.gates import ConsoleRequest, enter
from difusio.reports.states import WORDS


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its meaning and its denominator."""

    word: str
    n: int
    of: int | None = None
    of_word: str = ""
    url: str = ""


@require_safe
def parts(request: ConsoleRequest) -> HttpResponse:
    """Show every part as the pages show it."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    return render(request, "console/parts.html", _samples(here.workspace.name))


def _samples(name: str) -> dict[str, Any]:
    form = FirstRunForm({"email": "dana", "workspace_name": name})
    form.is_valid()
    return {
        "states": [SimpleNamespace(state=state.value, state_word=WORDS[state]) for state in CampaignState],
        "figures": [
            Figure(_("Planned"), 1_240),
            Figure(_("Read"), 412, 1_180, _("delivered"), reverse("campaigns")),
        ],
        "form": [form["workspace_name"], form["email"]],
        "bubble": Bubble(
            header="Panellets",
            media="",
            body=tuple(spans(_("Hello Asha, the *panellets* are out of the oven."))),
            footer=_("Write STOP to leave"),
            buttons=(_("Order"),),
            language="",
            first_name="Asha",
            at=None,
            ticks="read",
        ),
        "name": "Panellets",
        "codes": ("6f3k-92md", "t8wq-17xz"),
        "none": {
            "sentence": _("No campaign fits."),
            "word": _("Show all"),
            "url": reverse("campaigns"),
        },
        "today": clock.now(),
        "days": [clock.now().date() + timedelta(days=n) for n in range(7)],
        "weeks": [
            SimpleNamespace(monday=clock.now() - timedelta(weeks=n), granted=n * n, left=n) for n in (3, 2, 1)
        ],
        "answers": [_answer(""), _answer("none")],
        "reasons": [
            SimpleNamespace(holds=holds, group="", text=_("People who read Catalan."))
            for holds in (True, False)
        ],
        "windows": [(timedelta(hours=20), False), (timedelta(minutes=44), True), (None, False)],
        "empty": {
            "title": _("Nothing here yet"),
            "sentence": _("One sentence says what this is for."),
            "act_url": reverse("campaigns"),
            "act_word": _("The one act that begins"),
        },
    }


def _answer(refusal: str) -> Answer:
    """May we write: yes with its words, or no."""
    return Answer(
        topic_id=0,
        topic_name=_("Offers"),
        topic_kind="marketing",
        refusal=refusal,
        is_suppressed=False,
        act="" if refusal else Act.GRANTED,
        since=None if refusal else clock.now(),
        expires_at=None,
        source="" if refusal else "imported file",
        actor="",
        wording="" if refusal else _("I want to hear of your offers on WhatsApp."),
    )
