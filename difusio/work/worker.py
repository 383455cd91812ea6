"""Do the jobs that pages leave behind, one after the other; take up those whose worker was killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Final

import structlog
from django.db import connection
from django_tasks import TaskResultStatus
from django_tasks.base import DEFAULT_TASK_PRIORITY
from django_tasks_db.models import DBTaskResult

from difusio.common import counters
from difusio.common.clock import now
from difusio.common.giving_way import GaveWay, giving_way_when
from difusio.common.store import STORE_AWAY, forget_connection

_IDLE_S: Final = 0.5
# A job that ended so many workers (no memory left, say) would end the next one too.
_MOST_TRIES: Final = 3
# Candidates looked at: other workers have the first ones in hand.
_LOOKED_AT: Final = 50
_KEPT: Final = timedelta(days=30)
_TIDY_EVERY: Final = timedelta(hours=1)

# Any: what a job takes and gives is its own matter.
Job = DBTaskResult[Any, Any]

_log = structlog.get_logger("difusio.work")


def run(stop: Event, *, owner: str, only_urgent: bool = False) -> None:
    """Do jobs until ``stop`` is set; the one in hand gives way then.

    owner: who is asked when it hangs.  only_urgent: leave the others alone, so that no import is waited for.
    """
    with giving_way_when(stop):
        _run(stop, owner, only_urgent=only_urgent)


def _run(stop: Event, owner: str, *, only_urgent: bool) -> None:
    tidy_at = now()
    while not stop.is_set():
        try:
            if now() >= tidy_at:
                tidy(before=now() - _KEPT)
                tidy_at = now() + _TIDY_EVERY
            did = work_once(owner=owner, only_urgent=only_urgent)
        except STORE_AWAY:
            _log.warning("work.store_away")
            forget_connection()
            did = False
        if not did:
            stop.wait(_IDLE_S)


def work_once(*, owner: str, only_urgent: bool = False) -> bool:
    """Do one job, if there is one, urgent ones first; say whether there was."""
    waiting = DBTaskResult.objects.filter(status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING])
    if only_urgent:
        waiting = waiting.filter(priority__gt=DEFAULT_TASK_PRIORITY)
    for job_id in waiting.values_list("id", flat=True)[:_LOOKED_AT]:
        with _in_hand(job_id) as is_ours:
            # Who had it may have ended it between our look and our lock.
            job = waiting.filter(pk=job_id).first() if is_ours else None
            if job is not None:
                _do(job, owner)
                return True
    return False


def tidy(*, before: datetime) -> None:
    """Forget jobs that ended so long ago."""
    DBTaskResult.objects.finished().filter(finished_at__lt=before).delete()


@contextmanager
def _in_hand(job_id: object) -> Iterator[bool]:
    """Hold the job's lock; it belongs to this session, so it is free again the moment the process dies."""
    key = f"work {job_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        # A connection that was lost has taken the lock along.
        if is_ours and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def _do(job: Job, owner: str) -> None:
    if len(job.worker_ids) >= _MOST_TRIES:
        _end(job, "difusio.work.worker.GaveUp")
        counters.JOBS.add("gave_up")
        _log.error("work.gave_up", job=str(job.pk), what=job.task_path, tries=len(job.worker_ids))
        return
    job.claim(owner)
    try:
        task = job.task
        given = job.args_kwargs
        job.set_successful(task.call(*given["args"], **given["kwargs"]))
    except GaveWay:
        _put_back(job)
        _log.info("work.gave_way", job=str(job.pk), what=job.task_path)
    except STORE_AWAY:
        # Nobody knows what was committed: it is taken up again, as after a kill.
        raise
    except Exception as error:  # noqa: BLE001  # one job must not end the engine; the log says where
        kind = type(error)
        _end(job, f"{kind.__module__}.{kind.__qualname__}")
        counters.JOBS.add("failed")
        _log.exception("work.failed", job=str(job.pk), what=job.task_path)
    else:
        counters.JOBS.add("done")
        _log.info("work.done", job=str(job.pk), what=job.task_path)


def _put_back(job: Job) -> None:
    DBTaskResult.objects.filter(pk=job.pk).update(
        status=TaskResultStatus.READY, started_at=None, worker_ids=job.worker_ids[:-1]
    )


def _end(job: Job, error: str) -> None:
    """Keep an error's kind, not its words: they may hold a phone number."""
    DBTaskResult.objects.filter(pk=job.pk).update(
        status=TaskResultStatus.FAILED, finished_at=now(), exception_class_path=error, traceback=""
    )


class GaveUp(Exception):
    """Three workers died of this job: report it."""
