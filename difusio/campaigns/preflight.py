"""Pre-flight: who gets it, who does not and why, when it is done, what it costs — before anything is sent."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from difusio.campaigns.audience import Planned, planned
from difusio.campaigns.errors import NoSuchCampaign
from difusio.campaigns.findings import findings, judge_plan, places_of
from difusio.campaigns.models import Campaign
from difusio.message_templates.rates import Cost, estimate
from difusio.outbox.freeze import Judged
from difusio.rules.findings import Finding, Level


@dataclass(frozen=True, slots=True)
class Preflight:
    """What launching now would do.

    audience = eligible + everything in skipped (reason → people).  versions: language version → people.
    required_fields: placeholders without default read these; people without them are skipped as ``missing_field``.
    finish_at: at the number's pace.  messaging_limit: unique people a day of the portfolio, None for unlimited.
    cost: None: unknown, no rate card.
    """

    campaign_id: int
    at: datetime
    audience: int
    eligible: int
    skipped: Mapping[str, int]
    versions: Mapping[str, int]
    required_fields: tuple[str, ...]
    pace_per_s: int
    finish_at: datetime
    messaging_limit: int | None
    cost: Cost | None
    findings: tuple[Finding, ...]

    @property
    def is_blocked(self) -> bool:
        """Whether something must be mended before the campaign can be launched."""
        return any(finding.level is Level.BLOCK for finding in self.findings)


def preflight(campaign_id: int, *, at: datetime) -> Preflight:
    """Judge a draft by the very words that freezing uses; writes nothing.  Cost: 7 queries, whatever the audience.

    Raises NoSuchCampaign, and what ``planned`` raises.
    """
    campaign = (
        Campaign.objects.select_related("topic", "segment", "number__portfolio", "workspace")
        .filter(pk=campaign_id)
        .first()
    )
    if campaign is None:
        raise NoSuchCampaign
    return examine(planned(campaign, at=at), at=at)


def examine(plan: Planned, *, at: datetime) -> Preflight:
    """Judge a plan that has been read already."""
    campaign = plan.campaign
    places = places_of(plan)
    judged = judge_plan(plan, at=at)
    eligible = [row for row in judged if not row.reason]
    people = sum(row.people for row in eligible)
    versions = {
        version: sum(row.people for row in eligible if row.batch_id == place)
        for version, place in places.items()
    }
    pace = campaign.number.pace_per_s
    return Preflight(
        campaign_id=campaign.pk,
        at=at,
        audience=sum(row.people for row in judged),
        eligible=people,
        skipped=_by_reason(judged),
        versions=versions,
        required_fields=plan.required,
        pace_per_s=pace,
        finish_at=at + timedelta(seconds=people / pace),
        messaging_limit=campaign.number.portfolio.messaging_limit,
        cost=_cost(plan, eligible, at=at),
        findings=findings(plan, judged, at=at),
    )


def _by_reason(judged: list[Judged]) -> dict[str, int]:
    skipped: Counter[str] = Counter()
    for row in judged:
        if row.reason:
            skipped[row.reason] += row.people
    return dict(sorted(skipped.items()))


def _cost(plan: Planned, eligible: list[Judged], *, at: datetime) -> Cost | None:
    if not plan.templates:
        return None
    countries: Counter[str] = Counter()
    for row in eligible:
        countries[row.country] += row.people
    return estimate(countries, workspace_id=plan.campaign.workspace_id, category=plan.category, on=at.date())
