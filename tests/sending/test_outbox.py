"""What a sender asks of the store for its number, and what it keeps in memory of it."""

from collections import Counter
from datetime import timedelta

import pytest

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.log.table_reader import TableReader
from difusio.numbers.models import Portfolio
from difusio.outbox.models import Batch, Delivery
from difusio.sending.store import Outbox, sendable_numbers
from tests.cast import NOON, Shop, agreed, shop
from tests.outbox.steps import batch, frozen, hold

pytestmark = pytest.mark.django_db


def outbox_of(of: Shop) -> Outbox:
    by = hold(of)
    (number,) = sendable_numbers()
    return Outbox(number, by, TableReader(keyring()))


def it_keeps_a_compiled_message_only_while_its_batch_has_something_to_send() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    outbox = outbox_of(ona)

    (first,) = outbox.refill(bulk=10, urgent=0).ready
    kept = [outbox.known_batches]
    outbox.refill(bulk=10, urgent=0)
    kept.append(outbox.known_batches)
    outbox.give_back([first])
    (again,) = outbox.refill(bulk=10, urgent=0).ready
    kept.append(outbox.known_batches)

    assert kept == [1, 0, 1]
    assert again.intent.delivery_id == first.intent.delivery_id


def it_gives_two_campaigns_equal_shares_however_many_languages_each_is_in() -> None:
    ona = shop()
    for number in range(12):
        agreed(ona, f"Contact {number}")
    batches = [batch(ona) for _ in range(4)]
    # Three of them were handed over by one launch, a batch for each language.
    Batch.objects.filter(pk=batches[0].pk).update(created_at=NOON - timedelta(hours=1))
    for into in batches:
        frozen(ona, into)
    people = list(Delivery.objects.order_by("id").values_list("id", "batch_id", "contact_id"))
    # Nobody is in two of them, who would have to wait for six seconds in one.
    ours = {
        contact: batches[place % 4].pk for place, contact in enumerate(sorted({row[2] for row in people}))
    }
    Delivery.objects.filter(pk__in=[pk for pk, into, contact in people if ours[contact] != into]).delete()

    ready = outbox_of(ona).refill(bulk=4, urgent=0).ready

    taken = Delivery.objects.filter(pk__in=[item.intent.delivery_id for item in ready])
    shares = Counter(taken.values_list("batch_id", flat=True))
    assert [shares[into.pk] for into in batches] == [2, 1, 1, 0]


def it_rests_for_want_of_room_only_when_there_is_none() -> None:
    ona = shop()
    Portfolio.objects.filter(pk=ona.number.portfolio_id).update(messaging_limit=250)
    Workspace.objects.filter(pk=ona.workspace.pk).update(cap_messages=1, cap_days=7)
    asha = agreed(ona, "Asha")
    earlier = batch(ona)
    frozen(ona, earlier)
    outbox = outbox_of(ona)
    assert len(outbox.refill(bulk=10, urgent=0).ready) == 1
    for number in range(3):
        agreed(ona, f"Contact {number}")
    frozen(ona, batch(ona))
    Delivery.objects.filter(contact=asha).exclude(batch=earlier).update(state="queued", reason="")

    # Asha had enough and is skipped; the others must not wait for that.
    found = [len(outbox.refill(bulk=2, urgent=0).ready) for _ in range(3)]

    assert sum(found) == 3
    Portfolio.objects.filter(pk=ona.number.portfolio_id).update(messaging_limit=4)
    agreed(ona, "Late")
    frozen(ona, batch(ona))
    assert not outbox.refill(bulk=10, urgent=0).ready
    Portfolio.objects.filter(pk=ona.number.portfolio_id).update(messaging_limit=250)
    # Looked at again only after a while.
    assert not outbox.refill(bulk=10, urgent=0).ready
