"""The raw log, folded into a store that is older than it, gives the same rows (requirements 18 and 20)."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql

from difusio.common.keyring import keyring
from difusio.log.kept import NotALog, export, replay, replay_from
from difusio.log.models import Post
from difusio.log.port import Lane
from difusio.log.table_reader import TableReader
from difusio.outbox.record import Outcome, record
from difusio.receiving.drain import drain
from tests.cast import NOON, Shop, agreed, shop
from tests.outbox.steps import accepted, batch, claimed, frozen, hold, intended
from tests.receiving.test_drain import PHONE, SECONDS, received, status, text, webhook
from tests.stores import store_url

PERMUTATIONS = 10_000 if os.environ.get("FULL") == "1" else 25

# What the rows say, whatever their ids: of moments those that Meta told, not when we got to hear of it.
_DIGEST = {
    "deliveries": "SELECT id, state, reason, code, sent_at, delivered_at, read_at, failed_at, replied_at, left_at,"
    " doubt_since, accepted_at IS NOT NULL FROM outbox_delivery",
    "attempts": "SELECT id, outcome, wamid_hash, echoed_at IS NOT NULL FROM outbox_attempt",
    "counters": "SELECT batch_id, measure, detail, n FROM outbox_tally WHERE n <> 0",
    "windows": "SELECT contact_id, number_id, closes_at FROM outbox_servicewindow",
    "orphans": "SELECT number_id, event_key, status, code, at FROM outbox_orphan",
    "people": "SELECT id, first_name, created_at FROM contacts_contact",
    "messages": "SELECT contact_id, wamid_hash, kind, is_leaving, answers_id, at, received_at FROM inbox_message",
    "conversations": "SELECT contact_id, number_id, last_wrote_at, waiting_since FROM inbox_conversation",
    "ledger": "SELECT contact_id, topic_id, act, source, at, recorded_at FROM consent_entry",
    "standings": "SELECT contact_id, topic_id, may_write FROM consent_standing",
    "templates": "SELECT id, status FROM message_templates_template",
}


@pytest.mark.django_db(transaction=True)
def it_gives_the_same_rows_when_the_log_is_folded_into_an_older_store() -> None:
    ona, posts = _story()
    with _older_store() as older:
        received(*posts[Lane.STATUSES])
        received(*posts[Lane.INBOUND], lane=Lane.INBOUND)
        _drain_all()
        live = _digest()
        log = list(export())
        with _in(older):
            before = _digest()
            replay_from(log)
            _drain_all()
            again = _digest()

    assert len(log) == sum(map(len, posts.values()))
    assert {name for name in live if live[name] != before[name]} >= {
        "deliveries", "attempts", "counters", "messages", "conversations", "ledger", "standings", "orphans"
    }  # fmt: skip
    assert again == live
    assert ona.workspace.pk


@pytest.mark.django_db(transaction=True)
def it_changes_nothing_when_the_log_is_folded_in_again() -> None:
    _, posts = _story()
    received(*posts[Lane.STATUSES])
    received(*posts[Lane.INBOUND], lane=Lane.INBOUND)
    _drain_all()
    live = _digest()

    assert replay() == sum(map(len, posts.values()))
    _drain_all()

    assert _digest() == live


@pytest.mark.django_db
def it_gives_the_same_rows_whatever_the_order_and_however_often_they_come() -> None:
    ona, posts = _story()
    dice = Random(18)
    told = posts[Lane.STATUSES]
    seen = set()
    for _ in range(PERMUTATIONS):
        mixed = [*told, *(post for post in told if dice.random() < 0.05)]
        dice.shuffle(mixed)
        point = transaction.savepoint()
        received(*mixed)
        _drain_all()
        seen.add(hashlib.sha256(repr(_digest()).encode()).digest())
        transaction.savepoint_rollback(point)

    assert len(seen) == 1
    assert ona.workspace.pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    "line", [{}, {"lane": 7, "received_at": "2026-11-22", "sealed": ""}, {"sealed": "é"}]
)
def it_refuses_what_is_no_log(line: dict[str, Any]) -> None:
    with pytest.raises(NotALog):
        replay_from([line])

    assert Post.objects.count() == 0


def _story() -> tuple[Shop, dict[Lane, list[Any]]]:
    """Twelve people were written to, one of them without an answer; give what Meta tells of it afterwards."""
    ona = shop()
    agreed(ona, phone=PHONE)
    for place in range(11):
        agreed(ona, f"N{place}", phone=f"+346001113{place:02d}")
    frozen(ona, batch(ona))
    by = hold(ona)
    (doubtful,) = intended(claimed(ona, by, limit=1), by).values()
    record([Outcome(doubtful, "in_doubt")], at=NOON)
    tokens = [token.hex for token in accepted(ona, by).values()]
    words = [
        status(ona, token, word, at=SECONDS + late)
        for token in tokens
        for word, late in (("sent", 1), ("delivered", 2), ("read", 9))
    ]
    # Two phones, two failures of one moment, an echo that ends a doubt, somebody who left at Meta, an unknown message.
    words += [status(ona, tokens[0], "failed", code=131026, at=SECONDS + 1)]
    words += [status(ona, tokens[1], "failed", code=code, at=SECONDS + 1) for code in (131049, 131026)]
    words = [one for one in words if tokens[1] not in str(one) or "failed" in str(one)]
    words += [status(ona, doubtful.hex, "delivered", at=SECONDS + 3)]
    words += [status(ona, "f" * 32, "read", at=SECONDS + 3)]
    paused = {
        "event": "PAUSED", "message_template_id": 1, "message_template_name": "autumn",
        "message_template_language": "ca", "reason": None,
    }  # fmt: skip
    words += [webhook(ona, paused, field="message_template_status_update")]
    said = [
        text(ona, "Hola, teniu hores?", wamid="wamid.a", sender="+34600111302"),
        text(ona, "BAIXA", wamid="wamid.b"),
        text(ona, "Gràcies", wamid="wamid.c", sender="+34600111303"),
        text(ona, "Qui sou?", wamid="wamid.d", sender="+34600999888"),
    ]
    return ona, {Lane.STATUSES: words, Lane.INBOUND: said}


def _drain_all() -> None:
    log = TableReader(keyring())
    for lane in Lane:
        while drain(log, lane=lane, limit=7).posts:
            pass


def _digest() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        found = {}
        for name, query in _DIGEST.items():
            cursor.execute(query)
            found[name] = sorted(
                repr([bytes(value) if isinstance(value, memoryview) else value for value in row])
                for row in cursor.fetchall()
            )
    return found


@contextmanager
def _older_store() -> Iterator[str]:
    """Copy the store as it is now; give the copy's name."""
    usual = connection.settings_dict["NAME"]
    name = f"{usual}_older"
    connection.close()
    with psycopg.connect(store_url("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(usual))
        )
    try:
        yield name
    finally:
        with psycopg.connect(store_url("postgres"), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _in(database: str) -> Iterator[None]:
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
