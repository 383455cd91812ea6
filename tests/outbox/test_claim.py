"""Claiming asks again whether we may write; an intent is made only for what is still ours to send."""

from datetime import timedelta

import pytest
from django.db import connection

from difusio.consent.leave import leave
from difusio.consent.models import Act
from difusio.outbox import batches
from difusio.outbox.claim import close_finished, expire, open_batches, unclaim
from difusio.outbox.lease import acquire, release, renew
from difusio.outbox.leaving import skip_left, skip_withdrawn
from difusio.outbox.models import Attempt, Batch, Delivery, Lane
from tests.cast import NOON, Shop, agreed, say, shop
from tests.outbox.steps import batch, claimed, frozen, hold, intended, states, tallies

pytestmark = pytest.mark.django_db


def _end_lease(of: Shop) -> None:
    """Let the owner die: its lease, and the longest request after it, are over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_lease SET expires_at = now() - interval '1 hour' WHERE number_id = %s",
            [of.number.pk],
        )


def _let_pass(seconds: float) -> None:
    """Let so much of the lease's time pass."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_lease SET expires_at = expires_at - make_interval(secs => %s)", [seconds]
        )


def it_claims_the_due_deliveries_with_what_the_message_needs() -> None:
    ona = shop()
    agreed(ona, "Asha", phone="+34600123456")
    frozen(ona, batch(ona))

    (item,) = claimed(ona, hold(ona))

    assert (item.address, item.address_kind, item.contact["first_name"]) == ("+34600123456", "phone", "Asha")
    assert states(ona) == {"Asha": "claimed"}


def it_writes_to_the_user_id_when_there_is_no_phone() -> None:
    ona = shop()
    agreed(ona, "Asha", phone=None, user_id="ES.123456789")
    frozen(ona, batch(ona))

    (item,) = claimed(ona, hold(ona))

    assert (item.address_kind, item.address) == ("bsuid", "ES.123456789")


def it_skips_who_left_between_freezing_and_claiming() -> None:
    ona = shop()
    bilal = agreed(ona, "Bilal")
    into = batch(ona)
    frozen(ona, into)
    say(ona, bilal, Act.WITHDRAWN, at=NOON)

    assert claimed(ona, hold(ona)) == []
    assert states(ona) == {"Bilal": "skipped left"}
    assert tallies(into) == {"audience": 1, "skipped left": 1}


def it_gives_nothing_without_the_lease() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    stale = hold(ona)
    _end_lease(ona)
    hold(ona, "another")

    assert claimed(ona, stale) == []


def it_makes_no_intent_for_who_left_after_the_claim() -> None:
    ona = shop()
    asha, bilal = agreed(ona, "Asha"), agreed(ona, "Bilal")
    frozen(ona, batch(ona))
    by = hold(ona)
    items = claimed(ona, by)
    left = leave(
        bilal.pk, workspace_id=ona.workspace.pk, source="t", proof=b"", actor="b", at=NOON, recorded_at=NOON
    )
    skip_left(bilal.pk, topic_ids=left.topic_ids)

    tokens = intended(items, by)

    assert list(tokens) == [asha.deliveries.get().pk]
    assert states(ona) == {"Asha": "sending", "Bilal": "skipped left"}


def it_makes_no_intent_for_a_paused_batch() -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    by = hold(ona)
    items = claimed(ona, by)
    batches.pause([into.pk], reason="paused", at=NOON)

    assert intended(items, by) == {}
    assert Attempt.objects.count() == 0


def it_makes_no_intent_under_a_stale_epoch() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    stale = hold(ona)
    items = claimed(ona, stale)
    _end_lease(ona)
    hold(ona, "another")

    assert intended(items, stale) == {}


def it_makes_no_intent_when_the_lease_ends_before_the_answer_can_come() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    by = hold(ona)
    items = claimed(ona, by)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_lease SET expires_at = now() + interval '5 s'")

    assert intended(items, by) == {}


def it_keeps_the_content_sealed() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    by = hold(ona)

    intended(claimed(ona, by), by)

    assert b"content" not in bytes(Attempt.objects.get().content_sealed)


def it_gives_the_number_to_one_owner_at_a_time() -> None:
    ona = shop()
    hold(ona, "first")

    assert acquire(ona.number.pk, owner="second") is None


