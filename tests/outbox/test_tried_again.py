"""One more attempt: a day after Meta's own cap, for a service alert in doubt, and when a person decides so."""

from datetime import timedelta
from uuid import UUID

import pytest

from difusio.accounts.models import AuditEntry, Workspace
from difusio.cloud_api.news import Status
from difusio.consent.models import Act
from difusio.outbox.claim import Hold, close_finished
from difusio.outbox.decide import Chosen, leave_it, send_again
from difusio.outbox.fold import Heard, fold
from difusio.outbox.models import Attempt, Batch, Delivery, Lane, Lease
from difusio.outbox.record import Outcome, park, record, try_again
from tests.cast import NOON, Shop, agreed, person, say, shop
from tests.outbox.steps import accepted, batch, claimed, frozen, hold, intended, states, tallies

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def heard(of: Shop, token: UUID, status: Status, *, code: int | None = None, days: int = 0) -> None:
    fold(
        [
            Heard(
                event_key=f"{token}{status}{days}".encode(),
                phone_number_id=of.number.phone_number_id,
                wamid=f"wamid.{token.hex}",
                token=token,
                status=status,
                code=code,
                at=NOON + days * DAY,
            )
        ],
        at=NOON + days * DAY,
    )


def had_enough(of: Shop) -> tuple[Batch, UUID]:
    """Send to Asha, whom Meta lets have no more marketing today."""
    agreed(of)
    into = batch(of)
    Batch.objects.filter(pk=into.pk).update(expires_at=NOON + 3 * DAY)
    frozen(of, into)
    (token,) = accepted(of, hold(of)).values()
    heard(of, token, Status.FAILED, code=131049)
    close_finished(before=NOON + DAY)
    return into, token


def it_tries_once_more_a_day_after_meta_had_enough_and_the_second_time_is_final() -> None:
    ona = shop()
    into, first = had_enough(ona)
    assert tallies(into) == {"audience": 1, "accepted": 1, "failed 131049": 1}

    assert try_again(at=NOON + DAY - SECOND) == 0
    assert try_again(at=NOON + DAY) == 1
    assert try_again(at=NOON + DAY) == 0
    assert tallies(into) == {"audience": 1}

    by = _again(ona)
    (second,) = accepted(ona, by, at=NOON + DAY).values()
    assert second != first
    heard(ona, second, Status.FAILED, code=131049, days=1)
    assert try_again(at=NOON + 2 * DAY + SECOND) == 0
    assert states(ona) == {"Asha": "failed"}
    assert tallies(into) == {"audience": 1, "accepted": 1, "failed 131049": 1}


def _again(of: Shop) -> Hold:
    """Give the hold of whoever has the number."""
    lease = Lease.objects.get(number=of.number)
    return Hold(of.number.pk, lease.owner, lease.epoch)


def it_tries_once_more_when_meta_says_so_in_its_answer() -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    Batch.objects.update(expires_at=NOON + 3 * DAY)
    frozen(ona, into)
    by = hold(ona)
    (token,) = intended(claimed(ona, by), by).values()
    record([Outcome(token, "wait_a_day", http_status=400, code=131049)], at=NOON)
    assert tallies(into) == {"audience": 1, "refused 131049": 1}

    assert try_again(at=NOON + DAY) == 1
    (second,) = intended(claimed(ona, by, at=NOON + DAY), by, at=NOON + DAY).values()
    record([Outcome(second, "wait_a_day", http_status=400, code=131049)], at=NOON + DAY)

    assert try_again(at=NOON + 2 * DAY + SECOND) == 0
    assert tallies(into) == {"audience": 1, "refused 131049": 1}
    assert list(Attempt.objects.values_list("is_possible_duplicate", flat=True)) == [False, False]


@pytest.mark.parametrize("how", ["too late", "cancelled", "switched off", "delivered"])
def it_does_not_try_again_what_is_of_no_use(how: str) -> None:
    ona = shop()
    into, token = had_enough(ona)
    if how == "too late":
        Batch.objects.update(expires_at=NOON + DAY)
    elif how == "cancelled":
        Batch.objects.update(cancelled_at=NOON)
    elif how == "switched off":
        Workspace.objects.update(tries_again=False)
    else:
        heard(ona, token, Status.DELIVERED)

    assert try_again(at=NOON + DAY) == 0
    assert states(ona) == {"Asha": "delivered" if how == "delivered" else "failed"}
    assert tallies(into).get("queued", 0) == 0


def it_lets_a_late_delivered_win_over_the_next_attempt() -> None:
    ona = shop()
    into, token = had_enough(ona)
    try_again(at=NOON + DAY)
    by = _again(ona)
    items = claimed(ona, by, at=NOON + DAY)

    heard(ona, token, Status.DELIVERED, days=1)

    assert intended(items, by, at=NOON + DAY) == {}
    assert states(ona) == {"Asha": "delivered"}
    assert tallies(into) == {"audience": 1, "accepted": 1, "sent": 1, "delivered": 1}


def it_is_not_misled_by_what_else_is_heard_of_the_first_attempt() -> None:
    ona = shop()
    into, token = had_enough(ona)
    try_again(at=NOON + DAY)

    for status in (Status.SENT, Status.FAILED):
        heard(ona, token, status, code=131049, days=1)

    assert states(ona) == {"Asha": "queued"}
    assert tallies(into) == {"audience": 1}


