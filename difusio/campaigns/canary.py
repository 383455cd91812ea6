"""The canary: a random first share of a campaign, whose outcome decides whether the rest goes out.

Who is in it is decided by a hash of the contact's id at the freeze; the rest's batches are held until then.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from difusio.accounts import audit
from difusio.campaigns.errors import NotHeld
from difusio.campaigns.models import Campaign, CampaignState, Canary, CanaryState, Round
from difusio.campaigns.running import lock_campaign
from difusio.outbox import batches
from difusio.outbox.models import Delivery

MOST: Final = 1_000
# Meta's word for a number or template that many people block or report.
_BAD_QUALITY: Final = "RED"

_log = structlog.get_logger("difusio.campaigns")


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a canary.

    asked: to be sent, of them failed (or refused), unheard (Meta has said nothing of them yet) and delivered; left:
    people who left because of it.  why: what speaks against going on: ``failed``, ``left``, ``quality``, ``silent``.
    failed_percent, left_percent: the most that the kind bears, of those asked and of those reached.
    """

    asked: int
    failed: int
    unheard: int
    delivered: int
    left: int
    failed_percent: int
    left_percent: int
    why: tuple[str, ...] = ()


def size(people: int, *, is_wanted: bool) -> int:
    """Say how many people the canary of so large an audience has; 0: none."""
    if not is_wanted or people < max(1, settings.DIFUSIO_CANARY_FROM):
        return 0
    share = round(people * settings.DIFUSIO_CANARY_PERCENT / 100)
    return min(people, MOST, max(1, settings.DIFUSIO_CANARY_LEAST, share))


def longest_wait(canary: int, people: int) -> timedelta:
    """Say for how long the rest may wait for the canary; less where Meta soon tells what came of each."""
    return timedelta(seconds=settings.DIFUSIO_CANARY_S) if 0 < canary < people else timedelta(0)


def judge_canaries(*, at: datetime) -> int:
    """Let the rest of each campaign go whose canary has settled, or hold it and say why; give how many were judged.

    Safe to repeat and to run in several processes.  Cost while none waits: 1 query; 1 more for each that does.
    """
    waiting = Canary.objects.filter(
        state=CanaryState.WAITING, round__campaign__state=CampaignState.SENDING
    ).order_by("id")
    return sum(_judge(canary.pk, at=at) for canary in waiting if _is_settled(canary.round_id, at=at))


def go_on(campaign_id: int, *, by: str, at: datetime) -> Campaign:
    """Let the rest of a campaign go although its canary speaks against it, or before it has spoken.

    Repeating it changes nothing.  Raises NoSuchCampaign, NotHeld.
    """
    with transaction.atomic():
        campaign = lock_campaign(campaign_id)
        canary = Canary.objects.filter(round__campaign=campaign).first()
        if canary is None or campaign.state not in {CampaignState.SENDING, CampaignState.PAUSED}:
            raise NotHeld
        if canary.state in {CanaryState.WAITING, CanaryState.HELD}:
            _decide(canary, CanaryState.OVERRULED, by=by, at=at)
    return campaign


def _of_canary(round_id: int) -> QuerySet[Delivery]:
    return Delivery.objects.filter(batch__round_batch__round=round_id, batch__round_batch__is_canary=True)


def _is_settled(round_id: int, *, at: datetime) -> bool:
    """Tell whether every message of a canary has left, and Meta has told what came of each, or has long had time to."""
    patience = timedelta(seconds=settings.DIFUSIO_CANARY_S)
    found = _of_canary(round_id).aggregate(
        asked=Count("id", filter=~Q(state__in=["skipped", "cancelled", "expired"])),
        # A second try in a moment, after a refusal for speed, is about to leave as well.
        to_leave=Count(
            "id",
            filter=Q(state__in=["claimed", "sending"]) | Q(state="queued", due_at__lte=at + patience),
        ),
        # Quiet hours, or a second try tomorrow: nobody waits a day for a few.
        later=Count("id", filter=Q(state="queued", due_at__gt=at + patience)),
        unheard=Count("id", filter=Q(state__in=["in_doubt", "accepted"])),
        last_at=Max("accepted_at"),
    )
    if found["to_leave"] or found["later"] * 2 > found["asked"]:
        return False
    return not found["unheard"] or (found["last_at"] is not None and found["last_at"] <= at - patience)


def _judge(canary_id: int, *, at: datetime) -> bool:
    with transaction.atomic():
        canary = Canary.objects.select_related("round__campaign__number").get(pk=canary_id)
        campaign = lock_campaign(canary.round.campaign_id)
        canary.refresh_from_db(fields=["state"])
        if canary.state != CanaryState.WAITING or campaign.state != CampaignState.SENDING:
            return False  # somebody was quicker
        seen = _look(canary.round, campaign)
        canary.seen = asdict(seen)
        state = CanaryState.HELD if seen.why else CanaryState.PASSED
        _decide(canary, state, by="clock", at=at)
    if seen.why:
        _log.warning("campaign.canary_held", campaign=campaign.pk, why=list(seen.why))
    else:
        _log.info("campaign.canary_passed", campaign=campaign.pk)
    return True


def _look(of: Round, campaign: Campaign) -> Seen:
    found = _of_canary(of.pk).aggregate(
        asked=Count("id", filter=~Q(state__in=["skipped", "cancelled", "expired"])),
        failed=Count("id", filter=Q(state__in=["failed", "refused"])),
        unheard=Count("id", filter=Q(state__in=["in_doubt", "accepted", "parked"])),
        delivered=Count("id", filter=Q(delivered_at__isnull=False)),
        left=Count("id", filter=Q(left_at__isnull=False)),
    )
    most_failed = settings.DIFUSIO_CANARY_FAILED_PERCENT[campaign.kind]
    most_left = settings.DIFUSIO_CANARY_LEFT_PERCENT[campaign.kind]
    templates = of.batches.filter(is_canary=True, batch__template__quality=_BAD_QUALITY)
    against = {
        "failed": found["failed"] * 100 > most_failed * found["asked"],
        "left": found["left"] * 100 > most_left * max(found["delivered"], 1),
        "quality": campaign.number.quality == _BAD_QUALITY or templates.exists(),
        "silent": found["unheard"] * 2 > found["asked"],
    }
    why = tuple(word for word, speaks in against.items() if speaks)
    return Seen(**found, failed_percent=most_failed, left_percent=most_left, why=why)


def _decide(canary: Canary, state: CanaryState, *, by: str, at: datetime) -> None:
    canary.state, canary.decided_at, canary.decided_by = state, at, by
    canary.save(update_fields=["state", "seen", "decided_at", "decided_by"])
    if state != CanaryState.HELD:
        rest = canary.round.batches.filter(is_canary=False).order_by("batch_id")
        batches.let_go(list(rest.values_list("batch_id", flat=True)))
    campaign = canary.round.campaign
    audit.record(
        workspace_id=campaign.workspace_id,
        actor=by,
        act=f"campaign.canary_{state}",
        details={"campaign": campaign.pk, "people": canary.people},
        at=at,
    )
