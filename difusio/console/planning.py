"""Planning a campaign: who may, what the steps are called, and who would get it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from difusio.accounts.rights import Right
from difusio.campaigns.estimate import Estimate, estimate
from difusio.campaigns.models import Campaign, CampaignKind, CampaignState, Step
from difusio.campaigns.preflight import Preflight, preflight
from difusio.common.sentences import SentenceError
from difusio.consent.models import Topic
from difusio.console.gates import Here, campaign_for
from difusio.numbers.models import Number
from difusio.reports.causes import skip_sentence
from difusio.reports.funnel import Cause
from difusio.segments.models import Segment
from difusio.segments.sentence import sentence
from difusio.segments.tree import parse

KIND_WORDS: Final[Mapping[CampaignKind, Promise]] = {
    CampaignKind.OFFER: _("Offer"),
    CampaignKind.LAUNCH: _("Launch of something new"),
    CampaignKind.SERVICE_ALERT: _("Service alert"),
}
STEP_WORDS: Final[Mapping[Step, Promise]] = {
    Step.WHOM: _("Whom"),
    Step.WHAT: _("What"),
    Step.WHEN: _("When"),
    Step.CHECK: _("Check"),
}
_RIGHTS: Final[Mapping[CampaignKind, Right]] = {
    CampaignKind.OFFER: Right.PLAN_MARKETING,
    CampaignKind.LAUNCH: Right.PLAN_MARKETING,
    CampaignKind.SERVICE_ALERT: Right.PLAN_ALERTS,
}


def may_plan(here: Here, kind: str) -> bool:
    """Tell whether they may plan and launch campaigns of a kind."""
    return here.may(_RIGHTS[CampaignKind(kind)])


def kinds_for(here: Here) -> list[CampaignKind]:
    """Give the kinds of campaign that they may plan."""
    return [kind for kind in KIND_WORDS if may_plan(here, kind)]


def plan_for(here: Here, campaign_id: int) -> Campaign:
    """Give a campaign of the workspace whose kind they may plan; else Http404.  Cost: 1 query."""
    campaign = campaign_for(here, campaign_id)
    if not may_plan(here, campaign.kind):
        raise Http404
    return campaign


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step of the planning.  url: empty while it cannot be reached.  state: "done", "current" or ""."""

    word: str
    url: str
    state: str


def step_links(current: Step, campaign: Campaign | None) -> list[StepLink]:
    """Give the steps in their order; those up to the open one can be reached."""
    order = list(Step)
    reached = order.index(Step(campaign.open_step)) if campaign else 0
    return [
        StepLink(
            word=str(STEP_WORDS[step]),
            url=reverse(f"campaign_{step}", args=[campaign.pk]) if campaign and place <= reached else "",
            state="current" if step == current else "done" if place < reached else "",
        )
        for place, step in enumerate(order)
    ]


@dataclass(frozen=True, slots=True)
class Reach:
    """Who would get it.  sentence: of the segment.  preflight: None until there is a message that can be sent."""

    sentence: str
    numbers: Estimate | Preflight
    skips: Sequence[Cause]
    preflight: Preflight | None


def reach_of(campaign: Campaign, *, at: datetime) -> Reach:
    """Say who would get a draft: by its pre-flight, or without its message while that cannot be sent yet.

    Raises TreeError.
    """
    try:
        found = preflight(campaign.pk, at=at)
    except SentenceError:
        kind = CampaignKind(campaign.kind)
        return reach(segment=campaign.segment, topic=campaign.topic, number=campaign.number, kind=kind, at=at)
    return Reach(segment_sentence(campaign.segment), found, skips(found.skipped), found)


def reach(*, segment: Segment, topic: Topic, number: Number, kind: CampaignKind, at: datetime) -> Reach:
    """Say who would get it before there is a draft.  Raises TreeError."""
    found = estimate(segment=segment, topic=topic, number=number, kind=kind, at=at)
    return Reach(segment_sentence(segment), found, skips(found.skipped), None)


def segment_sentence(segment: Segment) -> str:
    """Say whom a segment means, in the reader's language.  Cost: 1 query.  Raises TreeError."""
    topics = dict(Topic.objects.filter(workspace=segment.workspace_id).values_list("key", "name"))
    return sentence(parse(segment.tree), topics=topics, zone=timezone.get_current_timezone())


def skips(skipped: Mapping[str, int]) -> list[Cause]:
    """Say why people are skipped, the most frequent reason first."""
    return [
        Cause(reason, n, skip_sentence(reason))
        for reason, n in sorted(skipped.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def is_open(campaign: Campaign) -> bool:
    """Tell whether a campaign can still be changed."""
    return campaign.state == CampaignState.DRAFT
