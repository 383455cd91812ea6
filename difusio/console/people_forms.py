"""What is filled in about people: who they are, what they agreed to, that they leave."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from difusio.accounts.models import Workspace
from difusio.accounts.restrain import MOST_DAYS, MOST_MESSAGES
from difusio.common import clock
from difusio.consent.models import Topic, TopicKind
from difusio.consent.overview import wordings
from difusio.consent.topics import Promise
from difusio.console.forms import LANGUAGES, time_zones
from difusio.contacts.models import Contact
from difusio.imports.by_hand import Agreed

_PLAIN: Final = ("first_name", "last_name", "language", "time_zone")
_FIELD: Final = "field_"
_SHOWN_WORDS: Final = 90
_MAX_WORDING: Final = 4_000
_SOURCES: Final = (_("form at the counter"), _("form on the web"), _("when they ordered"), _("by phone"))


class Sources(forms.TextInput):
    """A text with suggestions."""

    template_name = "console/contacts/_sources.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Hand the suggestions to the template."""
        return {**super().get_context(name, value, attrs), "sources": _SOURCES}


class DetailsForm(forms.Form):
    """What is plain about a person."""

    first_name = forms.CharField(label=_("First name"), max_length=120, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=120, required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        now = str(self.initial.get("language", ""))
        known = [code for code, _word in LANGUAGES]
        # A file may have brought languages that our pages do not speak.
        more = [(now, now)] if now and now not in known else []
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), required=False, choices=[("", _("not known")), *LANGUAGES, *more]
        )
        for name in ("first_name", "last_name"):
            self.fields[name].widget.attrs["autocomplete"] = "off"


class EditForm(DetailsForm):
    """Correct a person; their fields stand by their own names, and one more can be added.

    Each input carries what it showed when the page was made, so that only what somebody changed is written: what a file
    brought meanwhile stays.
    """

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:  # Any: Django's signature
        super().__init__(*args, initial={name: getattr(contact, name) for name in _PLAIN}, **kwargs)
        zones = time_zones()
        now = contact.time_zone
        # A file may have brought a zone without a place, as UTC.
        more = [(now, now)] if now and now not in dict(zones) else []
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"), required=False, choices=[("", _("the one of the business")), *zones, *more]
        )
        self._named = self._names(contact)
        for key, name in self._named.items():
            self.fields[key] = forms.CharField(
                label=name, required=False, max_length=1_000, initial=str(contact.fields.get(name, ""))
            )
        for name in (*_PLAIN, *self._named):
            self.fields[name].show_hidden_initial = True
        self.fields["new_name"] = forms.CharField(
            label=_("Another field: its name"), required=False, max_length=64
        )
        self.fields["new_value"] = forms.CharField(label=_("Its value"), required=False, max_length=1_000)

    def _names(self, contact: Contact) -> dict[str, str]:
        """Give input → field: of what the page showed, once it comes back."""
        if not self.is_bound:
            return {_key(name): name for name in sorted(contact.fields)}
        named = {key: _name(key) for key in self.data}
        return {key: name for key, name in named.items() if name}

    def changes(self) -> Mapping[str, object]:
        """Give what was changed as ``contacts.edit`` takes it."""
        values = self.cleaned_data
        fields = {name: values[key] for key, name in self._named.items() if key in self.changed_data}
        if values["new_name"] and values["new_value"]:
            fields[values["new_name"]] = values["new_value"]
        return {**{name: values[name] for name in _PLAIN if name in self.changed_data}, "fields": fields}


def _key(name: str) -> str:
    # A field may be named anything; an input's name and id may not.
    return f"{_FIELD}{name.encode().hex()}"


def _name(key: str) -> str:
    """Give the field that an input is named after, "" for all others."""
    if not key.startswith(_FIELD):
        return ""
    try:
        name = bytes.fromhex(key.removeprefix(_FIELD)).decode()
    except ValueError:
        return ""
    # The store keeps no NUL.
    return "" if "\0" in name else name


