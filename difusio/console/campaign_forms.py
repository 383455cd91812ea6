"""What people fill in to plan a campaign."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from difusio.accounts.models import Workspace
from difusio.campaigns.edit import Whom
from difusio.campaigns.models import NAME_CHARS, Campaign, CampaignKind, Round
from difusio.consent.models import Topic, TopicKind
from difusio.console.planning import KIND_WORDS
from difusio.numbers.models import Number
from difusio.segments.models import Segment

NOW: Final = "now"
LATER: Final = "later"


class WhomForm(forms.Form):
    """Who gets it, about what, and from which number."""

    name = forms.CharField(label=_("Name of the campaign"), max_length=NAME_CHARS)
    kind = forms.ChoiceField(label=_("Kind"))
    topic = forms.ModelChoiceField(
        Topic.objects.none(),
        label=_("Topic"),
        help_text=_("Only people who agreed to this topic get it."),
    )
    segment = forms.ModelChoiceField(Segment.objects.none(), label=_("Segment"))
    number = forms.ModelChoiceField(Number.objects.none(), label=_("Number that sends"))

    def __init__(
        self, *args: Any, workspace: Workspace, kinds: Sequence[CampaignKind], **kwargs: Any
    ) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        # What the workspace has none of yet, so that nothing can be planned.
        self.missing: list[str] = []
        self.fields["kind"] = forms.ChoiceField(
            label=_("Kind"), choices=[(kind.value, KIND_WORDS[kind]) for kind in kinds]
        )
        self._offer("topic", Topic.objects.filter(workspace=workspace).order_by("kind", "name", "id"), _topic)
        self._offer("segment", Segment.objects.filter(workspace=workspace).order_by("name", "id"), str)
        numbers = Number.objects.filter(workspace=workspace).select_related("portfolio")
        self._offer("number", numbers.order_by("display_phone", "id"), _number)

    def _offer(self, name: str, rows: Any, word: Any) -> None:  # Any: of whatever model
        field: Any = self.fields[name]
        found = list(rows)
        field.queryset = rows
        # Where there is no choice nobody has to make it.
        nothing = [] if len(found) == 1 else [("", _("Choose one"))]
        field.choices = [*nothing, *((row.pk, word(row)) for row in found)]
        if not found:
            self.missing.append(name)

    def whom(self) -> Whom:
        """Give the clean values as the acts take them."""
        values = self.cleaned_data
        return Whom(
            name=values["name"],
            kind=CampaignKind(values["kind"]),
            topic_id=values["topic"].pk,
            segment_id=values["segment"].pk,
            number_id=values["number"].pk,
        )

    @staticmethod
    def told(campaign: Campaign) -> dict[str, object]:
        """Give what a draft says already."""
        return {
            "name": campaign.name,
            "kind": campaign.kind,
            "topic": campaign.topic_id,
            "segment": campaign.segment_id,
            "number": campaign.number_id,
        }


class WhenForm(forms.Form):
    """Now, or at a moment in the workspace's time zone; to all at once, or to a few first."""

    leaves = forms.ChoiceField(
        label=_("When does it leave?"),
        choices=[(NOW, _("As soon as it is launched")), (LATER, _("At a date and time"))],
        widget=forms.RadioSelect,
        initial=NOW,
    )
    date = forms.DateField(
        label=_("Date"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    time = forms.TimeField(
        label=_("Time"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    canary = forms.BooleanField(
        label=_("Try it on a few first"),
        required=False,
        help_text=_(
            "A random share gets it first. The rest follows by itself, unless too many fail or leave: then you decide."
        ),
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(zone)

    def clean(self) -> dict[str, Any]:
        """See that a later moment is whole, and one that the clocks show."""
        values = super().clean() or {}
        values["moment"] = None
        if values.get("leaves") != LATER:
            return values
        for name, sentence in (("date", _("Choose a date.")), ("time", _("Choose a time."))):
            if not values.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        if values.get("date") and values.get("time"):
            moment = datetime.combine(values["date"], values["time"], tzinfo=self._zone)
            there_and_back = moment.astimezone(ZoneInfo("UTC")).astimezone(self._zone)
            if there_and_back.replace(tzinfo=None) != moment.replace(tzinfo=None):
                self.add_error("time", _("The clocks skip this hour on that night: choose another one."))
            values["moment"] = moment
        return values

    @staticmethod
    def told(draft: Round, zone: str) -> dict[str, object]:
        """Give what a draft says already."""
        canary = {"canary": draft.has_canary}
        if draft.scheduled_for is None:
            return {"leaves": NOW, **canary}
        local = draft.scheduled_for.astimezone(ZoneInfo(zone))
        return {"leaves": LATER, "date": local.date(), "time": local.time(), **canary}


def _topic(topic: Topic) -> str:
    word = _("service") if topic.kind == TopicKind.SERVICE else _("marketing")
    return f"{topic.name} ({word})"


def _number(number: Number) -> str:
    return f"{number.display_phone} · {number.verified_name}"
