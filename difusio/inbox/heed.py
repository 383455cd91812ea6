"""Act: heed why messages failed that Meta had accepted: some reasons concern more than the one message."""

from collections.abc import Sequence
from datetime import datetime

from difusio.cloud_api.verdicts import Outcome, failed_later
from difusio.inbox.leaving import left_at_meta
from difusio.numbers.models import Number
from difusio.outbox import room
from difusio.outbox.fold import Failed
from difusio.outbox.record import stop_number, stop_template


def heed(failed: Sequence[Failed], *, at: datetime) -> None:
    """Withdraw who has left, stop numbers and pause batches, and let portfolios rest, in the caller's transaction.

    A number that a person let go on since is not stopped for what failed before.  Repeating it changes nothing.
    Cost: none for reasons that concern one message; else 1 query for each person, number and batch, and 2 for 131048.
    """
    outcomes = {code: failed_later(code).outcome for code in {one.code for one in failed}}
    for one in failed:
        if outcomes[one.code] is Outcome.WITHDRAW_CONSENT:
            left_at_meta(one.contact_id, workspace_id=one.workspace_id, at=at)
    turned_down = [one for one in failed if one.code == room.TURNED_DOWN]
    limited = _limited(turned_down)
    if limited:
        room.rest([one.contact_id for one in turned_down], at=at)
    _stop_numbers(
        [
            one
            for one in failed
            if outcomes[one.code] is Outcome.STOP_NUMBER
            and not (one.code == room.TURNED_DOWN and one.number_id in limited)
        ],
        at=at,
    )
    by_batch = {one.batch_id: one for one in failed if outcomes[one.code] is Outcome.STOP_TEMPLATE}
    for _, one in sorted(by_batch.items()):
        stop_template(one.delivery_id, reason=str(one.code), at=at)


def _limited(turned_down: Sequence[Failed]) -> set[int]:
    """Give the numbers under a messaging limit: there 131048 mostly means the limit, elsewhere only complaints."""
    if not turned_down:
        return set()
    numbers = Number.objects.filter(pk__in={one.number_id for one in turned_down})
    return set(numbers.filter(portfolio__messaging_limit__isnull=False).values_list("id", flat=True))


def _stop_numbers(failed: Sequence[Failed], *, at: datetime) -> None:
    latest = {one.number_id: one for one in sorted(failed, key=lambda one: one.at)}
    # In key order, so that two drains never wait for each other in a ring.
    for number_id, one in sorted(latest.items()):
        stop_number(number_id, reason=str(one.code), at=at, told_at=one.at)