class ConsentForm(forms.Form):
    """What somebody agreed to, in which words, where, when, and what shows it.  Nothing is assumed."""

    topic = forms.ChoiceField(label=_("What did they agree to?"))
    wording = forms.ChoiceField(
        label=_("In which words?"), required=False, help_text=_("The very words that they read or heard.")
    )
    other_wording = forms.CharField(
        label=_("Other words"),
        required=False,
        max_length=_MAX_WORDING,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    wording_language = forms.ChoiceField(label=_("The language of these words"), choices=LANGUAGES)
    source = forms.CharField(label=_("Where did they agree?"), max_length=120, widget=Sources)
    proof = forms.CharField(
        label=_("What shows it, and where is it kept?"),
        max_length=1_000,
        help_text=_("A signed form, a record of the shop, a recording. It is kept sealed."),
    )
    given_on = forms.DateField(label=_("When?"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:  # Any: Django's signature
        self._workspace = workspace
        kwargs["initial"] = {"wording_language": workspace.language, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        topics = Topic.objects.filter(workspace=workspace).order_by("name", "id")
        self._choices("topic", [(str(topic.pk), topic.name) for topic in topics], _("choose a topic"))
        self._wordings = {str(one.wording.pk): one.wording for one in wordings(workspace)}
        known = [(pk, _short(one.text)) for pk, one in self._wordings.items()]
        self._choices("wording", known, _("other words, below"))

    def _choices(self, name: str, choices: list[tuple[str, str]], nothing: Any) -> None:  # Any: lazy text
        field = self.fields[name]
        field.choices = [("", nothing), *choices]  # type: ignore[attr-defined]  # of a ChoiceField

    def clean(self) -> dict[str, Any]:
        """See that there are words, and that the day has come."""
        values = super().clean() or {}
        if not values.get("wording") and not values.get("other_wording", "").strip():
            self.add_error("other_wording", _("Write the words down, or choose some above."))
        on = values.get("given_on")
        if on and on > self._today():
            self.add_error("given_on", _("This day has not come yet."))
        return values

    def agreed(self) -> Agreed:
        """Give the clean values as the act takes them."""
        values = self.cleaned_data
        known = self._wordings.get(values["wording"])
        return Agreed(
            topic_id=int(values["topic"]),
            wording=known.text if known else values["other_wording"],
            language=known.language if known else values["wording_language"],
            source=values["source"],
            proof=values["proof"],
            given_at=moment_of(values["given_on"], self._workspace),
        )

    def _today(self) -> date:
        return clock.now().astimezone(ZoneInfo(self._workspace.time_zone)).date()


def moment_of(day: date, workspace: Workspace) -> datetime:
    """Give the moment at which a day counts: its beginning, so that a leaving of the same day decides; today is now."""
    now = clock.now()
    zone = ZoneInfo(workspace.time_zone)
    return now if day == now.astimezone(zone).date() else datetime.combine(day, time(), zone)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_WORDS else f"{text[:_SHOWN_WORDS]}…"


class NewContactForm(DetailsForm):
    """Who is new, and whether they agreed to something."""

    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=_("E-mail address"), max_length=254, required=False)
    customer = forms.CharField(label=_("Your customer number"), max_length=128, required=False)
    field_order = ("phone", "first_name", "last_name", "language", "email", "customer")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget.input_type = "tel"
        for name in ("phone", "email", "customer"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def details(self) -> Mapping[str, str]:
        """Give the clean values as ``contacts.add`` takes them."""
        return {name: self.cleaned_data[name] for name in ("first_name", "last_name", "language")}


class LeaveForm(forms.Form):
    """What a person leaves, and how we know."""

    topic = forms.ChoiceField(label=_("What do they leave?"))
    reason = forms.CharField(
        label=_("How do we know?"),
        max_length=1_000,
        help_text=_("What they said or wrote, where and to whom. It is kept sealed."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, topics: list[tuple[int, str]], **kwargs: Any
    ) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        choices = [("all", _("all marketing")), *((str(pk), name) for pk, name in topics)]
        self.fields["topic"] = forms.ChoiceField(
            label=_("What do they leave?"), choices=choices, initial="all"
        )

    def topic_id(self) -> int | None:
        """Give the topic, None for all marketing."""
        chosen = self.cleaned_data["topic"]
        return None if chosen == "all" else int(chosen)


class TopicForm(forms.Form):
    """A subject that people can agree to."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("As people read it: Offers, News."))
    description = forms.CharField(
        label=_("What it is about"), max_length=280, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    promised_messages = forms.IntegerField(
        label=_("At most so many messages"),
        required=False,
        min_value=1,
        max_value=MOST_MESSAGES,
        help_text=_("If the words people agree to promise a frequency; else leave it empty."),
    )
    promised_days = forms.IntegerField(
        label=_("in so many days"), required=False, min_value=1, max_value=MOST_DAYS
    )

    def clean(self) -> dict[str, Any]:
        """See that a promise is whole."""
        values = super().clean() or {}
        both = ("promised_messages", "promised_days")
        if bool(values.get(both[0])) != bool(values.get(both[1])) and not set(both) & set(self.errors):
            self.add_error(
                both[0] if not values.get(both[0]) else both[1],
                _("A promise has both: so many messages in so many days."),
            )
        return values

    def promise(self) -> Promise | None:
        """Give the promise, None without one."""
        messages, days = self.cleaned_data["promised_messages"], self.cleaned_data["promised_days"]
        return Promise(messages, days) if messages and days else None


class NewTopicForm(TopicForm):
    """A new subject; what kind it is stays."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=(
            (TopicKind.MARKETING.value, _("marketing: a bare STOP ends it")),
            (TopicKind.SERVICE.value, _("service: stays unless it is named")),
        ),
    )