def in_doubt(of: Shop, by_topic: Shop, *, lane: Lane = Lane.BULK) -> tuple[Batch, UUID]:
    """Send to Asha, and hear nothing while her neighbour Dana's echo comes."""
    into = batch(by_topic, lane=lane)
    frozen(by_topic, into)
    by = hold(of)
    doubtful, echoed = intended(claimed(of, by), by).values()
    record([Outcome(doubtful, "in_doubt"), Outcome(echoed, "accepted", wamid="wamid.X")], at=NOON)
    heard(of, echoed, Status.SENT)
    return into, doubtful


def parked(of: Shop) -> tuple[Batch, UUID]:
    for name in ("Asha", "Dana"):
        agreed(of, name)
    into, token = in_doubt(of, of)
    assert park(of.number.pk, at=NOON + DAY, after_s=900) == 1
    return into, token


def it_sends_a_service_alert_once_more_and_says_that_it_may_come_twice() -> None:
    ona = shop()
    for name in ("Asha", "Dana"):
        say(ona, person(ona, name), Act.GRANTED, topic=ona.alerts)
    alerts = Shop(ona.workspace, ona.number, ona.alerts, ona.alerts, ona.template)
    into, token = in_doubt(ona, alerts, lane=Lane.SERVICE)
    later = NOON + timedelta(hours=1)

    assert park(ona.number.pk, at=later, after_s=900) == 1
    assert states(ona) == {"Asha": "queued", "Dana": "sent"}
    by = _again(ona)
    (second,) = intended(claimed(ona, by, at=later), by, at=later).values()
    assert {
        row.token: row.is_possible_duplicate
        for row in Attempt.objects.filter(delivery__contact__first_name="Asha")
    } == {
        token: False,
        second: True,
    }

    # Once: the second time it is parked as marketing is.
    record([Outcome(second, "in_doubt")], at=later)
    Attempt.objects.update(intended_at=NOON)
    assert park(ona.number.pk, at=later + DAY, after_s=900) == 1
    assert states(ona) == {"Asha": "parked", "Dana": "sent"}
    assert tallies(into) == {"audience": 2, "accepted": 1, "sent": 1, "parked": 1}


def it_sends_a_parked_message_once_more_when_somebody_decides_so() -> None:
    ona = shop()
    into, token = parked(ona)
    close_finished(before=NOON + DAY)

    assert send_again(Chosen(ona.workspace.pk), by="user 1", at=NOON + DAY) == 1
    assert send_again(Chosen(ona.workspace.pk), by="user 1", at=NOON + DAY) == 0

    (second,) = accepted(ona, _again(ona), at=NOON + DAY).values()
    assert Attempt.objects.get(token=second).is_possible_duplicate
    assert tallies(into) == {"audience": 2, "accepted": 2, "sent": 1}
    assert AuditEntry.objects.get().act == "parked.sent_again"
    # The first one arrives after all: that is no third message.
    heard(ona, token, Status.DELIVERED, days=1)
    assert states(ona) == {"Asha": "delivered", "Dana": "sent"}


def it_asks_for_consent_again_before_it_sends_once_more() -> None:
    ona = shop()
    into, _ = parked(ona)
    say(ona, Delivery.objects.get(state="parked").contact, Act.WITHDRAWN, at=NOON)

    send_again(Chosen(ona.workspace.pk), by="user 1", at=NOON + DAY)

    assert claimed(ona, _again(ona), at=NOON + DAY) == []
    assert tallies(into) == {"audience": 2, "accepted": 1, "sent": 1, "skipped left": 1}


def it_lets_parked_messages_be_and_a_late_echo_still_counts() -> None:
    ona = shop()
    into, token = parked(ona)

    assert leave_it(Chosen(ona.workspace.pk, batch_ids=[into.pk]), by="user 1", at=NOON + DAY) == 1
    assert leave_it(Chosen(ona.workspace.pk), by="user 1", at=NOON + DAY) == 0
    assert send_again(Chosen(ona.workspace.pk), by="user 1", at=NOON + DAY) == 0
    assert tallies(into) == {"audience": 2, "accepted": 1, "sent": 1, "parked settled": 1}
    assert AuditEntry.objects.get().details == {"deliveries": 1, "batches": [into.pk]}

    heard(ona, token, Status.SENT, days=6)
    assert states(ona) == {"Asha": "sent", "Dana": "sent"}
    assert tallies(into) == {"audience": 2, "accepted": 2, "sent": 2}


def it_decides_only_about_the_workspaces_own() -> None:
    ona, eve = shop(), shop()
    parked(ona)

    assert leave_it(Chosen(eve.workspace.pk), by="user 2", at=NOON) == 0
    assert send_again(Chosen(ona.workspace.pk, delivery_ids=[0]), by="user 1", at=NOON) == 0


def it_sends_nothing_again_that_is_too_late() -> None:
    ona = shop()
    parked(ona)
    Batch.objects.update(expires_at=NOON + DAY)

    assert send_again(Chosen(ona.workspace.pk), by="user 1", at=NOON + DAY) == 0
    assert states(ona) == {"Asha": "parked", "Dana": "sent"}
