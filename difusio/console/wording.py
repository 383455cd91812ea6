"""The message of a draft while it is being written: its placeholders, what fills them, and what is wrong with that."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from difusio.accounts.models import Workspace
from difusio.campaigns.audience import choose_version
from difusio.campaigns.models import Campaign, Variant
from difusio.campaigns.plan import Message
from difusio.common.sentences import SentenceError
from difusio.console.bubble import Bubble, bubble_of
from difusio.contacts.models import Contact
from difusio.contacts.search import contacts, search
from difusio.message_templates.choose import APPROVED
from difusio.message_templates.compiled import compile_batch
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.mapping import FieldInMediaError, MissingVariableError
from difusio.message_templates.merge_fields import compile_merge
from difusio.message_templates.models import Template
from difusio.message_templates.placeholders import Placeholder, placeholders

# How a field of the form is called that holds a placeholder's value.
VALUE_PREFIX: Final = "value-"
_FIELDS_SAMPLE: Final = 200
_PEOPLE: Final = 10
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Final[Mapping[str, Promise]] = {
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "language": _("Language"),
    "country": _("Country"),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder, what fills it, and what is wrong with that ("" if nothing)."""

    placeholder: Placeholder
    value: str
    error: str

    @property
    def name(self) -> str:
        """How its field of the form is called."""
        return f"{VALUE_PREFIX}{self.placeholder.key}"


@dataclass(frozen=True, slots=True)
class MergeChoice:
    """A field that a placeholder may read.  path: as it stands between the braces."""

    path: str
    word: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A template with its values.  versions: its approved languages.  error: what concerns the message as a whole."""

    message: Message
    versions: Mapping[str, Template]
    slots: Sequence[Slot]
    error: str

    @property
    def is_right(self) -> bool:
        """Tell whether it can be sent as it stands."""
        return bool(self.versions) and not self.error and not any(slot.error for slot in self.slots)

    def bubble(self, contact: Contact | None) -> Bubble | None:
        """Show it to somebody, in the version that they would get."""
        if not self.versions:
            return None
        language = choose_version(
            contact.language if contact else "", self.versions, otherwise=self.message.language
        )
        return bubble_of(self.versions[language], self.message.values, contact)


def template_names(campaign: Campaign) -> list[str]:
    """Name the approved templates of the number's account.  Cost: 1 query."""
    approved = Template.objects.filter(
        workspace_id=campaign.workspace_id, waba_id=campaign.number.waba_id, status=APPROVED
    )
    return list(approved.order_by("name").values_list("name", flat=True).distinct())


def stored(campaign: Campaign) -> Message:
    """Give what a draft says already.  Cost: 1 query."""
    variant = Variant.objects.get(round__campaign=campaign, round__seq=1, name="A")
    return Message(variant.template_name, variant.language, variant.values)


def read(campaign: Campaign, message: Message) -> Wording:
    """See how a message stands; what its template does not ask for is dropped.  Cost: 1 query.

    A language that the template does not have gives way to the workspace's, else to its first.
    """
    versions = {
        version.language: version
        for version in Template.objects.filter(
            workspace_id=campaign.workspace_id,
            waba_id=campaign.number.waba_id,
            name=message.template_name,
            status=APPROVED,
        ).order_by("language")
    }
    if not versions:
        return Wording(Message("", "", {}), {}, (), "")
    language = (
        message.language
        if message.language in versions
        else choose_version(campaign.workspace.language, versions, otherwise="")
    )
    shown = versions[language]
    try:
        found = placeholders(
            shown.components, parameter_format=shown.parameter_format, category=shown.category
        )
    except SentenceError as error:
        return Wording(Message(message.template_name, language, {}), versions, (), str(error))
    values = {one.key: message.values.get(one.key, "") for one in found}
    slots = [Slot(one, values[one.key], _wrong(one, values[one.key], shown.name)) for one in found]
    is_readable = not any(slot.error for slot in slots)
    return Wording(
        message=Message(message.template_name, language, values),
        versions=versions,
        slots=slots,
        error=_whole(versions.values(), values) if is_readable else "",
    )


def _wrong(placeholder: Placeholder, value: str, template: str) -> str:
    if not value.strip():
        return str(MissingVariableError(key=placeholder.key, template=template))
    try:
        field = compile_merge(value)
    except MessageTemplateError as error:
        return str(error)
    return str(FieldInMediaError()) if placeholder.place == "media" and field.fields else ""


def _whole(versions: Iterable[Template], values: Mapping[str, str]) -> str:
    for version in versions:
        try:
            compile_batch(version, values)
        except SentenceError as error:
            return str(error)
    return ""


def merge_choices(workspace: Workspace) -> list[MergeChoice]:
    """Give the fields that people have, their own as found with the newest.  Cost: 1 query."""
    newest = Contact.objects.filter(workspace=workspace).order_by("-id").values_list("fields", flat=True)
    own = sorted({name for fields in newest[:_FIELDS_SAMPLE] for name in fields})
    choices = [MergeChoice(f"contact.{name}", str(word)) for name, word in _WORDS.items()]
    return choices + [choice for name in own if (choice := _own(name))]


def _own(name: str) -> MergeChoice | None:
    path = f"contact.fields.{name}" if _PLAIN_NAME.fullmatch(name) else f'contact.fields["{name}"]'
    try:
        compile_merge(merge_text(path, ""))
    except MessageTemplateError:
        return None
    return MergeChoice(path, name)


def merge_text(path: str, default: str) -> str:
    """Write a merge field: ``{{ contact.first_name | default: "friend" }}``; without a default it must not be empty."""
    text = " ".join(default.split())
    if not text:
        return f"{{{{ {path} }}}}"
    # Liquid has no escape, so a text with both marks loses the double ones.
    quote = "'" if '"' in text and "'" not in text else '"'
    return f"{{{{ {path} | default: {quote}{text.replace(quote, '')}{quote} }}}}"


def people(workspace: Workspace, *, who: str, chosen: str) -> tuple[Contact | None, list[Contact]]:
    """Give whom the message is shown to, and the others to choose from: found by name, else the newest.

    chosen: a contact's id as an address says it.  Cost: at most 4 queries.
    """
    known = contacts(workspace.pk)
    if who.strip():
        # In no order: an order lets the planner walk through everybody.
        named = search(who, workspace_id=workspace.pk, country=workspace.country).order_by()
        found = list(named[:_PEOPLE])
    else:
        found = list(known[:_PEOPLE])
    is_id = chosen.isdecimal() and len(chosen) < len(str(2**63))
    own = known.filter(pk=int(chosen)).first() if is_id else None
    if who.strip() and found and (own is None or own not in found):
        own = found[0]
    return own or (found[0] if found else known.first()), found
