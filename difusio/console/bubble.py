"""The message as the person who gets it sees it: the template, filled with a real contact's values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from difusio.campaigns.audience import choose_version
from difusio.campaigns.models import Campaign, RoundBatch, Variant
from difusio.common import clock
from difusio.contacts.models import Contact
from difusio.message_templates.choose import APPROVED
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.merge_fields import compile_merge
from difusio.message_templates.models import Template
from difusio.message_templates.placeholders import render_preview
from difusio.outbox.models import Delivery, State
from difusio.segments.count import TookLongError, patience, sample
from difusio.segments.tree import TreeError, parse

# A picture of the message waits no longer for the right person.
_GLANCE_S: Final = 0.05

# WhatsApp's own marks, which must hug their words: *bold*, _italic_, ~struck~, ```typewriter```.
_MARKED: Final = re.compile(
    r"```(?P<code>[^`\n]+)```"
    r"|(?<![\w*])\*(?P<bold>\S(?:[^*\n]*\S)?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>\S(?:[^_\n]*\S)?)_(?![\w_])"
    r"|(?<![\w~])~(?P<struck>\S(?:[^~\n]*\S)?)~(?![\w~])"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text.  mark: bold, italic, struck, code or ""."""

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Bubble:
    """What the person sees.  media: the header's kind when it is no text.  at: when it left, None before that."""

    header: str
    media: str
    body: tuple[Span, ...]
    footer: str
    buttons: tuple[str, ...]
    language: str
    first_name: str
    at: datetime | None
    ticks: str


def bubble_for(campaign: Campaign) -> Bubble | None:
    """Show a campaign's first message to somebody who gets it; None without a template.

    Cost: at most 4 queries, before the launch what ``one_of_audience`` costs besides.
    """
    variant = (
        Variant.objects.filter(round__campaign=campaign)
        .exclude(template_name="")
        .order_by("round__seq", "id")
        .first()
    )
    if variant is None:
        return None
    delivery = _sample_delivery(variant)
    if delivery is not None and delivery.batch.template is not None:
        return bubble_of(delivery.batch.template, variant.values, delivery.contact, delivery)
    found = Template.objects.filter(
        workspace_id=campaign.workspace_id, waba_id=campaign.number.waba_id, name=variant.template_name
    )
    every = {version.language: version for version in found}
    if not every:
        return None
    contact = one_of_audience(campaign)
    versions = {code: one for code, one in every.items() if one.status == APPROVED} or every
    language = choose_version(contact.language if contact else "", versions, otherwise=variant.language)
    return bubble_of(versions[language], variant.values, contact)


def one_of_audience(campaign: Campaign) -> Contact | None:
    """Give the newest contact of the segment; if none is found in a moment, the newest of all.

    Cost: 3 queries and what a time limit needs.
    """
    known = Contact.objects.filter(workspace_id=campaign.workspace_id, erased_at=None).order_by("-id")
    try:
        with patience(_GLANCE_S):
            ids = sample(
                parse(campaign.segment.tree), workspace_id=campaign.workspace_id, at=clock.now(), size=1
            )
    except (TookLongError, TreeError):
        ids = []
    return known.filter(pk__in=ids).first() or known.first()


def _sample_delivery(variant: Variant) -> Delivery | None:
    batches = list(RoundBatch.objects.filter(variant=variant).order_by("id"))
    if not batches:
        return None
    own = next((batch for batch in batches if batch.language == variant.language), batches[0])
    # In the order of the index, so that a million rows cost one.
    return (
        Delivery.objects.filter(batch=own.batch_id)
        .exclude(state=State.SKIPPED)
        .select_related("contact", "batch__template")
        .order_by("batch", "state", "id")
        .first()
    )


def bubble_of(
    template: Template, values: Mapping[str, str], contact: Contact | None, delivery: Delivery | None = None
) -> Bubble:
    """Show a template filled for a contact.  values: the merge field of each placeholder.  Cost: no query."""
    return bubble_with(template, _filled(values, contact), contact, delivery)


def bubble_with(
    template: Template,
    texts: Mapping[str, str],
    contact: Contact | None = None,
    delivery: Delivery | None = None,
) -> Bubble:
    """Show a template with these texts in its placeholders.  Cost: no query."""
    preview = render_preview(template.components, texts)
    return Bubble(
        header=preview.header,
        media=preview.media,
        body=tuple(spans(preview.body)),
        footer=preview.footer,
        buttons=tuple(button.text for button in preview.buttons),
        language=template.language,
        first_name=contact.first_name if contact else "",
        at=delivery.accepted_at if delivery else None,
        ticks=_ticks(delivery),
    )


def _filled(values: Mapping[str, str], contact: Contact | None) -> dict[str, str]:
    """Fill what can be read; the rest stays visible as a placeholder, and the pre-flight says what is wrong."""
    if contact is None:
        return {}
    person = {
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "language": contact.language,
        "country": contact.country,
        "fields": contact.fields,
    }
    texts = {}
    for key, value in values.items():
        try:
            texts[key] = compile_merge(value).render(person)
        except MessageTemplateError:
            continue
    return texts


def spans(text: str) -> Iterator[Span]:
    """Part a text at WhatsApp's marks."""
    end = 0
    for match in _MARKED.finditer(text):
        if match.start() > end:
            yield Span(text[end : match.start()])
        yield Span(match[match.lastgroup or 0], match.lastgroup or "")
        end = match.end()
    if end < len(text):
        yield Span(text[end:])


def _ticks(delivery: Delivery | None) -> str:
    match delivery.state if delivery else "":
        case State.READ:
            return "read"
        case State.DELIVERED:
            return "delivered"
        case State.ACCEPTED | State.SENT:
            return "sent"
        case _:
            return ""
