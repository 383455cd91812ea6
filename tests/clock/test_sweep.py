"""The clock does what falls due, once, however often and by however many it is asked."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection

from difusio.clock.sweep import Swept, run, sweep
from difusio.cloud_api.news import Status
from difusio.consent.models import Standing
from difusio.outbox.batches import cancel
from difusio.outbox.fold import Heard, fold
from difusio.outbox.models import Batch, Delivery
from difusio.outbox.record import Outcome, record
from tests.cast import NOON, agreed, shop
from tests.outbox.steps import accepted, batch, claimed, frozen, hold, intended, states, tallies
from tests.processes import wait_until

pytestmark = pytest.mark.django_db

NOTHING = Swept(expired=0, parked=0, orphans=0)
HOUR = timedelta(hours=1)


def it_does_nothing_when_nothing_is_due() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))

    assert sweep(at=NOON) == NOTHING
    assert states(ona) == {"Asha": "queued"}


def it_expires_what_was_not_sent_in_time() -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    Batch.objects.update(expires_at=NOON + HOUR)

    assert sweep(at=NOON + HOUR - timedelta(seconds=1)) == NOTHING
    assert sweep(at=NOON + HOUR).expired == 1
    assert sweep(at=NOON + HOUR) == NOTHING
    assert tallies(into) == {"audience": 1, "expired": 1}


def it_parks_a_doubt_once_its_neighbours_were_echoed_long_ago() -> None:
    ona = shop()
    agreed(ona, "Asha")
    agreed(ona, "Dunia")
    into = batch(ona)
    frozen(ona, into)
    by = hold(ona)
    doubtful, echoed = intended(claimed(ona, by), by).values()
    record([Outcome(doubtful, "in_doubt"), Outcome(echoed, "accepted", wamid="wamid.X")], at=NOON)
    assert sweep(at=NOON + HOUR) == NOTHING
    fold([Heard(b"key", "n", "wamid.X", echoed, Status.SENT, None, NOON)], at=NOON)

    assert sweep(at=NOON + timedelta(seconds=899)) == NOTHING
    assert sweep(at=NOON + timedelta(seconds=900)).parked == 1
    assert tallies(into) == {"audience": 2, "accepted": 1, "sent": 1, "parked": 1}


def it_folds_a_status_whose_message_became_known() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    by = hold(ona)
    (token,) = intended(claimed(ona, by), by).values()
    early = Heard(b"key", ona.number.phone_number_id, "wamid.X", None, Status.READ, None, NOON)
    fold([early], at=NOON)
    record([Outcome(token, "accepted", wamid="wamid.X")], at=NOON)

    assert sweep(at=NOON).orphans == 1
    assert states(ona) == {"Asha": "read"}


@pytest.mark.parametrize(
    ("code", "heeded"), [(131050, ("", False)), (131042, ("131042", True)), (131026, ("", True))]
)
def it_heeds_a_failure_whose_message_became_known(code: int, heeded: tuple[str, bool]) -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    by = hold(ona)
    (token,) = intended(claimed(ona, by), by).values()
    early = Heard(b"key", ona.number.phone_number_id, "wamid.X", None, Status.FAILED, code, NOON)
    fold([early], at=NOON)
    record([Outcome(token, "accepted", wamid="wamid.X")], at=NOON)

    assert sweep(at=NOON).orphans == 1
    ona.number.refresh_from_db()
    assert states(ona) == {"Asha": "failed"}
    assert (ona.number.stopped_for, Standing.objects.get().may_write) == heeded


def it_closes_a_batch_with_nothing_left_after_a_minute() -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    accepted(ona, hold(ona))

    sweep(at=NOON + timedelta(seconds=59))
    assert Batch.objects.get().is_open
    sweep(at=NOON + timedelta(seconds=61))
    assert not Batch.objects.get().is_open


@pytest.mark.django_db(transaction=True)
def it_sweeps_by_itself_until_it_is_told_to_stop() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    Batch.objects.update(expires_at=NOON - HOUR)
    stop = Event()

    def tick() -> None:
        run(stop)
        connection.close()

    clock = Thread(target=tick)
    clock.start()
    try:
        wait_until(lambda: Delivery.objects.filter(state="expired").exists(), "it is expired", timeout_s=10)
    finally:
        stop.set()
        clock.join(10)
    assert not clock.is_alive()


def it_ends_what_came_back_into_the_queue_of_a_cancelled_campaign() -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    by = hold(ona)
    (token,) = intended(claimed(ona, by), by).values()
    assert cancel([into.pk], at=NOON) == 0
    record([Outcome(token, "retry", code=130429, retry_at=NOON + HOUR)], at=NOON)

    sweep(at=NOON)

    assert states(ona) == {"Asha": "cancelled"}
    assert tallies(into) == {"audience": 1, "cancelled": 1}


@pytest.mark.django_db(transaction=True)
def it_closes_no_batch_in_which_somebody_queues_something_at_the_same_moment() -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    Delivery.objects.update(state="parked")
    late = NOON + HOUR
    with connection.get_new_connection(connection.get_connection_params()) as deciding:
        # Somebody's decision, up to where it has written and not committed.
        deciding.execute("UPDATE outbox_batch SET is_open = true")
        deciding.execute("UPDATE outbox_delivery SET state = 'queued'")
        sweep(at=late)

    sweep(at=late)

    assert Batch.objects.get().is_open
    assert claimed(ona, hold(ona), at=late)