def it_keeps_what_was_given_back_until_the_second_is_over_in_which_meta_counts() -> None:
    ona = shop()
    release(ona.number.pk, owner="first", epoch=hold(ona, "first").epoch)

    assert acquire(ona.number.pk, owner="second") is None
    _let_pass(1.05)
    assert acquire(ona.number.pk, owner="second") is not None


def it_raises_the_epoch_with_each_owner() -> None:
    ona = shop()
    first = hold(ona, "first")
    release(ona.number.pk, owner="first", epoch=first.epoch)
    _let_pass(1.05)

    assert hold(ona, "second").epoch == first.epoch + 1
    assert renew(ona.number.pk, owner="first", epoch=first.epoch) is False


def it_settles_what_a_dead_owner_left_behind() -> None:
    ona = shop()
    agreed(ona, "Asha")
    into = batch(ona)
    frozen(ona, into)
    dead = hold(ona, "dead")
    intended(claimed(ona, dead), dead)
    agreed(ona, "Dana")
    other = batch(ona)
    Delivery.objects.filter(batch=into).update(due_at=NOON)
    frozen(ona, other)
    claimed(ona, dead)
    _end_lease(ona)

    hold(ona, "heir")

    by_state = sorted(Delivery.objects.values_list("state", flat=True))
    assert by_state == ["in_doubt", "queued", "queued"]
    assert tallies(into)["in_doubt"] == 1


def it_gives_claims_back_that_were_not_started() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    by = hold(ona)
    items = claimed(ona, by)

    unclaim([item.delivery_id for item in items], by)

    assert states(ona) == {"Asha": "queued"}


def it_serves_the_faster_lane_first() -> None:
    ona = shop()
    agreed(ona)
    bulk, service = batch(ona), batch(ona, lane=Lane.SERVICE)
    frozen(ona, bulk)
    frozen(ona, service)

    assert [each.id for each in open_batches(ona.number.pk, at=NOON)] == [service.pk, bulk.pk]


def it_cancels_what_has_not_started_and_leaves_what_is_in_the_air() -> None:
    ona = shop()
    agreed(ona, "Asha")
    agreed(ona, "Dana")
    into = batch(ona)
    frozen(ona, into)
    by = hold(ona)
    intended(claimed(ona, by, limit=1), by)

    ended = batches.cancel([into.pk], at=NOON)

    assert ended == 1
    assert states(ona) == {"Asha": "sending", "Dana": "cancelled"}
    assert tallies(into) == {"audience": 2, "cancelled": 1}


def it_sends_the_rest_after_a_pause_and_repeats_nothing() -> None:
    ona = shop()
    agreed(ona, "Asha")
    agreed(ona, "Dana")
    into = batch(ona)
    frozen(ona, into)
    by = hold(ona)
    intended(claimed(ona, by, limit=1), by)
    batches.pause([into.pk], reason="paused", at=NOON)
    assert claimed(ona, by) == []

    batches.resume([into.pk])

    assert [item.contact["first_name"] for item in claimed(ona, by)] == ["Dana"]


def it_expires_what_was_not_sent_in_time() -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    Batch.objects.filter(pk=into.pk).update(expires_at=NOON)

    assert expire(at=NOON) == 1
    assert tallies(into) == {"audience": 1, "expired": 1}


def it_closes_a_batch_only_when_nothing_is_left_in_it() -> None:
    ona = shop()
    agreed(ona)
    busy, done = batch(ona), batch(ona)
    frozen(ona, busy)

    close_finished(before=NOON + timedelta(minutes=1))

    assert list(Batch.objects.filter(is_open=True)) == [busy]
    assert done.is_open


def it_skips_what_waits_for_many_who_left_at_once() -> None:
    ona = shop()
    asha, bilal = agreed(ona, "Asha"), agreed(ona, "Bilal")
    into = batch(ona)
    frozen(ona, into)
    say(ona, bilal, Act.WITHDRAWN, at=NOON)

    assert skip_withdrawn([asha.pk, bilal.pk]) == 1
    assert states(ona) == {"Asha": "queued", "Bilal": "skipped left"}
    assert tallies(into) == {"audience": 2, "skipped left": 1}
