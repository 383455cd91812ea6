"""A backup is restored that knows nothing of what was sent since: nothing leaves before a person has decided."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

from difusio.accounts.hold import is_held
from difusio.campaigns.cancel import cancel
from difusio.campaigns.models import Campaign, CampaignState
from difusio.common.clock import now
from difusio.inbox.models import Message
from difusio.project.backup import backup, restore
from difusio.project.schema_version import known_migrations
from difusio.reports.standstill import standstill
from tests.faults.stage import Platform, states
from tests.processes import wait_until
from tests.stores import store_url

PEOPLE = 160
ENGINES = ("receive", "drain", "clock", "send")


def it_sends_nothing_from_a_restored_store_until_a_person_lets_it(platform: Platform, tmp_path: Path) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, PEOPLE)
    campaign = platform.launch(ona)
    platform.wait_for_accepted(ona, 40)
    file = tmp_path / "saved"
    backup(url=store_url(connection.settings_dict["NAME"]), to=file, at=now(), program_version="test")
    platform.settle(ona)
    assert platform.truth(ona).received.keys() == set(phones)

    with _restored(platform, file):
        before = states(ona)
        assert before["queued"] > 0
        assert is_held()
        number = {"phone_number_id": ona.number.phone_number_id}
        platform.control("POST", f"people/{phones[0]}/write", {"text": "BAIXA", **number})
        wait_until(lambda: Message.objects.filter(number=ona.number).exists(), "the leaving is heard")
        wait_until(lambda: states(ona)["queued"] > before["queued"], "its confirmation waits")
        assert (platform.accepted(ona), platform.truth(ona).texts) == (PEOPLE, [])

        done = _difusio("release", "--yes")
        assert "This store may send." in done
        wait_until(lambda: len(platform.truth(ona).texts) == 1, "the leaving is confirmed")

        kept = Campaign.objects.select_related("number").get(pk=campaign)
        assert kept.state == CampaignState.PAUSED
        assert "may have been sent since" in standstill(kept)[0]
        ended = cancel(campaign, by="test", at=now())
        # What stood in a request when the backup was made is in doubt: its echo came to the other store.
        assert ended.deliveries == before["queued"] + before.get("claimed", 0)
        assert platform.accepted(ona) == PEOPLE + 1
        assert platform.truth(ona).twice == []


@contextmanager
def _restored(platform: Platform, file: Path) -> Iterator[None]:
    """Let all engines go on in a store that is made of the backup; afterwards in their own again."""
    usual, name = connection.settings_dict["NAME"], "difusio_restored"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    _end_engines(platform)
    with psycopg.connect(store_url(), autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        restore(url=store_url(name), path=file, known=known_migrations())
        _use(name)
        platform.ensure(*ENGINES)
        wait_until(platform.receiver_answers, "the receiver answers")
        yield
    finally:
        _end_engines(platform)
        _use(usual)
        with psycopg.connect(store_url(), autocommit=True) as server:
            server.execute(drop)
        platform.ensure(*ENGINES)
        wait_until(platform.receiver_answers, "the receiver answers")


def _end_engines(platform: Platform) -> None:
    for name in ENGINES:
        for process in platform.running(name):
            process.end()


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _difusio(*arguments: str) -> str:
    url = store_url(connection.settings_dict["NAME"])
    done = subprocess.run(
        [sys.executable, "-m", "difusio", *arguments],
        env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout
