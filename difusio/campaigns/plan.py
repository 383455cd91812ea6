"""Plan a campaign: whom, what about, which message, from which number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from difusio.campaigns.errors import AlertWithoutService, MarketingWithoutTopic
from difusio.campaigns.models import Campaign, CampaignKind, Round, Step, Variant
from difusio.consent.models import Topic, TopicKind


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent; an empty template name: not chosen yet.

    template_name: its versions go to people by their language; language: for those whose own has no version.
    values: placeholder → merge field, as ``{"first_name": "{{ contact.first_name | default: 'amic' }}"}``.
    """

    template_name: str
    language: str
    values: Mapping[str, str]


NO_MESSAGE: Final = Message("", "", {})


def plan(
    *,
    workspace_id: int,
    name: str,
    kind: CampaignKind,
    topic_id: int,
    segment_id: int,
    number_id: int,
    message: Message = NO_MESSAGE,
    has_canary: bool | None = None,
    by: str,
    at: datetime,
) -> Campaign:
    """Store a draft with one round and one variant.  Nothing is sent and nobody is fixed yet.

    Without a message its open step is what to say.  has_canary: None: as is usual for its kind.
    Raises AlertWithoutService, MarketingWithoutTopic.
    """
    see_that_topic_fits(kind, topic_id)
    with transaction.atomic():
        campaign = Campaign.objects.create(
            workspace_id=workspace_id,
            name=name,
            kind=kind,
            topic_id=topic_id,
            segment_id=segment_id,
            number_id=number_id,
            open_step=Step.CHECK if message.template_name else Step.WHAT,
            created_at=at,
            created_by=by,
        )
        first = Round.objects.create(
            campaign=campaign,
            seq=1,
            has_canary=usually_has_canary(kind) if has_canary is None else has_canary,
        )
        Variant.objects.create(
            round=first,
            name="A",
            template_name=message.template_name,
            language=message.language,
            values=dict(message.values),
        )
    return campaign


def usually_has_canary(kind: CampaignKind) -> bool:
    """Tell whether campaigns of a kind have a canary if nobody says otherwise: an alert must not wait."""
    return kind != CampaignKind.SERVICE_ALERT


def see_that_topic_fits(kind: CampaignKind, topic_id: int) -> None:
    """See that an alert goes to a service topic and marketing to a marketing one.  Cost: 1 query.

    A service alert overtakes marketing and reaches people who left it, so it must not carry any.
    Raises AlertWithoutService, MarketingWithoutTopic.
    """
    is_service = Topic.objects.values_list("kind", flat=True).get(pk=topic_id) == TopicKind.SERVICE
    if kind == CampaignKind.SERVICE_ALERT and not is_service:
        raise AlertWithoutService
    if kind != CampaignKind.SERVICE_ALERT and is_service:
        raise MarketingWithoutTopic
