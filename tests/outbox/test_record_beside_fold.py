"""Answers and echoes of the same messages are written down at the same moment, and nobody waits in a ring."""

from collections.abc import Callable, Sequence
from random import Random
from threading import Barrier, Thread
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from difusio.cloud_api.news import Status
from difusio.outbox.fold import Heard, fold
from difusio.outbox.models import Attempt
from difusio.outbox.record import Outcome, record
from tests.cast import NOON, agreed, shop
from tests.outbox.steps import batch, claimed, frozen, hold, intended, states

PEOPLE = 600
ROUNDS = 15


@pytest.mark.django_db(transaction=True)
def it_never_waits_in_a_ring_however_answers_and_echoes_are_shuffled() -> None:
    ona = shop()
    for place in range(PEOPLE):
        agreed(ona, f"N{place}")
    frozen(ona, batch(ona))
    by = hold(ona)
    tokens = list(intended(claimed(ona, by, limit=PEOPLE), by).values())
    dice = Random(20261123)

    def answers(these: Sequence[UUID]) -> None:
        record([Outcome(token, "accepted", wamid=f"wamid.{token.hex}") for token in these], at=NOON)

    def echoes(these: Sequence[UUID]) -> None:
        fold([_sent(ona.number.phone_number_id, token) for token in these], at=NOON)

    rings: list[str] = []
    for _ in range(ROUNDS):
        Attempt.objects.update(echoed_at=None, wamid_sealed=None, wamid_hash=None)
        meet = Barrier(2)
        sides = [
            Thread(target=_meeting, args=(meet, act, _shuffled(dice, tokens), rings))
            for act in (answers, echoes)
        ]
        for side in sides:
            side.start()
        for side in sides:
            side.join()

    assert rings == []
    assert set(states(ona).values()) == {"sent"}
    assert not Attempt.objects.filter(wamid_hash=None).exists()


def _shuffled(dice: Random, tokens: Sequence[UUID]) -> list[UUID]:
    return dice.sample(tokens, len(tokens))


def _meeting(
    meet: Barrier, act: Callable[[Sequence[UUID]], None], tokens: Sequence[UUID], rings: list[str]
) -> None:
    try:
        connection.ensure_connection()
        meet.wait()
        act(tokens)
    except OperationalError as error:
        rings.append(str(error))
    finally:
        connection.close()


def _sent(phone_number_id: str, token: UUID) -> Heard:
    return Heard(
        event_key=f"{token}sent".encode(),
        phone_number_id=phone_number_id,
        wamid=f"wamid.{token.hex}",
        token=token,
        status=Status.SENT,
        code=None,
        at=NOON,
    )
