"""A first share of a large campaign decides whether the rest goes out."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from pytest_django import Settings

from difusio.accounts.models import AuditEntry
from difusio.campaigns.canary import go_on, judge_canaries, size
from difusio.campaigns.cancel import cancel
from difusio.campaigns.copy import copy
from difusio.campaigns.edit import Whom, edit_when, edit_whom
from difusio.campaigns.errors import NotHeld
from difusio.campaigns.launch import launch
from difusio.campaigns.models import Campaign, CampaignKind, Canary, CanaryState, Round, RoundBatch
from difusio.campaigns.pause import pause
from difusio.campaigns.preflight import preflight
from difusio.campaigns.resume import resume
from difusio.outbox.models import Delivery
from difusio.reports.funnel import funnel
from tests.campaigns.steps import draft, version
from tests.cast import NOON, Shop, agreed, person, shop
from tests.outbox.steps import claimed, hold

pytestmark = pytest.mark.django_db

PEOPLE = 30
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def from_ten_people_on(settings: Settings) -> None:
    """Let small audiences have canaries, of half the people."""
    settings.DIFUSIO_CANARY_FROM = 10
    settings.DIFUSIO_CANARY_PERCENT = 50
    settings.DIFUSIO_CANARY_LEAST = 1


def crowd(n: int = PEOPLE) -> Shop:
    ona = shop()
    for place in range(n):
        agreed(ona, f"N{place}", language="es" if place % 3 else "ca")
    person(ona, "Chen")
    version(ona, "es")
    return ona


def launched(of: Shop, *, kind: CampaignKind = CampaignKind.OFFER) -> Campaign:
    campaign = draft(of, kind=kind)
    launch(campaign.pk, by="Dana", at=NOON)
    return campaign


def deliveries(*, is_canary: bool) -> "list[Delivery]":
    rows = Delivery.objects.filter(batch__round_batch__is_canary=is_canary, state="queued")
    return list(rows.order_by("id"))


def came_of(canary: "list[Delivery]", states: Mapping[str, int], *, left: int = 0) -> None:
    """Let so many of the canary come to each state, the others be delivered; so many of these leave."""
    told = [state for state, n in states.items() for _ in range(n)]
    for place, delivery in enumerate(canary):
        state = told[place] if place < len(told) else "delivered"
        delivered_at = NOON if state == "delivered" else None
        left_at = NOON if place >= len(canary) - left else None
        Delivery.objects.filter(pk=delivery.pk).update(
            state=state, accepted_at=NOON, delivered_at=delivered_at, left_at=left_at
        )


def canary_of(campaign: Campaign) -> Canary:
    return Canary.objects.get(round__campaign=campaign)


def held_batches() -> int:
    return RoundBatch.objects.filter(batch__held_at__isnull=False).count()


def it_chooses_how_many_by_the_audience(settings: Settings) -> None:
    settings.DIFUSIO_CANARY_FROM = 500
    settings.DIFUSIO_CANARY_PERCENT = 5
    settings.DIFUSIO_CANARY_LEAST = 50

    sizes = {people: size(people, is_wanted=True) for people in (0, 499, 500, 4_000, 1_000_000)}

    assert sizes == {0: 0, 499: 0, 500: 50, 4_000: 200, 1_000_000: 1_000}
    assert size(4_000, is_wanted=False) == 0


def it_parts_the_audience_and_claims_the_first_share_alone() -> None:
    ona = crowd()

    campaign = launched(ona)

    first, rest = deliveries(is_canary=True), deliveries(is_canary=False)
    assert len(first) == canary_of(campaign).people
    assert (len(first) + len(rest), min(len(first), len(rest)) > 5) == (PEOPLE, True)
    assert {item.delivery_id for item in claimed(ona, hold(ona))} == {one.pk for one in first}
    # Whoever is skipped is no part of the canary, and the campaign adds up as one.
    assert RoundBatch.objects.filter(is_canary=True, batch__deliveries__state="skipped").count() == 0
    found = funnel(campaign.pk)
    assert (found.audience, found.skipped.n, found.waiting) == (PEOPLE + 1, 1, PEOPLE)


def it_lets_the_rest_go_as_soon_as_all_is_known_and_nothing_speaks_against_it() -> None:
    campaign = launched(crowd())
    first = deliveries(is_canary=True)
    came_of(first, {"accepted": 1})
    assert (judge_canaries(at=NOON + MINUTE), held_batches()) == (0, 2)

    came_of(first, {"failed": 1})
    assert judge_canaries(at=NOON + MINUTE) == 1
    assert judge_canaries(at=NOON + MINUTE) == 0

    canary = canary_of(campaign)
    assert (canary.state, canary.decided_by, held_batches()) == (CanaryState.PASSED, "clock", 0)
    assert (canary.seen["asked"], canary.seen["failed"], canary.seen["why"]) == (len(first), 1, [])
    assert AuditEntry.objects.filter(act="campaign.canary_passed").count() == 1


@pytest.mark.parametrize(
    ("states", "left", "why"),
    [
        ({"failed": 2, "refused": 2}, 0, ["failed"]),
        ({}, 2, ["left"]),
        ({"failed": 4}, 2, ["failed", "left"]),
    ],
)
def it_holds_the_rest_when_too_many_fail_or_leave(
    states: Mapping[str, int], left: int, why: list[str]
) -> None:
    campaign = launched(crowd())
    first = deliveries(is_canary=True)
    came_of(first, states, left=left)

    judge_canaries(at=NOON + MINUTE)

    canary = canary_of(campaign)
    assert (canary.state, canary.seen["why"], held_batches()) == (CanaryState.HELD, why, 2)
    assert (canary.seen["failed_percent"], canary.seen["left_percent"]) == (15, 5)


def it_holds_the_rest_when_people_block_the_number_or_the_template() -> None:
    ona = crowd()
    campaign = launched(ona)
    came_of(deliveries(is_canary=True), {})
    ona.number.quality = "RED"
    ona.number.save()

    judge_canaries(at=NOON + MINUTE)

    assert canary_of(campaign).seen["why"] == ["quality"]


def it_waits_for_the_last_word_so_long_and_holds_the_rest_when_meta_says_nothing() -> None:
    campaign = launched(crowd())
    first = deliveries(is_canary=True)
    came_of(first, {"accepted": len(first)})

    assert judge_canaries(at=NOON + timedelta(seconds=899)) == 0
    assert judge_canaries(at=NOON + timedelta(seconds=900)) == 1

    assert canary_of(campaign).seen["why"] == ["silent"]


def it_does_not_judge_what_has_not_left() -> None:
    launched(crowd())
    first = deliveries(is_canary=True)
    came_of(first, {"queued": 1})

    assert judge_canaries(at=NOON + timedelta(days=1)) == 0


def it_waits_for_a_second_try_in_a_moment_and_not_for_a_few_tomorrow() -> None:
    campaign = launched(crowd())
    first = deliveries(is_canary=True)
    came_of(first, {"queued": 1})
    retried = Delivery.objects.filter(pk=first[0].pk)

    retried.update(due_at=NOON + timedelta(minutes=2))
    assert judge_canaries(at=NOON + MINUTE) == 0

    retried.update(due_at=NOON + timedelta(days=1))
    assert judge_canaries(at=NOON + MINUTE) == 1
    assert canary_of(campaign).state == "passed"


def it_lets_the_rest_go_when_a_person_says_so() -> None:
    ona = crowd()
    campaign = launched(ona)
    came_of(deliveries(is_canary=True), {"failed": PEOPLE})
    judge_canaries(at=NOON + MINUTE)

    for _ in range(2):
        go_on(campaign.pk, by="Dana", at=NOON + MINUTE)

    canary = canary_of(campaign)
    assert (canary.state, canary.decided_by, held_batches()) == (CanaryState.OVERRULED, "Dana", 0)
    assert len(claimed(ona, hold(ona))) == len(deliveries(is_canary=False)) + PEOPLE - canary.people
    assert AuditEntry.objects.filter(act="campaign.canary_overruled").count() == 1


def it_holds_on_while_the_campaign_is_paused_and_after_it_goes_on() -> None:
    campaign = launched(crowd())
    came_of(deliveries(is_canary=True), {})
    pause(campaign.pk, by="Dana", at=NOON)
    assert judge_canaries(at=NOON + MINUTE) == 0

    resume(campaign.pk, by="Dana", at=NOON + MINUTE)

    assert held_batches() == 2
    assert (judge_canaries(at=NOON + MINUTE), held_batches()) == (1, 0)


def it_ends_with_the_campaign() -> None:
    campaign = launched(crowd())
    cancel(campaign.pk, by="Dana", at=NOON)

    assert judge_canaries(at=NOON + MINUTE) == 0
    assert funnel(campaign.pk).measures["cancelled"] == PEOPLE
    with pytest.raises(NotHeld, match="no rest to let go"):
        go_on(campaign.pk, by="Dana", at=NOON)


def it_has_none_for_service_alerts_small_audiences_and_where_nobody_wants_one() -> None:
    ona = crowd()
    alert = Whom("alert", CampaignKind.SERVICE_ALERT, ona.alerts.pk, draft(ona).segment_id, ona.number.pk)
    drafts = {"alert": draft(ona), "not wanted": draft(ona)}
    edit_whom(drafts["alert"].pk, alert)
    edit_when(drafts["not wanted"].pk, None, has_canary=False, at=NOON)
    drafts["a copy of that"] = copy(drafts["not wanted"].pk, name="copy", by="Dana", at=NOON)

    assert [Round.objects.get(campaign=one).has_canary for one in drafts.values()] == [False] * 3
    assert preflight(drafts["not wanted"].pk, at=NOON).canary == 0
    launch(drafts["not wanted"].pk, by="Dana", at=NOON)
    launched(crowd(9))
    assert (Canary.objects.count(), held_batches()) == (0, 0)


def it_is_foretold_by_the_preflight() -> None:
    assert preflight(draft(crowd()).pk, at=NOON).canary == PEOPLE // 2
