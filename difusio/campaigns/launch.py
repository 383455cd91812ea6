"""Launch a campaign: freeze its audience into the outbox, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Sum

from difusio.accounts import audit
from difusio.campaigns.audience import Counted, counted, planned
from difusio.campaigns.canary import size
from difusio.campaigns.errors import (
    Blocked,
    EndsBefore,
    MorePeople,
    NobodyConsents,
    NoSuchCampaign,
    NotADraft,
    NumberStopped,
)
from difusio.campaigns.findings import findings, said
from difusio.campaigns.forecast import ends_at
from difusio.campaigns.models import Campaign, CampaignKind, CampaignState, Round, RoundBatch
from difusio.campaigns.models import Canary as RoundCanary
from difusio.outbox.freeze import Canary, freeze
from difusio.outbox.models import Batch, Lane, Tally
from difusio.rules.findings import Level

# Reasons that only come up when a delivery's turn has come.
_LATER: Final = frozenset({"left", "window_closed", "capped", "promised"})


@dataclass(frozen=True, slots=True)
class Launched:
    """audience: everyone the segment names = queued + skipped (by reason)."""

    campaign_id: int
    audience: int
    queued: int
    skipped: Mapping[str, int]


def launch(campaign_id: int, *, by: str, at: datetime, at_most: int | None = None) -> Launched:
    """Write one delivery per member of the audience, queued or skipped with its reason, and start sending.

    at_most: how many people whoever launches has been shown.  One transaction: all or nothing.  Repeating the call
    gives the first result.
    Raises NoSuchCampaign, NotADraft, NumberStopped, Blocked, NobodyConsents, MorePeople, EndsBefore, and
    what ``planned`` raises.
    """
    with transaction.atomic():
        campaign = (
            Campaign.objects.select_for_update(of=("self",))
            .select_related("topic", "segment", "number", "workspace")
            .filter(pk=campaign_id)
            .first()
        )
        if campaign is None:
            raise NoSuchCampaign
        first = Round.objects.get(campaign=campaign, seq=1)
        if campaign.state in {CampaignState.SENDING, CampaignState.PAUSED} and first.launched_at:
            return _first_result(campaign)
        if campaign.state not in {CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.PREPARING}:
            raise NotADraft
        if campaign.number.stopped_for:
            raise NumberStopped
        ends = ends_at(campaign.kind, first.not_after, leaves_at=at)
        if ends <= at:
            raise EndsBefore
        plan = planned(campaign, at=at)
        count = counted(plan, at=at)
        blocks = [said(finding) for finding in findings(count, at=at) if finding.level is Level.BLOCK]
        if blocks:
            raise Blocked(" ".join(blocks))
        first_people = size(count.people, is_wanted=first.has_canary)
        rest = _batches(campaign, count, first, held_at=at if first_people else None, ends=ends, at=at)
        canary = None
        if first_people:
            own = _batches(campaign, count, first, is_canary=True, ends=ends, at=at)
            # The campaign's id chooses: the next one's canary is somebody else.
            canary = Canary(own, first_people * 1_000_000 // count.people, seed=campaign.pk)
        frozen = freeze(plan.audience(rest, canary=canary), due_at=at, at=at)
        if not frozen.queued:
            raise NobodyConsents
        if at_most is not None and frozen.queued > at_most:
            raise MorePeople
        if canary:
            _keep_canary(first, canary)
        campaign.state = CampaignState.SENDING
        campaign.save(update_fields=["state"])
        first.launched_at, first.launched_by, first.held_back = at, by, ""
        first.save(update_fields=["launched_at", "launched_by", "held_back"])
        audit.record(
            workspace_id=campaign.workspace_id,
            actor=by,
            act="campaign.launched",
            details={"campaign": campaign.pk, "audience": frozen.audience, "queued": frozen.queued},
            at=at,
        )
    return Launched(campaign.pk, frozen.audience, frozen.queued, frozen.skipped)


def _batches(
    campaign: Campaign,
    count: Counted,
    of: Round,
    *,
    ends: datetime,
    at: datetime,
    held_at: datetime | None = None,
    is_canary: bool = False,
) -> dict[str, int]:
    """Make a batch for each language version that somebody gets; give contact language → batch, the usual one first."""
    plan = count.plan
    lane = Lane.SERVICE if campaign.kind == CampaignKind.SERVICE_ALERT else Lane.BULK
    made = {}
    for version, template in sorted(count.templates.items()):
        batch = Batch.objects.create(
            workspace=campaign.workspace,
            number=campaign.number,
            lane=lane,
            topic=campaign.topic,
            template=template,
            message={"values": dict(plan.variant.values)},
            held_at=held_at,
            expires_at=ends,
            created_at=at,
        )
        RoundBatch.objects.create(
            round=of, variant=plan.variant, language=version, is_canary=is_canary, batch=batch
        )
        made[version] = batch.pk
    usual = count.plan.version_for("")
    languages = sorted(count.languages.items(), key=lambda found: found[1] != usual)
    return {language: made[version] for language, version in languages}


def _keep_canary(of: Round, canary: Canary) -> None:
    """Note how many people the hash has chosen; a canary of nobody passes at once."""
    tallies = Tally.objects.filter(batch__in=set(canary.batches.values()), measure="audience")
    people = tallies.aggregate(n=Sum("n"))["n"] or 0
    RoundCanary.objects.create(round=of, people=people)


def _first_result(campaign: Campaign) -> Launched:
    tallies = Tally.objects.filter(batch__round_batch__round__campaign=campaign)
    audience = tallies.filter(measure="audience").aggregate(n=Sum("n"))["n"] or 0
    skips = tallies.filter(measure="skipped").values_list("detail").annotate(n=Sum("n")).order_by("detail")
    skipped = {reason: int(n) for reason, n in skips if reason not in _LATER}
    return Launched(campaign.pk, int(audience), int(audience) - sum(skipped.values()), skipped)
