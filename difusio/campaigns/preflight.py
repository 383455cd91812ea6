"""Pre-flight: who gets it, who does not and why, when it is done, what it costs — before anything is sent."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from difusio.campaigns.audience import Counted, counted, planned
from difusio.campaigns.canary import longest_wait, size
from difusio.campaigns.errors import NoSuchCampaign
from difusio.campaigns.findings import findings
from difusio.campaigns.forecast import Forecast, ends_at, forecast
from difusio.campaigns.models import Campaign
from difusio.message_templates.rates import Cost, estimate
from difusio.outbox.room import Room, look, spread
from difusio.rules.findings import Finding, Level


@dataclass(frozen=True, slots=True)
class Preflight:
    """What launching now would do.

    audience = eligible + everything in skipped (reason → people).  versions: language version → people.
    required_fields: placeholders without default read these; people without them are skipped as ``missing_field``.
    room: to how many more people Meta lets the portfolio write now.  at_once: how many leave without waiting for more
    of it.  leaves_at: the moment it is scheduled for, else at once.  canary: how many get it first, 0: all at once.
    forecast: how it would go from then on; finish_at: when the last one leaves, by the number's pace, the nights, the
    room and the longest wait for the canary.  cost: None: unknown, no rate card.
    """

    campaign_id: int
    at: datetime
    audience: int
    eligible: int
    skipped: Mapping[str, int]
    versions: Mapping[str, int]
    required_fields: tuple[str, ...]
    pace_per_s: int
    room: Room
    at_once: int
    leaves_at: datetime
    canary: int
    finish_at: datetime
    forecast: Forecast
    cost: Cost | None
    findings: tuple[Finding, ...]

    @property
    def is_blocked(self) -> bool:
        """Whether something must be mended before the campaign can be launched."""
        return any(finding.level is Level.BLOCK for finding in self.findings)


def preflight(campaign_id: int, *, at: datetime) -> Preflight:
    """Judge a draft by the very words that freezing uses; writes nothing.

    Cost: 5 queries, whatever the audience, and at most 3 more within a messaging limit.
    Raises NoSuchCampaign, and what ``planned`` raises.
    """
    campaign = (
        Campaign.objects.select_related("topic", "segment", "number__portfolio", "workspace")
        .filter(pk=campaign_id)
        .first()
    )
    if campaign is None:
        raise NoSuchCampaign
    return examine(counted(planned(campaign, at=at), at=at), at=at)


def examine(count: Counted, *, at: datetime) -> Preflight:
    """Say what the launch of a plan would do whose audience has been counted."""
    campaign = count.plan.campaign
    pace, portfolio = campaign.number.pace_per_s, campaign.number.portfolio
    room = look(portfolio, at=at)
    leaves = spread(portfolio, room, count.people, pace_per_s=pace, at=at)
    leaves_at = count.plan.leaves_at
    ends = ends_at(campaign.kind, count.plan.variant.round.not_after, leaves_at=leaves_at)
    canary = size(count.people, is_wanted=count.plan.variant.round.has_canary)
    course = forecast(
        count.eligible,
        leaves_at=leaves_at,
        pace_per_s=pace,
        ends_at=ends,
        at_once=leaves.at_once,
        a_day=room.limit,
    )
    return Preflight(
        campaign_id=campaign.pk,
        at=at,
        audience=sum(row.people for row in count.rows),
        eligible=count.people,
        skipped=_by_reason(count),
        versions=_by_version(count),
        required_fields=count.plan.required,
        pace_per_s=pace,
        room=room,
        at_once=leaves.at_once,
        leaves_at=leaves_at,
        finish_at=max(course.finish_at, leaves_at + (leaves.done_at - at))
        + longest_wait(canary, count.people),
        forecast=course,
        canary=canary,
        cost=_cost(count, at=at),
        findings=findings(count, at=at, leaves=leaves, room=room),
    )


def _by_reason(count: Counted) -> dict[str, int]:
    skipped: Counter[str] = Counter()
    for row in count.rows:
        if row.reason:
            skipped[row.reason] += row.people
    return dict(sorted(skipped.items()))


def _by_version(count: Counted) -> dict[str, int]:
    languages = count.languages
    people = dict.fromkeys(sorted(set(languages.values())), 0)
    for row in count.eligible:
        people[languages[row.language]] += row.people
    return people


def _cost(count: Counted, *, at: datetime) -> Cost | None:
    if not count.rows:
        return None
    countries: Counter[str] = Counter()
    for row in count.eligible:
        countries[row.country] += row.people
    plan = count.plan
    return estimate(countries, workspace_id=plan.campaign.workspace_id, category=plan.category, on=at.date())
