"""What the parts look like with something in them: a baker's words and numbers, and nobody's data.  Asks nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from difusio.campaigns.models import CampaignState
from difusio.consent.answers import Answer
from difusio.consent.models import Act
from difusio.console.bubble import Bubble, spans
from difusio.console.forms import FirstRunForm
from difusio.console.pages.calendar import Day
from difusio.console.pages.home import FirstStep
from difusio.console.talk import Said
from difusio.console.tree_form import Part
from difusio.console.tree_view import kinds_to_add, shown
from difusio.inbox.transcript import Line
from difusio.outbox.models import State
from difusio.reports.funnel import Cause, Step
from difusio.reports.states import WORDS
from difusio.reports.timeline import Moment, Place
from difusio.segments.known import Known

_NAME: Final = "Panellets"
_NOBODY: Final = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its meaning and its denominator.  before: the same a week earlier, None where it is not told."""

    word: str
    n: int
    of: int | None = None
    of_word: str = ""
    url: str = ""
    before: int | None = None


def samples(business: str, at: datetime) -> dict[str, Any]:
    """Give what every part takes."""
    return {
        **_of_pages(business),
        **_of_numbers(at),
        **_of_people(at),
        **_of_talk(at),
        **_of_campaigns(at),
        **_of_questions(),
    }


def _of_pages(business: str) -> dict[str, Any]:
    form = FirstRunForm({"email": "dana", "workspace_name": business})
    form.is_valid()
    return {
        "form": [form["workspace_name"], form["email"]],
        "name": _NAME,
        "none": {
            "sentence": _("No campaign fits."),
            "word": _("Show all"),
            "url": reverse("campaigns"),
        },
        "empty": {
            "title": _("Nothing here yet"),
            "sentence": _("One sentence says what this is for."),
            "act_url": reverse("campaigns"),
            "act_word": _("The one act that begins"),
        },
        "steps": [
            FirstStep(
                _("A number"),
                _("Yours at Meta; or the simulator on this machine, to try everything out."),
                True,
                "",
                "",
            ),
            FirstStep(
                _("A template"),
                _("What Meta has approved. The simulator has two to begin with."),
                False,
                reverse("templates"),
                _("Show"),
            ),
        ],
        "unused_codes": ("6f3k-92md", "t8wq-17xz", "4hcv-60pn", "z2ye-83rb"),
    }


def _of_numbers(at: datetime) -> dict[str, Any]:
    return {
        "figures": [
            Figure(_("Planned"), 1_240),
            Figure(_("Read"), 412, 1_180, _("delivered"), reverse("campaigns"), before=376),
        ],
        "weeks": [SimpleNamespace(monday=at - timedelta(weeks=n), granted=n * n, left=n) for n in (3, 2, 1)],
        "most": 9,
        "cause": Cause("", 21, _("Nobody is called that.")),
        "funnel": SimpleNamespace(
            audience=1_240,
            steps=[
                Step("planned", _("Planned"), 1_240, None, ""),
                Step("skipped", _("Skipped"), 38, 1_240, _("planned")),
                Step("read", _("Read"), 412, 1_180, _("delivered")),
            ],
        ),
    }


def _of_people(at: datetime) -> dict[str, Any]:
    wording = _("I want to hear of your offers on WhatsApp.")
    agreed = {"act": Act.GRANTED, "topic": _("Offers"), "source": "imported file", "wording": wording}
    sent = {
        "campaign": _NAME,
        "state": State.READ,
        "code": None,
        "topic": _("Offers"),
        "text": _("Two boxes."),
    }
    wrote = {"text": _("Do you have any left?"), "is_leaving": False}
    bought = {"name": "bought", "properties": {"total": 18}}
    facts: Sequence[tuple[str, Mapping[str, Any]]] = (
        ("written", wrote),
        ("message", sent),
        ("event", bought),
        ("consent", agreed),
    )
    return {
        "answers": [_answer("", at), _answer("none", at)],
        "moments": [
            Moment(Place(at - timedelta(days=n), kind, n), told) for n, (kind, told) in enumerate(facts)
        ],
        "topics": (_("Offers"), _("Service alerts")),
    }


def _answer(refusal: str, at: datetime) -> Answer:
    """May we write: yes with its words, or no."""
    return Answer(
        topic_id=_NOBODY,
        topic_name=_("Offers"),
        topic_kind="marketing",
        refusal=refusal,
        is_suppressed=False,
        act="" if refusal else Act.GRANTED,
        since=None if refusal else at,
        expires_at=None,
        source="" if refusal else "imported file",
        actor="",
        wording="" if refusal else _("I want to hear of your offers on WhatsApp."),
    )


def _of_talk(at: datetime) -> dict[str, Any]:
    closing = timedelta(minutes=44)
    person = SimpleNamespace(first_name="Asha", last_name="")
    return {
        "bubble": Bubble(
            header=_NAME,
            media="",
            body=tuple(spans(_("Hello Asha, the *panellets* are out of the oven."))),
            footer=_("Write STOP to leave"),
            buttons=(_("Order"),),
            language="",
            first_name="Asha",
            at=None,
            ticks="read",
        ),
        "windows": [(timedelta(hours=20), False), (closing, True), (None, False)],
        "said": [
            _said(Line(at, is_ours=False, kind="text"), _("Do you have any left?"), day=at),
            _said(Line(at, is_ours=True, kind="text"), _("Two boxes."), ticks="read", word=_("read")),
            _said(Line(at, is_ours=True, kind="text"), _("Nothing yet."), why=_("Nobody is called that.")),
        ],
        "row": SimpleNamespace(
            excerpt=_("Do you have any left?"), waits=timedelta(hours=23), left=closing, is_soon_over=True
        ),
        "talk": SimpleNamespace(contact_id=_NOBODY, contact=person, last_wrote_at=at),
    }


def _said(
    line: Line, text: str, *, day: datetime | None = None, ticks: str = "", word: str = "", why: str = ""
) -> Said:
    return Said(
        line=line,
        day=day.date() if day else None,
        media="",
        header="",
        body=tuple(spans(text)),
        footer="",
        buttons=(),
        ticks=ticks,
        word=word,
        why=why,
    )


def _of_campaigns(at: datetime) -> dict[str, Any]:
    states = [SimpleNamespace(state=state.value, state_word=WORDS[state]) for state in CampaignState]
    leaving = SimpleNamespace(campaign=SimpleNamespace(pk=_NOBODY, name=_NAME), funnel=states[1], at=at)
    return {
        "states": states,
        "days": [
            Day(at.date() + timedelta(days=n), n == 0, n > 4, (leaving,) if n == 1 else ())  # type: ignore[arg-type]  # noqa: PLR2004  # what is shown of a round, and the weekend
            for n in range(7)
        ],
        "findings": [
            (SimpleNamespace(level="block"), _("Something that a person must act on.")),
            (SimpleNamespace(level="warn"), _("Something to know.")),
        ],
    }


def _of_questions() -> dict[str, Any]:
    nothing = Known(fields={}, values={}, events={}, topics={"offers": _("Offers")}, templates=())
    root = Part(
        "all",
        parts=[
            Part("consent", {"topic": ["offers"]}),
            Part("any", parts=[Part("delivery", {"outcome": ["read"], "days": ["90"]})]),
        ],
    )
    return {
        "root": shown(root.numbered(), nothing),
        "kinds": kinds_to_add(),
        "reasons": [
            SimpleNamespace(holds=holds, group="", text=_("People who read Catalan."))
            for holds in (True, False)
        ],
    }
