"""Jobs for the worker's tests; what they did stands in the audit log of a workspace."""

from threading import Event

from django_tasks import task

from difusio.accounts.audit import record
from difusio.common.clock import now
from difusio.common.giving_way import give_way

stop = Event()


@task()
def note(workspace_id: int, word: str) -> None:
    record(workspace_id=workspace_id, actor="job", act=word, details={}, at=now())


@task()
def stumble(workspace_id: int) -> None:
    raise ValueError(f"+34600111222 of {workspace_id}")


@task()
def be_told_to_end(workspace_id: int) -> None:
    stop.set()
    give_way()
    note.func(workspace_id, "never")
