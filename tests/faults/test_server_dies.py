"""The store's server is killed, loses its power, is replaced by its standby, fills its disk: a server for each test.

A power cut loses whatever was written and not synced.  The server syncs each write of its log by the write itself
(wal_sync_method open_datasync), so that the log's files are, at any moment, what the disk has; of everything else the
disk has what stood there at the last checkpoint, which only a start makes here.  A cut kills every process of the
server and the engines at once and puts the data back: to that checkpoint, or sector by sector to it or not, as the
dice say.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import psycopg
import pytest
from django.db import connection

from difusio.outbox.models import Attempt
from difusio.project.durability import unsafe_settings
from tests.faults.server import Server, own_server
from tests.faults.stage import PACE_PER_S, TOP_PACE_PER_S, Platform, staged_at
from tests.processes import wait_until
from tests.size import sized

pytestmark = pytest.mark.usefixtures("own_store")

CUTS = sized(3, full=50)
KILLS = sized(2, full=20)
FAILOVERS = sized(1, full=20)
PACE = sized(PACE_PER_S, full=TOP_PACE_PER_S)
# The intents of one tick; a busy machine makes a tick a little longer.
ONE_COMMIT = sized(8, full=60)
STOPS_WITHIN_S = 5.0
SMALL_DISK = "256m"


def it_loses_what_was_not_synced_and_nothing_else() -> None:
    with own_server() as server:
        server.tell("CREATE TABLE kept (n int)")
        server.stop()
        server.remember_what_is_synced()
        server.start()
        with psycopg.connect(server.url.replace("/difusio?", "/postgres?"), autocommit=True) as session:
            session.execute("INSERT INTO kept VALUES (1)")
            session.execute("SET synchronous_commit = off")
            session.execute("INSERT INTO kept VALUES (2)")

        server.cut_power(Random(1))
        server.recover()

        assert server.ask("SELECT array_agg(n) FROM kept") == [1]


def it_has_a_durable_intent_for_every_message_that_meta_took_after_any_power_cut(tmp_path: Path) -> None:
    people = sized(600, full=50_000)
    dice = Random(11)
    with own_server() as server, staged_at(server.url, tmp_path) as platform:
        assert unsafe_settings(connection) == ()
        ona = platform.shop(pace_per_s=PACE)
        platform.crowd(ona, people)
        platform.kill_engines()
        connection.close()
        server.stop()
        server.remember_what_is_synced()
        server.start()
        campaign = platform.launch(ona)
        platform.start_engines()

        for moment in sorted(dice.sample(range(5, people - PACE), CUTS)):
            platform.wait_for_accepted(ona, moment)
            platform.kill_engines()
            server.cut_power(dice)
            connection.close()
            server.recover()
            intents = {token.hex for token in Attempt.objects.values_list("token", flat=True)}
            assert {row["token"] for row in platform.truth(ona).campaign} - intents == set()
            platform.start_engines()
        platform.settle(ona)

        platform.check(ona, campaign, kills=CUTS, parked_at_most=CUTS * ONE_COMMIT)
        _closes_whole(platform, server)


def it_loses_nobody_and_repeats_nobody_when_the_server_is_killed_and_started_again(tmp_path: Path) -> None:
    people = sized(320, full=20_000)
    dice = Random(12)
    with own_server() as server, staged_at(server.url, tmp_path) as platform:
        ona = platform.shop(pace_per_s=PACE)
        platform.crowd(ona, people)
        campaign = platform.launch(ona)

        for moment in sorted(dice.sample(range(5, people - PACE), KILLS)):
            platform.wait_for_accepted(ona, moment)
            server.kill()
            connection.close()
            server.start()
        platform.settle(ona)

        # The sender lives: it knows which of its intents started, so that next to nothing is parked.
        platform.check(ona, campaign, kills=KILLS, parked_at_most=KILLS)
        _closes_whole(platform, server)


def it_goes_on_with_the_standby_when_the_server_is_lost(tmp_path: Path) -> None:
    people = sized(320, full=20_000)
    dice = Random(13)
    with own_server() as first, _address(first) as address, staged_at(address.url, tmp_path) as platform:
        ona = platform.shop(pace_per_s=PACE)
        platform.crowd(ona, people)
        campaign = platform.launch(ona)
        servers = [first]
        try:
            for moment in sorted(dice.sample(range(5, people - PACE), FAILOVERS)):
                lost = servers[-1]
                servers.append(lost.double())
                platform.wait_for_accepted(ona, moment)
                lost.kill()
                connection.close()
                servers[-1].take_over()
                address.leads_to(servers[-1])
            platform.settle(ona)

            platform.check(ona, campaign, kills=FAILOVERS, parked_at_most=FAILOVERS * ONE_COMMIT)
            _closes_whole(platform, servers[-1])
        finally:
            for server in servers[1:]:
                server.remove()


def it_stops_within_seconds_on_a_full_disk_and_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    with (
        _small_disk() as disk,
        own_server(disk, min_wal_size="32MB", max_wal_size="96MB", wal_sync_method="fdatasync") as server,
        staged_at(server.url, tmp_path) as platform,
    ):
        ona = platform.shop()
        platform.crowd(ona, 400)
        campaign = platform.launch(ona)
        platform.wait_for_accepted(ona, 80)

        ballast = disk / "ballast"
        full_at = time.time()
        _fill(ballast)
        wait_until(lambda: time.time() > full_at + STOPS_WITHIN_S + 3, "the disk was full for a while")
        room_at = time.time()
        ballast.unlink()
        wait_until(lambda: _is_up(server), "the server has found out what it has")
        platform.settle(ona)

        sent = [row["real_at"] for row in platform.truth(ona).campaign]
        assert [at for at in sent if full_at + STOPS_WITHIN_S < at < room_at] == []
        assert max(sent) > room_at
        platform.check(ona, campaign, kills=1, parked_at_most=ONE_COMMIT)
        _closes_whole(platform, server)


class _Address:
    """The place where the engines look for the server, whichever it is: as a name that moves."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self.url = f"postgresql://difusio@/difusio?host={link}"

    def leads_to(self, server: Server) -> None:
        new = self._link.with_suffix(".new")
        new.symlink_to(server.sockets)
        new.rename(self._link)


@contextmanager
def _address(first: Server) -> Iterator[_Address]:
    with tempfile.TemporaryDirectory(prefix="difusio-address-") as folder:
        address = _Address(Path(folder) / "current")
        address.leads_to(first)
        yield address


def _is_up(server: Server) -> bool:
    """Start the server where it has ended, which it may do a moment after there is room; tell whether it answers."""
    connection.close()
    if not server.is_running:
        server.start()
    try:
        server.tell("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def _small_disk() -> Iterator[Path]:
    """Give a disk of its own that is soon full; afterwards it is gone."""
    with tempfile.TemporaryDirectory(prefix="difusio-disk-") as folder:
        Path(folder).chmod(0o755)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=755", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount the small disk that this test fills")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        piece = 1 << 20
        while piece:
            try:
                file.write(bytes(piece))
            except OSError:
                piece //= 2


def _closes_whole(platform: Platform, server: Server) -> None:
    """Every page of the store has its right checksum."""
    platform.kill_engines()
    connection.close()
    server.stop()
    assert server.is_whole()
