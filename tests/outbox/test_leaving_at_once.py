"""People leave in the moment in which they are claimed: who has left is not written to, and nobody waits in a ring."""

from collections.abc import Callable
from functools import partial
from random import Random
from threading import Thread
from time import monotonic
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction

from difusio.accounts.models import Workspace
from difusio.common.binding import binding_cursor
from difusio.consent.leave import leave
from difusio.outbox.claim import Hold, Intent, OpenBatch, claim, intend, open_batches
from difusio.outbox.leaving import skip_left
from difusio.outbox.models import Batch, Delivery, Tally
from difusio.outbox.record import Outcome, record
from difusio.outbox.tallies import together
from tests.cast import NOON, Shop, agreed, shop
from tests.outbox.steps import batch, frozen, hold
from tests.outbox.test_bounds import another_number

PEOPLE = 60
# A drain takes as many posts in one transaction.
AT_ONCE = 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def it_posts_to_nobody_who_has_left_and_never_waits_in_a_ring(round_number: int) -> None:
    # A cap makes the claims lock people besides.
    ona = shop()
    Workspace.objects.filter(pk=ona.workspace.pk).update(cap_messages=50)
    contacts = [agreed(ona, f"N{place}").pk for place in range(PEOPLE)]
    both = (ona, another_number(ona))
    for each in both:
        frozen(each, batch(each))
    # All of them slept until now: claiming and leaving move the same counter.
    Delivery.objects.update(reason="quiet_hours")
    for made in Batch.objects.all():
        Tally.objects.create(batch=made, measure="queued", detail="quiet_hours", n=PEOPLE)
    posted: list[tuple[int, float]] = []
    left: dict[int, float] = {}
    rings: list[str] = []
    dice = Random(round_number)
    leavers = dice.sample(contacts, PEOPLE // 2)

    def send(each: Shop, by: Hold) -> None:
        while found := open_batches(each.number.pk, at=NOON):
            _send_some(found[0], by, posted)

    def leave_all(these: list[int]) -> None:
        for begin in range(0, len(these), AT_ONCE):
            turn = these[begin : begin + AT_ONCE]
            with transaction.atomic(), binding_cursor() as cursor, together(cursor):
                for contact_id in turn:
                    _leave(ona, contact_id)
            left.update(dict.fromkeys(turn, monotonic()))

    first, second = (hold(each, f"sender {each.number.pk}") for each in both)
    acts: list[Callable[[], None]] = [
        partial(send, both[0], first),
        partial(send, both[1], second),
        partial(leave_all, leavers[::2]),
        partial(leave_all, leavers[1::2]),
    ]
    threads = [Thread(target=_noting_rings, args=(act, rings)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert rings == []
    assert not any(thread.is_alive() for thread in threads)
    assert len(left) == PEOPLE // 2
    # Counted at the door: an intent that was asked for after the leaving was over is never allowed.
    assert [contact for contact, asked_at in posted if asked_at > left.get(contact, asked_at)] == []
    assert {contact for contact, _ in posted} >= set(contacts) - set(leavers)
    _counters_add_up(both)


def _send_some(found: OpenBatch, by: Hold, posted: list[tuple[int, float]]) -> None:
    items = claim(found, by, limit=15, at=NOON).claimed
    intents = [Intent(item.delivery_id, uuid4(), b"content") for item in items]
    asked_at = monotonic()
    allowed = intend(intents, [by], deadline_s=10.0, at=NOON) if intents else set()
    people = dict(Delivery.objects.filter(pk__in=allowed).values_list("pk", "contact_id"))
    posted.extend((people[delivery_id], asked_at) for delivery_id in allowed)
    tokens = [intent.token for intent in intents if intent.delivery_id in allowed]
    record([Outcome(token, "accepted", wamid=f"wamid.{token.hex}") for token in tokens], at=NOON)


def _leave(of: Shop, contact_id: int) -> None:
    found = leave(
        contact_id,
        workspace_id=of.workspace.pk,
        source="test",
        proof=b"BAIXA",
        actor="the person",
        at=NOON,
        recorded_at=NOON,
    )
    skip_left(contact_id, topic_ids=found.topic_ids)


def _noting_rings(act: Callable[[], None], rings: list[str]) -> None:
    try:
        act()
    except OperationalError as error:
        rings.append(str(error))
    finally:
        connection.close()


def _counters_add_up(both: tuple[Shop, ...]) -> None:
    for each in both:
        (made,) = Batch.objects.filter(number=each.number)
        counted = {(row.measure, row.detail): row.n for row in Tally.objects.filter(batch=made).exclude(n=0)}
        deliveries = Delivery.objects.filter(batch=made)
        assert not deliveries.filter(state__in=["queued", "claimed", "sending"]).exists()
        skipped = deliveries.filter(state="skipped").count()
        expected = {("audience", ""): PEOPLE, ("accepted", ""): PEOPLE - skipped}
        assert counted == expected | ({("skipped", "left"): skipped} if skipped else {})
