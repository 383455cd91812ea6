"""Act: stop campaigns whose template Meta has come to hold to be marketing, where people agreed to service only."""

from datetime import datetime
from typing import Final

import structlog

from difusio.consent.models import TopicKind
from difusio.outbox import batches
from difusio.outbox.models import Batch

# Why its batches are paused; the console has the sentence.
RECATEGORISED: Final = "recategorised"
_MARKETING: Final = "MARKETING"

_log = structlog.get_logger("difusio.campaigns")


def pause_recategorised(*, at: datetime) -> int:
    """Pause what the rule *topic fits category* would not let launch any more; give how many batches.

    Whatever told us the category: a webhook, or the list of templates.  Safe to repeat; nothing is re-labelled.
    Cost: 1 query, 1 more when there is something to pause.
    """
    found = Batch.objects.filter(
        is_open=True,
        paused_at=None,
        cancelled_at=None,
        round_batch__isnull=False,
        template__category=_MARKETING,
        topic__kind=TopicKind.SERVICE,
    )
    ids = list(found.order_by("id").values_list("id", flat=True))
    if ids:
        batches.pause(ids, reason=RECATEGORISED, at=at)
        _log.warning("campaign.recategorised", batches=len(ids))
    return len(ids)
