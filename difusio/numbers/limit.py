"""Hear which messaging limit Meta gives a portfolio: by webhook, or when a number is asked how it stands."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.cloud_api.news import UNLIMITED
from difusio.numbers.models import Portfolio


def hear_limit(
    portfolio_ids: Iterable[int], daily_limit: int, *, at: datetime, told_at: datetime | None = None
) -> None:
    """Keep to what Meta says from now on; a change is in the audit log.  Any repetition and order gives the same limit.

    daily_limit: people a day, or cloud_api's UNLIMITED.  told_at: of when it is, if not of now; of two at one moment
    the lower holds.  Cost while nothing is new: 1 query.
    """
    limit = None if daily_limit == UNLIMITED else daily_limit
    told_at = told_at or at
    with transaction.atomic():
        for portfolio in Portfolio.objects.select_for_update().filter(pk__in=portfolio_ids).order_by("id"):
            before, kept_at = portfolio.messaging_limit, portfolio.limit_told_at
            kept = UNLIMITED if before is None else before
            if kept_at is not None and (told_at, -daily_limit) <= (kept_at, -kept):
                continue
            portfolio.limit_told_at = told_at
            portfolio.save(update_fields=["limit_told_at"])
            if before == limit:
                continue
            portfolio.messaging_limit, portfolio.rests_until = limit, None
            if before is None or limit is None:
                # While there was no limit nobody was counted: the outbox reads its deliveries again.
                portfolio.counts_since = None
            portfolio.save(update_fields=["messaging_limit", "rests_until", "counts_since"])
            audit.record(
                workspace_id=portfolio.workspace_id,
                actor="Meta",
                act="portfolio.limit_changed",
                details={"portfolio": portfolio.pk, "before": before or "none", "now": limit or "none"},
                at=at,
            )
