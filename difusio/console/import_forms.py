"""What is filled in to bring a file in: the file, what its columns are, and what its people agreed to."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from difusio.accounts.models import Workspace
from difusio.console.people_forms import ConsentForm, moment_of
from difusio.imports import orders
from difusio.imports.choices import Choices
from difusio.imports.columns import FIELD, LEFT_OUT
from difusio.imports.person_rows import Asserted
from difusio.imports.uploads import ColumnSeen, columns_of

# What the keys of columns mean to a reader; a test sees that none lacks.
COLUMN_WORDS: Final = {
    "customer": _("customer number"),
    "first_name": _("first name"),
    "last_name": _("last name"),
    "phone": _("phone"),
    "user_id": _("WhatsApp user id"),
    "email": _("e-mail address"),
    "language": _("language"),
    "country": _("country"),
    "time_zone": _("time zone"),
    "made_up": _("whether the person is made up"),
    "topic": _("consent: the topic's key"),
    "consent": _("consent: yes or no; granted, withdrawn or none"),
    "consent_at": _("consent: the date"),
    "consent_language": _("consent: the language of the words"),
    "consent_wording": _("consent: the words"),
    "consent_source": _("consent: where"),
    "consent_proof": _("consent: what shows it"),
    "order": _("order number"),
    "date": _("date of the order"),
    "quantity": _("quantity"),
    "price": _("price of a piece"),
    "total": _("total"),
    FIELD: _("a field of the person"),
    LEFT_OUT: _("left out"),
}
# A shop's order has no fields of a person.
_NO_FIELD: Final = frozenset({FIELD})


class FileForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=_("A file of people or of orders"),
        help_text=_("A CSV, as spreadsheets and shops export it: up to 200 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )


class ColumnsForm(forms.Form):
    """What each column becomes."""

    def __init__(self, *args: Any, kind: str, columns: Sequence[ColumnSeen], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._columns = columns
        keys = [*(column.key for column in columns_of(kind)), FIELD, LEFT_OUT]
        without = _NO_FIELD if kind == orders.KIND else frozenset[str]()
        choices = [(key, COLUMN_WORDS[key]) for key in keys if key not in without]
        for column in columns:
            key = LEFT_OUT if column.key in without else column.key
            self.fields[f"column_{column.place}"] = forms.ChoiceField(
                label=column.heading, choices=choices, initial=key
            )

    def rows(self) -> list[tuple[ColumnSeen, forms.BoundField]]:
        """Give each column with its field."""
        return [(column, self[f"column_{column.place}"]) for column in self._columns]

    def chosen(self) -> Mapping[int, str]:
        """Give what each column becomes, by its place."""
        return {column.place: self.cleaned_data[f"column_{column.place}"] for column in self._columns}


class AgreedForm(ConsentForm):
    """What everybody in a file agreed to."""

    given_on = forms.DateField(
        label=_("When, where the row has no date?"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    is_ours = forms.BooleanField(
        label=_(
            "I answer for it: these people gave this consent to us themselves. "
            "The list was not bought, nor collected elsewhere."
        )
    )

    def asserted(self, workspace: Workspace) -> Asserted:
        """Give the clean values as an import takes them."""
        values = self.cleaned_data
        known = self._wordings.get(values["wording"])
        topics = dict(workspace.topics.values_list("id", "key"))
        return Asserted(
            topic=topics[int(values["topic"])],
            language=known.language if known else values["wording_language"],
            wording=known.text if known else values["other_wording"].strip(),
            source=values["source"].strip(),
            proof=values["proof"].strip(),
            at=moment_of(values["given_on"], workspace) if values["given_on"] else None,
        )


class WhoAgreedForm(forms.Form):
    """Whether anybody agreed, and who says so."""

    agreed = forms.ChoiceField(
        label=_("What did these people agree to?"),
        choices=(
            ("rows", _("Only what the rows themselves say and prove; without it, to nothing")),
            ("all", _("Everybody whose row says nothing else agreed to the same, as follows")),
        ),
        initial="rows",
        widget=forms.RadioSelect,
    )


def choices_of(columns: ColumnsForm, agreed: AgreedForm | None, workspace: Workspace) -> Choices:
    """Put clean forms together.  agreed: None where nobody speaks for the people of the file."""
    return Choices(columns.chosen(), agreed.asserted(workspace) if agreed else None)
