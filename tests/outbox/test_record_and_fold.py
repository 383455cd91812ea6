"""Answers and statuses meet in one row, in any order, and the counters follow."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from difusio.cloud_api.news import Status
from difusio.outbox.fold import Failed, Heard, fold, fold_orphans
from difusio.outbox.models import Attempt, Delivery, Orphan
from difusio.outbox.record import Outcome, park, record, stop_number, stop_template, withdrawing
from tests.cast import NOON, Shop, agreed, shop
from tests.outbox.steps import accepted, batch, claimed, frozen, hold, intended, states, tallies

pytestmark = pytest.mark.django_db


def _heard(
    of: Shop, token: UUID | None, status: Status, *, code: int | None = None, wamid: str = "", late_s: int = 0
) -> Heard:
    return Heard(
        event_key=f"{token}{status}{code}{late_s}".encode(),
        phone_number_id=of.number.phone_number_id,
        wamid=wamid or (f"wamid.{token.hex}" if token else ""),
        token=token,
        status=status,
        code=code,
        at=NOON + timedelta(seconds=late_s),
    )


def _sending(of: Shop) -> UUID:
    """Bring one delivery as far as its request."""
    agreed(of)
    frozen(of, batch(of))
    by = hold(of)
    (token,) = intended(claimed(of, by), by).values()
    return token


def it_records_an_acceptance_with_the_sealed_message_id() -> None:
    ona = shop()
    token = _sending(ona)

    record([Outcome(token, "accepted", http_status=200, wamid="wamid.X")], at=NOON)

    attempt = Attempt.objects.get(token=token)
    assert states(ona) == {"Asha": "accepted"}
    assert b"wamid.X" not in bytes(attempt.wamid_sealed or b"")


def it_counts_an_acceptance_once_when_it_is_recorded_twice() -> None:
    ona = shop()
    token = _sending(ona)
    outcome = Outcome(token, "accepted", wamid="wamid.X")
    record([outcome], at=NOON)

    record([outcome], at=NOON)

    assert tallies(Delivery.objects.get().batch) == {"audience": 1, "accepted": 1}


def it_ends_a_definite_refusal_with_its_code() -> None:
    ona = shop()
    token = _sending(ona)

    record([Outcome(token, "give_up", http_status=400, code=130403)], at=NOON)

    assert states(ona) == {"Asha": "refused"}
    assert tallies(Delivery.objects.get().batch) == {"audience": 1, "refused 130403": 1}


def it_queues_a_retry_for_later_under_a_new_token() -> None:
    ona = shop()
    token = _sending(ona)
    by_and_by = NOON + timedelta(seconds=8)

    record([Outcome(token, "retry", http_status=400, code=130429, retry_at=by_and_by)], at=NOON)

    assert Delivery.objects.get().due_at == by_and_by
    assert states(ona) == {"Asha": "queued"}


def it_waits_in_doubt_when_no_answer_came_and_never_sends_again() -> None:
    ona = shop()
    token = _sending(ona)

    record([Outcome(token, "in_doubt")], at=NOON)

    assert states(ona) == {"Asha": "in_doubt"}
    assert tallies(Delivery.objects.get().batch) == {"audience": 1, "in_doubt": 1}


def it_takes_an_echo_as_the_proof_that_an_in_doubt_message_was_taken() -> None:
    ona = shop()
    token = _sending(ona)
    record([Outcome(token, "in_doubt")], at=NOON)

    fold([_heard(ona, token, Status.SENT)], at=NOON)

    assert states(ona) == {"Asha": "sent"}
    assert tallies(Delivery.objects.get().batch) == {"audience": 1, "accepted": 1, "sent": 1}


def it_folds_a_status_that_comes_before_our_own_record() -> None:
    ona = shop()
    token = _sending(ona)
    fold([_heard(ona, token, Status.DELIVERED)], at=NOON)

    record([Outcome(token, "accepted", wamid=f"wamid.{token.hex}")], at=NOON)

    assert states(ona) == {"Asha": "delivered"}
    assert tallies(Delivery.objects.get().batch) == {"audience": 1, "accepted": 1, "sent": 1, "delivered": 1}


@pytest.mark.parametrize(
    "order", list(permutations([Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED]))
)
def it_gives_the_same_row_and_counters_in_any_order_and_with_repetition(order: tuple[Status, ...]) -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    (token,) = accepted(ona, hold(ona)).values()

    for status in (*order, order[0], order[1]):
        fold([_heard(ona, token, status, code=131026 if status is Status.FAILED else None)], at=NOON)

    assert states(ona) == {"Asha": "read"}
    # Somebody with two phones, or two opinions of Meta's: counted once, in any order.
    assert tallies(into) == {
        "audience": 1, "accepted": 1, "sent": 1, "delivered": 1, "read": 1, "conflicting": 1
    }  # fmt: skip


@pytest.mark.parametrize("codes", list(permutations([131026, 131049, None])))
def it_gives_the_same_reason_for_failures_of_one_moment_in_any_order(codes: tuple[int | None, ...]) -> None:
    ona = shop()
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    (token,) = accepted(ona, hold(ona)).values()

    for code in codes:
        fold([_heard(ona, token, Status.FAILED, code=code)], at=NOON)

    assert tallies(into) == {"audience": 1, "accepted": 1, "failed 131026": 1}


def it_says_why_a_message_failed() -> None:
    ona = shop()
    token = _sending(ona)
    record([Outcome(token, "accepted", wamid="wamid.X")], at=NOON)

    folded = fold([_heard(ona, token, Status.FAILED, code=131049)], at=NOON)

    sent = Delivery.objects.get()
    assert folded.failed == (
        Failed(sent.pk, sent.batch_id, ona.number.pk, ona.workspace.pk, sent.contact_id, 131049, NOON),
    )
    assert tallies(Delivery.objects.get().batch) == {"audience": 1, "accepted": 1, "failed 131049": 1}


def it_finds_a_message_by_metas_id_when_the_token_is_missing() -> None:
    ona = shop()
    token = _sending(ona)
    record([Outcome(token, "accepted", wamid="wamid.X")], at=NOON)

    fold([_heard(ona, None, Status.READ, wamid="wamid.X")], at=NOON)

    assert states(ona) == {"Asha": "read"}


def it_keeps_a_status_of_an_unknown_message_until_we_know_it() -> None:
    ona = shop()
    token = _sending(ona)
    early = _heard(ona, None, Status.DELIVERED, wamid="wamid.X")
    assert fold([early], at=NOON).orphans == 1
    record([Outcome(token, "accepted", wamid="wamid.X")], at=NOON)

    assert fold_orphans(at=NOON).moved == 1
    assert states(ona) == {"Asha": "delivered"}


def it_folds_an_old_orphan_within_ten_minutes_of_knowing_its_message() -> None:
    ona = shop()
    token = _sending(ona)
    fold([_heard(ona, None, Status.DELIVERED, wamid="wamid.X")], at=NOON)
    known_at = NOON + timedelta(hours=2)
    record([Outcome(token, "accepted", wamid="wamid.X")], at=known_at)

    moved = [fold_orphans(at=known_at + timedelta(seconds=second)).moved for second in range(600)]

    assert sum(moved) == 1
    assert states(ona) == {"Asha": "delivered"}


def it_forgets_an_orphan_after_seven_days() -> None:
    ona = shop()
    fold([_heard(ona, None, Status.SENT, wamid="wamid.foreign")], at=NOON)

    fold_orphans(at=NOON + timedelta(days=8))

    assert Orphan.objects.count() == 0


def it_parks_only_when_a_neighbours_echo_shows_that_webhooks_reach_us() -> None:
    ona = shop()
    agreed(ona, "Asha")
    agreed(ona, "Dana")
    frozen(ona, batch(ona))
    by = hold(ona)
    doubtful, echoed = intended(claimed(ona, by), by).values()
    record([Outcome(doubtful, "in_doubt"), Outcome(echoed, "accepted", wamid="wamid.X")], at=NOON)
    later = NOON + timedelta(hours=1)
    assert park(ona.number.pk, at=later, after_s=900) == 0

    fold([_heard(ona, echoed, Status.SENT)], at=NOON)

    assert park(ona.number.pk, at=later, after_s=900) == 1
    assert states(ona) == {"Asha": "parked", "Dana": "sent"}


def it_parks_nobody_while_the_last_neighbours_wait_for_their_echoes_as_well() -> None:
    ona = shop()
    for number in range(6):
        agreed(ona, f"Contact {number}")
    frozen(ona, batch(ona))
    by = hold(ona)
    doubtful, *others = (
        token
        for second in range(6)
        for token in intended(claimed(ona, by, limit=1), by, at=NOON + timedelta(seconds=second)).values()
    )
    record([Outcome(doubtful, "in_doubt"), *(Outcome(other, "accepted") for other in others)], at=NOON)
    later = NOON + timedelta(hours=1)
    # One was heard of before the webhooks went away, and then nothing came for an hour.
    fold([_heard(ona, others[0], Status.SENT)], at=NOON + timedelta(seconds=2))
    assert park(ona.number.pk, at=later, after_s=900) == 0

    back = later + timedelta(minutes=1)
    fold([_heard(ona, other, Status.SENT) for other in others[1:]], at=back)
    assert park(ona.number.pk, at=back + timedelta(minutes=14), after_s=900) == 0
    assert park(ona.number.pk, at=back + timedelta(minutes=15), after_s=900) == 1


def it_writes_the_withdrawal_that_an_answer_brings_before_the_answer_itself() -> None:
    ona = shop()
    asha = agreed(ona, "Asha")
    agreed(ona, "Dana")
    frozen(ona, batch(ona))
    by = hold(ona)
    left, taken = intended(claimed(ona, by), by).values()
    answers = [Outcome(left, "withdraw_consent", code=131050), Outcome(taken, "accepted", wamid="wamid.X")]

    found = [withdrawing(answers)]
    record(answers, at=NOON)
    # Whoever was interrupted between the two asks again.
    found.append(withdrawing(answers))

    assert found == [[(ona.workspace.pk, asha.pk)]] * 2


def it_accepts_a_parked_message_when_its_echo_comes_after_all() -> None:
    ona = shop()
    token = _sending(ona)
    record([Outcome(token, "in_doubt")], at=NOON)
    Delivery.objects.update(state="parked")

    fold([_heard(ona, token, Status.DELIVERED)], at=NOON)

    assert states(ona) == {"Asha": "delivered"}


def it_stops_a_number_and_says_why() -> None:
    ona = shop()

    stop_number(ona.number.pk, reason="190", at=NOON)

    ona.number.refresh_from_db()
    assert ona.number.stopped_for == "190"


def it_pauses_every_batch_of_a_stopped_template() -> None:
    ona = shop()
    _sending(ona)
    other = batch(ona)

    stop_template(Delivery.objects.get().pk, reason="132015", at=NOON)

    other.refresh_from_db()
    assert other.pause_reason == "132015"
