"""What people fill in."""

import zoneinfo
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, TypedDict
from uuid import UUID

from babel import Locale
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from difusio.accounts.models import Role, User
from difusio.accounts.restrain import MOST_DAYS, MOST_MESSAGES, Restraint
from difusio.common.plain_words import plain_words
from difusio.message_templates.models import Template
from difusio.numbers.add import NewNumber
from difusio.numbers.models import Number

# Everybody reads the name of their own language, whatever language the page is in.
LANGUAGES: Final = (("ca", "Català"), ("es", "Español"), ("en", "English"))
_ISO_LETTERS: Final = 2
# What each member may do, in the words of the settings.
ROLES: Final = (
    (Role.OWNER.value, _("Owner: everything, also numbers and members")),
    (Role.MARKETER.value, _("Marketer: campaigns, contacts, answers")),
    (Role.DESK.value, _("Service desk: answers and service alerts")),
    (Role.PRIVACY.value, _("Privacy: looks, records consent, takes the proof along")),
)


class Owner(TypedDict):
    """What ``accounts.first_run.make_owner`` asks for."""

    email: str
    password: str
    workspace_name: str
    language: str
    time_zone: str
    country: str


class FirstRunForm(forms.Form):
    """Who owns this installation, and where their business is."""

    workspace_name = forms.CharField(label=_("Name of the business"), max_length=120)
    email = forms.EmailField(label=_("Your e-mail address"), max_length=254)
    password = forms.CharField(label=_("Password"), strip=False, widget=forms.PasswordInput)
    again = forms.CharField(label=_("The password again"), strip=False, widget=forms.PasswordInput)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    country = forms.ChoiceField(label=_("Country"))
    time_zone = forms.ChoiceField(label=_("Time zone"), initial="Europe/Madrid")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        self.fields["country"] = forms.ChoiceField(label=_("Country"), choices=_countries())
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"), initial="Europe/Madrid", choices=time_zones()
        )
        self.fields["email"].widget.attrs["autocomplete"] = "username"
        self.fields["workspace_name"].widget.attrs["autocomplete"] = "organization"
        for name in ("password", "again"):
            self.fields[name].widget.attrs["autocomplete"] = "new-password"
        self.fields["password"].help_text = " ".join(password_validators_help_texts()[1:2])

    def clean(self) -> dict[str, Any]:
        """See that the password is typed alike twice, and a good one."""
        values = super().clean() or {}
        password, again = values.get("password"), values.get("again")
        if password and again and password != again:
            self.add_error("again", _("This is not the same password as above."))
        if password:
            try:
                validate_password(password, User(email=values.get("email", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return values

    def owner(self) -> Owner:
        """Give the clean values as the act takes them."""
        values = self.cleaned_data
        return Owner(
            email=values["email"],
            password=values["password"],
            workspace_name=values["workspace_name"],
            language=values["language"],
            time_zone=values["time_zone"],
            country=values["country"],
        )


def _countries() -> list[tuple[str, str]]:
    """Give every country by its name in the reader's language; Babel knows regions of the world too, by digits."""
    names = Locale.parse(get_language() or settings.LANGUAGE_CODE).territories.items()
    # ZZ is "unknown region", the others are no countries either.
    countries = [
        (str(code), str(capfirst(name)))
        for code, name in names
        if len(str(code)) == _ISO_LETTERS and code not in {"ZZ", "EU", "UN", "EZ", "XA", "XB", "QO"}
    ]
    return sorted(countries, key=lambda pair: plain_words(pair[1]))


def time_zones() -> list[tuple[str, str]]:
    """Give every time zone by its name, the continent first."""
    names = sorted(
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")
    )
    return [(name, name.replace("_", " ").replace("/", " / ")) for name in names]


class Answer(TypedDict):
    """What ``inbox.answer.answer`` asks for besides who and when."""

    text: str
    seen: int
    once: UUID


class DoneForm(forms.Form):
    """Up to which message somebody had seen."""

    seen = forms.IntegerField(min_value=0, max_value=2**63 - 1)


class AnswerForm(DoneForm):
    """What is answered, to what was seen; once: names this form, so that sending it twice answers once."""

    once = forms.UUIDField()
    # How long it may be and that it must not be empty is said by the act.
    text = forms.CharField(label=_("Your answer"), required=False, strip=False)

    def clean(self) -> dict[str, Any]:
        """See that the form is one of ours, as its page wrote it."""
        values = super().clean() or {}
        if "seen" in self.errors or "once" in self.errors:
            raise ValidationError(_("This page is out of date: open the conversation again."))
        return values

    def answer(self) -> Answer:
        """Give the clean values as the act takes them."""
        values = self.cleaned_data
        return Answer(text=values["text"], seen=values["seen"], once=values["once"])


class RoleForm(forms.Form):
    """What somebody may do."""

    role = forms.ChoiceField(label=_("Role"), choices=ROLES)


class InviteForm(RoleForm):
    """Whom to invite, as what."""

    email = forms.EmailField(label=_("Their e-mail address"), max_length=254)
    field_order = ("email", "role")


class PasswordForm(forms.Form):
    """A password of one's own choice, typed twice."""

    password = forms.CharField(label=_("Password"), strip=False, widget=forms.PasswordInput)
    again = forms.CharField(label=_("The password again"), strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "new-password"
        self.fields["password"].help_text = " ".join(password_validators_help_texts()[1:2])

    def clean(self) -> dict[str, Any]:
        """See that it is typed alike twice; how good it is, the act says."""
        values = super().clean() or {}
        if values.get("password") and values.get("again") and values["password"] != values["again"]:
            self.add_error("again", _("This is not the same password as above."))
        return values


class BusinessForm(forms.Form):
    """What the business is called, where it is, and what it speaks."""

    name = forms.CharField(label=_("Name of the business"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language of the business"),
        choices=LANGUAGES,
        help_text=_("For people whose language nobody knows."),
    )
    country = forms.ChoiceField(label=_("Country"))
    time_zone = forms.ChoiceField(label=_("Time zone"), help_text=_("In which times are shown and planned."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        for name, choices in (("country", _countries()), ("time_zone", time_zones())):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  # says to mypy what stands above
            field.choices = choices


class RestraintForm(forms.Form):
    """When and how often marketing reaches one person; what is left empty does not hold."""

    quiet_from = forms.TimeField(
        label=_("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    cap_messages = forms.IntegerField(
        label=_("At most so many messages"), required=False, min_value=1, max_value=MOST_MESSAGES
    )
    cap_days = forms.IntegerField(label=_("in so many days"), min_value=1, max_value=MOST_DAYS)
    tries_again = forms.BooleanField(label=_("Try them once more, a day later"), required=False)

    def restraint(self) -> Restraint:
        """Give the clean values as the act takes them."""
        return Restraint(**self.cleaned_data)

    @staticmethod
    def told(held: Restraint) -> dict[str, object]:
        """Give what holds already."""
        return asdict(held)


class NumberForm(forms.Form):
    """A number as Meta's dashboard shows it, and the secrets that go with it."""

    display_phone = forms.CharField(
        label=_("Phone number"), max_length=32, help_text=_("As people see it: +34 600 123 456.")
    )
    verified_name = forms.CharField(label=_("Name that people see"), max_length=120)
    phone_number_id = forms.CharField(
        label=_("Phone number id"), max_length=64, help_text=_("In Meta's dashboard: WhatsApp, API setup.")
    )
    waba_id = forms.CharField(
        label=_("WhatsApp Business Account id"), max_length=64, help_text=_("On the same page.")
    )
    access_token = forms.CharField(
        label=_("Access token"),
        max_length=1_000,
        help_text=_("Of a system user, so that it does not expire. It is kept sealed and never shown again."),
    )
    app_id = forms.CharField(
        label=_("App id"), max_length=64, help_text=_("In Meta's dashboard: App settings, Basic.")
    )
    app_secret = forms.CharField(
        label=_("App secret"), max_length=200, help_text=_("On the same page. It signs what Meta sends us.")
    )
    verify_token = forms.CharField(
        label=_("Word for the webhooks"),
        max_length=200,
        help_text=_("Made up for you: Meta asks for it when you enter the callback address."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's signature
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["autocomplete"] = "off"
            if name in {"access_token", "app_secret"}:
                field.widget = forms.PasswordInput(attrs={"autocomplete": "off"})

    def number(self) -> NewNumber:
        """Give the clean values as the act takes them."""
        return NewNumber(**self.cleaned_data)


class TokenForm(forms.Form):
    """Another access token."""

    access_token = forms.CharField(
        label=_("Access token"),
        max_length=1_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("It is kept sealed and never shown again."),
    )


class SecretForm(forms.Form):
    """Another app secret."""

    app_secret = forms.CharField(
        label=_("App secret"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "In Meta's dashboard: App settings, Basic. It is kept sealed and never shown again. "
            "The old one holds beside it."
        ),
    )


class SimulatorForm(forms.Form):
    """Where on this machine the simulator listens."""

    port = forms.IntegerField(label=_("Its port"), min_value=1, max_value=65_535)


class TestOfTemplate(TypedDict):
    """What ``campaigns.try_out.try_out`` asks for besides where, when and who."""

    number_id: int
    template_id: int
    phone: str
    first_name: str
    is_mine: bool


class TestMessageForm(forms.Form):
    """Which template, to one's own phone."""

    template = forms.ChoiceField(label=_("Template"))
    phone = forms.CharField(
        label=_("Your own phone"), max_length=32, help_text=_("With its country code: +34 600 123 456.")
    )
    first_name = forms.CharField(label=_("Your first name"), max_length=60)
    is_mine = forms.BooleanField(label=_("This phone is mine, and I want this test message."), required=False)

    def __init__(
        self, *args: Any, numbers: Sequence[Number], templates: Sequence[Template], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._numbers = {number.waba_id: number.pk for number in reversed(numbers)}
        self._templates = {str(template.pk): template for template in templates}
        choices = [
            (key, f"{template.name} · {template.language}") for key, template in self._templates.items()
        ]
        self.fields["template"] = forms.ChoiceField(label=_("Template"), choices=choices)
        self.fields["phone"].widget.attrs["autocomplete"] = "tel"
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"

    def test(self) -> TestOfTemplate:
        """Give the clean values as the act takes them."""
        values = self.cleaned_data
        template = self._templates[values["template"]]
        return TestOfTemplate(
            number_id=self._numbers[template.waba_id],
            template_id=template.pk,
            phone=values["phone"],
            first_name=values["first_name"],
            is_mine=values["is_mine"],
        )
