"""Send one template to oneself: a real delivery to a contact who agreed to it, outside every campaign."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from psycopg import sql

from difusio.accounts import audit
from difusio.accounts.models import Workspace
from difusio.campaigns.errors import CampaignError, NumberStopped
from difusio.common.phone import BadPhoneError, parse_phone
from difusio.consent.grant import grant
from difusio.consent.models import Topic, TopicKind
from difusio.consent.topics import add_topic
from difusio.contacts.identities import ensure
from difusio.contacts.models import Contact
from difusio.message_templates.mapping import mapped
from difusio.message_templates.models import Template
from difusio.message_templates.placeholders import example_values, placeholders
from difusio.numbers.models import Number
from difusio.outbox.freeze import Audience, freeze
from difusio.outbox.models import Batch, Delivery, Lane

# One topic of its own: agreeing to a test is agreeing to nothing else.
TOPIC_KEY: Final = "test-messages"
_NAME_PLACEHOLDER: Final = "first_name"


class NotYours(CampaignError):
    """A test goes to yourself alone: confirm that this phone is yours and that you want the message."""


class NoPhone(CampaignError):
    """This is not a phone number that exists: write it with its country code, as +34 600 123 456."""


class LeftBefore(CampaignError):
    """This phone has left your messages, and nothing lifts that: take another one for tests."""


@dataclass(frozen=True, slots=True)
class TriedOut:
    """The delivery that was queued, and to whom."""

    delivery_id: int
    contact_id: int


def try_out(
    *,
    workspace_id: int,
    number_id: int,
    template_id: int,
    phone: str,
    first_name: str,
    is_mine: bool,
    wording: str,
    topic_name: str,
    by: str,
    at: datetime,
) -> TriedOut:
    """Queue a template for the phone of whoever tries it out.

    is_mine: they said that the phone is theirs and that they want it.  wording: the words they said it in, kept as
    the consent; topic_name: what the topic of tests is called.  Placeholders get the name, else Meta's examples.
    Raises NotYours, NoPhone, NumberStopped, LeftBefore, and what ``mapped`` raises.
    """
    if not is_mine:
        raise NotYours
    number = Number.objects.select_related("workspace").get(pk=number_id, workspace=workspace_id)
    if number.stopped_for:
        raise NumberStopped
    template = Template.objects.get(pk=template_id, workspace=workspace_id, waba_id=number.waba_id)
    values = _values(template)
    mapped(template, values)
    with transaction.atomic():
        contact_id = _oneself(number.workspace, phone, first_name, template.language, at=at)
        topic = Topic.objects.filter(workspace=workspace_id, key=TOPIC_KEY).first() or add_topic(
            workspace_id, name=topic_name, kind=TopicKind.SERVICE, key=TOPIC_KEY, by=by, at=at
        )
        grant(
            contact_id,
            workspace_id=workspace_id,
            topic_id=topic.pk,
            wording=wording,
            language=template.language,
            source="test message",
            proof=f"said by {by} in the form of the test message",
            given_at=at,
            by=by,
            at=at,
        )
        batch = Batch.objects.create(
            workspace_id=workspace_id,
            number=number,
            lane=Lane.SERVICE,
            topic=topic,
            template=template,
            message={"values": values},
            created_at=at,
        )
        frozen = freeze(_only(contact_id, number, topic, batch), due_at=at, at=at)
        if not frozen.queued:
            raise LeftBefore
        delivery = Delivery.objects.get(batch=batch)
        audit.record(
            workspace_id=workspace_id,
            actor=by,
            act="test.sent",
            details={"contact": contact_id, "delivery": delivery.pk, "template": template.pk},
            at=at,
        )
    return TriedOut(delivery.pk, contact_id)


def _values(template: Template) -> dict[str, str]:
    """Fill the name from the contact, everything else as Meta was shown it."""
    found = placeholders(
        template.components, parameter_format=template.parameter_format, category=template.category
    )
    values = {placeholder.key: placeholder.example or "…" for placeholder in found}
    values |= example_values(found)
    if _NAME_PLACEHOLDER in values:
        example = values[_NAME_PLACEHOLDER].replace("'", "")
        values[_NAME_PLACEHOLDER] = f"{{{{ contact.first_name | default: '{example}' }}}}"
    return values


def _oneself(workspace: Workspace, phone: str, first_name: str, language: str, *, at: datetime) -> int:
    try:
        # At home people write no country code.
        read = parse_phone(phone, country=workspace.country)
    except BadPhoneError:
        raise NoPhone from None
    contact_id = ensure(workspace.pk, phone=read.e164, profile_name=first_name.strip(), at=at)
    Contact.objects.filter(pk=contact_id, language="").update(language=language)
    return contact_id


def _only(contact_id: int, number: Number, topic: Topic, batch: Batch) -> Audience:
    languages = Contact.objects.filter(pk=contact_id).values_list("language", flat=True)
    return Audience(
        workspace_id=number.workspace_id,
        number_id=number.pk,
        topic_id=topic.pk,
        topic_kind=TopicKind(topic.kind),
        members=sql.SQL("SELECT %(oneself)s::bigint AS id"),
        parameters={"oneself": contact_id},
        batches=dict.fromkeys(languages, batch.pk),
    )
