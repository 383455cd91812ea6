"""How a launch would go, told before it: mornings, caps, and what would come too late."""

from datetime import datetime, time, timedelta

import pytest

from difusio.accounts.models import Workspace
from difusio.campaigns.edit import edit_when
from difusio.campaigns.errors import EndsBefore
from difusio.campaigns.forecast import USUAL_LIFE, ends_at, forecast
from difusio.campaigns.launch import launch
from difusio.campaigns.models import CampaignKind, Round
from difusio.campaigns.preflight import preflight
from difusio.outbox.freeze import Judged
from difusio.outbox.models import Batch, Delivery
from tests.campaigns.steps import draft
from tests.cast import NOON, agreed, shop

HOUR = timedelta(hours=1)


def people(n: int, *, asleep_until: datetime | None = None, had_enough: int = 0) -> Judged:
    return Judged("ca", "", "ES", asleep_until, n, 0, had_enough)


def it_is_done_when_the_last_who_slept_has_got_it() -> None:
    rows = [people(3_600), people(3_600, asleep_until=NOON + 10 * HOUR)]

    found = forecast(rows, leaves_at=NOON, pace_per_s=1, ends_at=NOON + 72 * HOUR)

    assert (found.asleep, found.late) == (3_600, 0)
    assert found.finish_at == NOON + 11 * HOUR


def it_counts_who_would_come_too_late() -> None:
    rows = [people(7_200), people(50, asleep_until=NOON + 10 * HOUR)]

    found = forecast(rows, leaves_at=NOON, pace_per_s=1, ends_at=NOON + HOUR)

    assert found.late == 3_650


def it_leaves_out_who_had_enough() -> None:
    found = forecast([people(100, had_enough=40)], leaves_at=NOON, pace_per_s=1, ends_at=NOON + HOUR)

    assert (found.had_enough, found.finish_at) == (40, NOON + timedelta(seconds=60))


def it_ends_with_the_offer_or_after_the_kinds_usual_time() -> None:
    assert set(USUAL_LIFE) == set(CampaignKind)
    assert ends_at("offer", None, leaves_at=NOON) == NOON + 72 * HOUR
    assert ends_at("service_alert", None, leaves_at=NOON) == NOON + 12 * HOUR
    assert ends_at("offer", NOON + HOUR, leaves_at=NOON) == NOON + HOUR


@pytest.mark.django_db
def it_launches_with_its_end_and_refuses_one_that_is_over() -> None:
    ona = shop()
    agreed(ona)
    campaign = draft(ona)
    with pytest.raises(EndsBefore):
        edit_when(campaign.pk, NOON + 2 * HOUR, not_after=NOON + 2 * HOUR, at=NOON)
    edit_when(campaign.pk, None, not_after=NOON + HOUR, at=NOON)
    with pytest.raises(EndsBefore):
        launch(campaign.pk, by="user 1", at=NOON + HOUR)

    launch(campaign.pk, by="user 1", at=NOON)

    assert Batch.objects.get().expires_at == NOON + HOUR


@pytest.mark.django_db
def it_says_and_does_the_same_about_a_launch_at_night() -> None:
    ona = shop()
    Workspace.objects.update(quiet_from=time(21), quiet_until=time(9))
    agreed(ona)
    campaign = draft(ona)
    night = NOON + 9 * HOUR

    checked = preflight(campaign.pk, at=night)
    launch(campaign.pk, by="user 1", at=night)

    assert checked.forecast.asleep == 1
    assert Delivery.objects.get().due_at <= checked.finish_at <= Delivery.objects.get().due_at + HOUR


@pytest.mark.django_db
def it_looks_at_the_night_of_the_moment_it_is_scheduled_for() -> None:
    ona = shop()
    Workspace.objects.update(quiet_from=time(21), quiet_until=time(9))
    agreed(ona)
    campaign = draft(ona)
    Round.objects.update(scheduled_for=NOON + 9 * HOUR)

    assert preflight(campaign.pk, at=NOON).forecast.asleep == 1
