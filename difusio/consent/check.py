"""Have the whole ledger recomputed, as a job: with a million entries it takes half a minute."""

from datetime import datetime

from django.db import transaction
from django_tasks import TaskResultStatus, task

from difusio.accounts.audit import record
from difusio.common.clock import now
from difusio.consent.ledger import size
from difusio.consent.models import Check
from difusio.consent.verify import verify


def ask(workspace_id: int, *, by: str, at: datetime) -> Check:
    """Leave the check to ``difusio work``; one that waits or runs already is given instead."""
    with transaction.atomic():
        running = latest(workspace_id)
        if running is not None and running.ended_at is None and not is_given_up(running):
            return running
        check = Check.objects.create(workspace_id=workspace_id, by=by, asked_at=at)
        check.job = recompute.enqueue(check.pk).id
        check.save(update_fields=["job"])
        record(
            workspace_id=workspace_id, actor=by, act="consent.check_asked", details={"check": check.pk}, at=at
        )
    return check


def latest(workspace_id: int) -> Check | None:
    """Give the newest check, ended or not.  Cost: 1 query."""
    return Check.objects.filter(workspace_id=workspace_id).order_by("-id").first()


def latest_ended(workspace_id: int) -> Check | None:
    """Give the newest check that came to its end.  Cost: 1 query."""
    ended = Check.objects.filter(workspace_id=workspace_id, ended_at__isnull=False)
    return ended.order_by("-id").first()


def is_given_up(check: Check) -> bool:
    """Tell whether a check that did not end never will.  Cost: 1 query."""
    if check.ended_at is not None or check.job is None:
        return False
    return recompute.get_result(str(check.job)).status == TaskResultStatus.FAILED


@task()
def recompute(check_id: int) -> None:
    """Verify the ledger and write down what was found.  Safe to repeat."""
    check = Check.objects.get(pk=check_id)
    entries, blocks = size(check.workspace_id)
    found = verify(check.workspace_id)
    Check.objects.filter(pk=check_id).update(
        ended_at=now(),
        entries=entries,
        blocks=blocks,
        damaged_entries=len(found.damaged_entries),
        damaged_blocks=len(found.damaged_blocks),
    )
