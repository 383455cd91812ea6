"""What a sender keeps in memory of the batches that it sends from."""

import pytest

from difusio.common.keyring import keyring
from difusio.log.table_reader import TableReader
from difusio.sending.store import Outbox, sendable_numbers
from tests.cast import agreed, shop
from tests.outbox.steps import batch, frozen, hold

pytestmark = pytest.mark.django_db


def it_keeps_a_compiled_message_only_while_its_batch_has_something_to_send() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    by = hold(ona)
    (number,) = sendable_numbers()
    outbox = Outbox(number, by, TableReader(keyring()))

    (first,) = outbox.refill(bulk=10, urgent=0).ready
    kept = [outbox.known_batches]
    outbox.refill(bulk=10, urgent=0)
    kept.append(outbox.known_batches)
    outbox.give_back([first])
    (again,) = outbox.refill(bulk=10, urgent=0).ready
    kept.append(outbox.known_batches)

    assert kept == [1, 0, 1]
    assert again.intent.delivery_id == first.intent.delivery_id
