"""The audit log is a chain: what was changed, dropped or slipped in shows."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection

from difusio.accounts.audit import record, verify
from difusio.accounts.models import AuditEntry, Workspace

NOON = datetime(2026, 11, 20, 11, 0, 0, 123456, tzinfo=UTC)


def _workspace() -> Workspace:
    return Workspace.objects.create(name="Forn", created_at=NOON)


def _forge(sql: str) -> None:
    """Do what the triggers refuse, as somebody with the database's keys could."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER USER")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE accounts_auditentry ENABLE TRIGGER USER")


def _record(workspace: Workspace, act: str, at: datetime = NOON) -> AuditEntry:
    return record(
        workspace_id=workspace.pk, actor="user 7", act=act, details={"campaign": 3, "où": "ç"}, at=at
    )


@pytest.mark.django_db
def it_chains_each_entry_to_the_one_before() -> None:
    workspace = _workspace()

    first, second = _record(workspace, "campaign.launched"), _record(workspace, "campaign.paused")

    assert (first.seq, second.seq) == (1, 2)
    assert bytes(first.previous_hash) == bytes(32)
    assert second.previous_hash == first.hash
    assert verify(workspace.pk).entries == 2
    assert verify(workspace.pk).is_whole


@pytest.mark.django_db
def it_keeps_a_chain_for_each_workspace() -> None:
    ours, theirs = _workspace(), _workspace()
    _record(ours, "campaign.launched")

    assert _record(theirs, "campaign.launched").seq == 1
    assert verify(theirs.pk).is_whole


@pytest.mark.django_db
def it_finds_an_empty_log_whole() -> None:
    assert verify(_workspace().pk).is_whole


@pytest.mark.django_db
def it_takes_the_same_moment_in_any_time_zone_for_the_same() -> None:
    workspace = _workspace()

    _record(workspace, "campaign.launched", NOON.astimezone(timezone(timedelta(hours=2))))

    assert verify(workspace.pk).is_whole


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("forgery", "broken_at"),
    [
        ("UPDATE accounts_auditentry SET actor = 'user 8' WHERE seq = 2", 2),
        ("UPDATE accounts_auditentry SET details = '{}' WHERE seq = 1", 1),
        ("UPDATE accounts_auditentry SET at = at + interval '1 second' WHERE seq = 3", 3),
        ("DELETE FROM accounts_auditentry WHERE seq = 2", 2),
        ("DELETE FROM accounts_auditentry WHERE seq = 1", 1),
    ],
)
def it_shows_where_the_chain_was_broken(forgery: str, broken_at: int) -> None:
    workspace = _workspace()
    for act in ("campaign.launched", "campaign.paused", "campaign.resumed"):
        _record(workspace, act)

    _forge(forgery)

    assert verify(workspace.pk).broken_at == broken_at


@pytest.mark.django_db(transaction=True)
def it_lets_writers_at_the_same_time_follow_each_other() -> None:
    workspace = _workspace()
    start = threading.Barrier(4)

    def write() -> None:
        start.wait()
        for _ in range(5):
            _record(workspace, "campaign.paused")
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert verify(workspace.pk).entries == 20
    assert verify(workspace.pk).is_whole
