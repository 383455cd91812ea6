"""The engine for long work: each job is done, whoever was killed while doing it."""

from datetime import timedelta
from threading import Event

import psycopg
import pytest
from django.db import connection
from django_tasks_db.models import DBTaskResult

from difusio.accounts.models import AuditEntry, Workspace
from difusio.common.clock import now
from difusio.work import worker
from difusio.work.worker import tidy, work_once
from tests.cast import NOON
from tests.stores import store_url
from tests.work import jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workspace:
    return Workspace.objects.create(name="Botiga Ona", created_at=NOON)


def _done() -> list[str]:
    return list(AuditEntry.objects.order_by("seq").values_list("act", flat=True))


def _statuses() -> list[str]:
    return list(DBTaskResult.objects.order_by("enqueued_at").values_list("status", flat=True))


def it_does_what_waits_in_order_and_then_says_that_nothing_does(shop: Workspace) -> None:
    for word in ("first", "second"):
        jobs.note.enqueue(shop.pk, word)

    assert [work_once(owner="a") for _ in range(3)] == [True, True, False]

    assert _done() == ["first", "second"]
    assert _statuses() == ["SUCCESSFUL", "SUCCESSFUL"]


def it_takes_up_the_job_of_a_worker_that_is_gone(shop: Workspace) -> None:
    jobs.note.enqueue(shop.pk, "again")
    DBTaskResult.objects.get().claim("the dead")

    assert work_once(owner="the living")

    assert _done() == ["again"]
    assert DBTaskResult.objects.get().worker_ids == ["the dead", "the living"]


@pytest.mark.django_db(transaction=True)
def it_leaves_a_job_to_the_worker_that_has_it(shop: Workspace) -> None:
    job = jobs.note.enqueue(shop.pk, "mine")
    DBTaskResult.objects.get().claim("somebody")
    with psycopg.connect(store_url(connection.settings_dict["NAME"])) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"work {job.id}"])

        assert not work_once(owner="somebody else")

    assert work_once(owner="somebody else")
    assert _done() == ["mine"]


def it_gives_up_a_job_that_ended_three_workers(shop: Workspace) -> None:
    jobs.note.enqueue(shop.pk, "never")
    for name in "abc":
        DBTaskResult.objects.get().claim(name)

    assert work_once(owner="d")

    assert (_done(), _statuses()) == ([], ["FAILED"])
    assert not work_once(owner="d")


def it_goes_on_after_a_job_that_fails_and_keeps_no_word_of_its_error(shop: Workspace) -> None:
    jobs.stumble.enqueue(shop.pk)
    jobs.note.enqueue(shop.pk, "after")

    assert work_once(owner="a")
    assert work_once(owner="a")

    failed = DBTaskResult.objects.get(status="FAILED")
    assert (failed.exception_class_path, failed.traceback) == ("builtins.ValueError", "")
    assert _done() == ["after"]


def it_leaves_what_can_wait_to_others_when_it_is_there_for_the_urgent(shop: Workspace) -> None:
    jobs.note.enqueue(shop.pk, "can wait")
    jobs.note.using(priority=1).enqueue(shop.pk, "urgent")

    assert [work_once(owner="a", only_urgent=True) for _ in range(2)] == [True, False]

    assert _done() == ["urgent"]


def it_puts_back_a_job_that_gives_way(shop: Workspace) -> None:
    jobs.stop = Event()
    jobs.be_told_to_end.enqueue(shop.pk)

    worker.run(jobs.stop, owner="a")

    assert (_done(), _statuses()) == ([], ["READY"])
    assert DBTaskResult.objects.get().worker_ids == []


def it_forgets_old_jobs(shop: Workspace) -> None:
    jobs.note.enqueue(shop.pk, "old")
    work_once(owner="a")

    tidy(before=now() - timedelta(days=1))
    assert _statuses() == ["SUCCESSFUL"]

    tidy(before=now() + timedelta(days=1))
    assert _statuses() == []
