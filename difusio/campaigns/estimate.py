"""How many would get it and at what cost, while a campaign is still being planned."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from difusio.campaigns.models import CampaignKind
from difusio.consent.models import Topic, TopicKind
from difusio.message_templates.rates import Cost
from difusio.message_templates.rates import estimate as cost_of
from difusio.numbers.models import Number
from difusio.outbox.freeze import Audience, judge
from difusio.rules.us_pause import paused_countries
from difusio.segments.compile import compile_tree
from difusio.segments.models import Segment
from difusio.segments.tree import parse

# Meta's category that messages of a kind usually have: what they are priced by until a template is chosen.
_USUAL_CATEGORY: Final[Mapping[CampaignKind, str]] = {
    CampaignKind.LAUNCH: "MARKETING",
    CampaignKind.OFFER: "MARKETING",
    CampaignKind.SERVICE_ALERT: "UTILITY",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """audience = eligible + everything in skipped (reason → people).  cost: None without a rate card."""

    audience: int
    eligible: int
    skipped: Mapping[str, int]
    cost: Cost | None


def estimate(*, segment: Segment, topic: Topic, number: Number, kind: CampaignKind, at: datetime) -> Estimate:
    """Judge a segment by the words that freezing uses, without a message; writes nothing.

    Cost: 3 queries, whatever the audience.  Raises TreeError.
    """
    question = compile_tree(parse(segment.tree), workspace_id=segment.workspace_id, at=at)
    category = _USUAL_CATEGORY[kind]
    audience = Audience(
        workspace_id=segment.workspace_id,
        number_id=number.pk,
        topic_id=topic.pk,
        topic_kind=TopicKind(topic.kind),
        members=question.query,
        parameters=question.parameters,
        paused_countries=tuple(sorted(paused_countries(category, on=at.date()))),
    )
    countries: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for row in judge(audience, at=at):
        if row.reason:
            skipped[row.reason] += row.people
        else:
            countries[row.country] += row.people
    return Estimate(
        audience=countries.total() + skipped.total(),
        eligible=countries.total(),
        skipped=dict(sorted(skipped.items())),
        cost=cost_of(countries, workspace_id=segment.workspace_id, category=category, on=at.date()),
    )
