"""What falls due: scheduled campaigns, deliveries that expire or stop waiting for their echo, batches that are done."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Event

import structlog
from django.conf import settings
from django.db import connection, transaction

from difusio.campaigns.canary import judge_canaries
from difusio.campaigns.launch_due import launch_due
from difusio.campaigns.recategorised import pause_recategorised
from difusio.common.clock import now
from difusio.common.store import STORE_AWAY, forget_connection
from difusio.imports.uploads import forget_old
from difusio.inbox.heed import heed
from difusio.numbers.models import Number
from difusio.outbox import room
from difusio.outbox.batches import cancel_returned
from difusio.outbox.claim import close_finished, expire
from difusio.outbox.fold import fold_orphans
from difusio.outbox.record import park, try_again
from difusio.outbox.tallies import together

_TICK_S = 1.0
# A batch is not closed while its deliveries may still be being written.
_CLOSE_AFTER = timedelta(minutes=1)

_log = structlog.get_logger("difusio.clock")


@dataclass(frozen=True, slots=True)
class Swept:
    """How many deliveries each rule moved, how many campaigns it has prepared, and how many it held back."""

    expired: int
    parked: int
    orphans: int
    prepared: int = 0
    held_back: int = 0
    tried_again: int = 0


def run(stop: Event) -> None:
    """Sweep every second until ``stop`` is set."""
    while not stop.is_set():
        try:
            swept = sweep(at=now())
            if swept != Swept(0, 0, 0):
                _log.info("clock.swept", **asdict(swept))
        except STORE_AWAY:
            _log.warning("clock.store_away")
            forget_connection()
        stop.wait(_TICK_S)


def sweep(*, at: datetime) -> Swept:
    """Do once what is due at ``at``.  Safe to repeat and to run in several processes."""
    expired = expire(at=at)
    parked = sum(
        park(number_id, at=at, after_s=settings.DIFUSIO_DOUBT_S)
        for number_id in Number.objects.order_by("id").values_list("id", flat=True)
    )
    orphans = _fold_orphans(at=at)
    again = try_again(at=at)
    cancel_returned(at=at)
    close_finished(before=at - _CLOSE_AFTER)
    forget_old(at=at)
    room.forget(at=at)
    pause_recategorised(at=at)
    judge_canaries(at=at)
    due = launch_due(at=at)
    return Swept(
        expired=expired,
        parked=parked,
        orphans=orphans,
        prepared=due.prepared,
        held_back=due.held_back,
        tried_again=again,
    )


def _fold_orphans(*, at: datetime) -> int:
    """Fold the statuses whose message we know by now, and heed those that failed; give how many moved."""
    with transaction.atomic(), connection.cursor() as cursor, together(cursor):
        folded = fold_orphans(at=at)
        heed(folded.failed, at=at)
    return folded.moved
