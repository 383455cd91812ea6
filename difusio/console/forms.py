"""What people fill in."""

import zoneinfo
from typing import Any, Final, TypedDict

from babel import Locale
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from difusio.accounts.models import User

# Everybody reads the name of their own language, whatever language the page is in.
LANGUAGES: Final = (("ca", "Català"), ("es", "Español"), ("en", "English"))
_ISO_LETTERS: Final = 2


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
    return sorted(countries, key=lambda pair: pair[1])


def time_zones() -> list[tuple[str, str]]:
    """Give every time zone by its name, the continent first."""
    names = sorted(
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")
    )
    return [(name, name.replace("_", " ").replace("/", " / ")) for name in names]
