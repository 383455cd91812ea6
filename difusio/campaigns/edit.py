"""Change a draft, step by step: whom, what, when."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from difusio.campaigns.errors import InThePast, IsScheduled, NotADraft
from difusio.campaigns.models import Campaign, CampaignKind, CampaignState, Round, Step, Variant
from difusio.campaigns.plan import NO_MESSAGE, Message, see_that_topic_fits, usually_has_canary
from difusio.campaigns.running import lock_campaign
from difusio.numbers.models import Number

_ORDER = list(Step)


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is written to, about what, and from which number."""

    name: str
    kind: CampaignKind
    topic_id: int
    segment_id: int
    number_id: int


def edit_whom(campaign_id: int, whom: Whom) -> Campaign:
    """Change whom a draft writes to; a number of another account takes its message away, whose template is not there.

    Raises NoSuchCampaign, NotADraft, IsScheduled, AlertWithoutService, MarketingWithoutTopic.
    """
    see_that_topic_fits(whom.kind, whom.topic_id)
    with transaction.atomic():
        campaign = lock_draft(campaign_id)
        accounts = Number.objects.filter(pk__in=(campaign.number_id, whom.number_id))
        if accounts.values("waba_id").distinct().count() > 1:
            _write(campaign, NO_MESSAGE)
            campaign.open_step = Step.WHAT
        if campaign.kind != whom.kind:
            Round.objects.filter(campaign=campaign, seq=1).update(has_canary=usually_has_canary(whom.kind))
        campaign.name, campaign.kind = whom.name, whom.kind
        campaign.topic_id, campaign.segment_id = whom.topic_id, whom.segment_id
        campaign.number_id = whom.number_id
        campaign.save()
        _passed(campaign, Step.WHOM)
    return campaign


def edit_what(campaign_id: int, message: Message) -> Campaign:
    """Change what a draft says.  Whether it can be sent, the pre-flight tells.

    Raises NoSuchCampaign, NotADraft, IsScheduled.
    """
    with transaction.atomic():
        campaign = lock_draft(campaign_id)
        _write(campaign, message)
        _passed(campaign, Step.WHAT)
    return campaign


def edit_when(
    campaign_id: int, moment: datetime | None, *, has_canary: bool | None = None, at: datetime
) -> Campaign:
    """Note when a draft is to leave; None: as soon as it is launched.  has_canary: None: as before.

    Raises NoSuchCampaign, NotADraft, IsScheduled, InThePast.
    """
    if moment is not None and moment <= at:
        raise InThePast
    with transaction.atomic():
        campaign = lock_draft(campaign_id)
        first = Round.objects.filter(campaign=campaign, seq=1)
        first.update(scheduled_for=moment, held_back="")
        if has_canary is not None:
            first.update(has_canary=has_canary)
        _passed(campaign, Step.WHEN)
    return campaign


def lock_draft(campaign_id: int) -> Campaign:
    """Lock a draft in the caller's transaction.  Raises NoSuchCampaign, NotADraft, IsScheduled."""
    campaign = lock_campaign(campaign_id)
    if campaign.state == CampaignState.SCHEDULED:
        raise IsScheduled
    if campaign.state != CampaignState.DRAFT:
        raise NotADraft
    return campaign


def _write(campaign: Campaign, message: Message) -> None:
    Variant.objects.filter(round__campaign=campaign, round__seq=1, name="A").update(
        template_name=message.template_name, language=message.language, values=dict(message.values)
    )


def _passed(campaign: Campaign, step: Step) -> None:
    """Open the next step, if it was not open already."""
    following = _ORDER[_ORDER.index(step) + 1]
    if _ORDER.index(following) > _ORDER.index(Step(campaign.open_step)):
        campaign.open_step = following
        campaign.save(update_fields=["open_step"])
