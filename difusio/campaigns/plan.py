"""Plan a campaign: whom, what about, which message, from which number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from difusio.campaigns.models import Campaign, CampaignKind, Round, Variant


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent.

    template_name: its versions go to people by their language; language: for those whose own has no version.
    values: placeholder → merge field, as ``{"first_name": "{{ contact.first_name | default: 'amic' }}"}``.
    """

    template_name: str
    language: str
    values: Mapping[str, str]


def plan(
    *,
    workspace_id: int,
    name: str,
    kind: CampaignKind,
    topic_id: int,
    segment_id: int,
    number_id: int,
    message: Message,
    by: str,
    at: datetime,
) -> Campaign:
    """Store a draft with one round and one variant.  Nothing is sent and nobody is fixed yet."""
    with transaction.atomic():
        campaign = Campaign.objects.create(
            workspace_id=workspace_id,
            name=name,
            kind=kind,
            topic_id=topic_id,
            segment_id=segment_id,
            number_id=number_id,
            created_at=at,
            created_by=by,
        )
        first = Round.objects.create(campaign=campaign, seq=1)
        Variant.objects.create(
            round=first,
            name="A",
            template_name=message.template_name,
            language=message.language,
            values=dict(message.values),
        )
    return campaign
