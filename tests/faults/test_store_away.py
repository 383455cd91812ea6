"""The store goes away in the middle of a campaign, and comes back."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F

from difusio.outbox.models import Delivery, Tally
from tests.faults.server import standing_still
from tests.faults.stage import PACE_PER_S, TOP_PACE_PER_S, Platform, counters, phones_in, states
from tests.processes import wait_until
from tests.size import sized
from tests.stores import store_url

PEOPLE = sized(300, full=20_000)
CUTS = sized(8, full=50)
PACE = sized(PACE_PER_S, full=TOP_PACE_PER_S)


def it_loses_nobody_and_repeats_nobody_when_the_stores_connections_are_cut(platform: Platform) -> None:
    ona = platform.shop(pace_per_s=PACE)
    phones = platform.crowd(ona, PEOPLE)
    dice = Random(17)
    moments = sorted(dice.sample(range(5, PEOPLE - 20), CUTS))
    senders = [process.pid for process in platform.running("send")]
    campaign = platform.launch(ona)

    for moment in moments:
        platform.wait_for_accepted(ona, moment)
        _cut_all_connections()
    platform.settle(ona)

    truth = platform.truth(ona)
    parked = phones_in(ona, "parked")
    assert truth.twice == []
    assert set(truth.received) | parked == set(phones)
    assert set(truth.received) & parked == set()
    # An intent whose commit was cut is known not to have left, so that it is sent, not parked.
    assert len(parked) <= 2
    platform.check(ona, campaign, parked_at_most=2)
    assert counters(ona)["accepted"] == len(truth.received)
    assert sum(states(ona).values()) == PEOPLE
    # Nobody died of it, so that nobody had to wait for a lease to run out.
    assert [process.pid for process in platform.running("send")] == senders


def it_answers_503_while_the_store_hangs_and_applies_what_comes_again_once(platform: Platform) -> None:
    ona = platform.shop(pace_per_s=PACE)
    phones = platform.crowd(ona, PEOPLE)
    before = platform.statuses_made()
    campaign = platform.launch(ona)
    platform.wait_for_accepted(ona, 100)
    retries = platform.webhook_retries()

    with _store_stands_still():
        wait_until(
            lambda: platform.webhook_retries() > retries + 5,
            "webhooks are refused and come again",
            timeout_s=30,
        )
    platform.settle(ona)

    truth = platform.truth(ona)
    parked = phones_in(ona, "parked")
    assert truth.twice == []
    assert set(truth.received) | parked == set(phones)
    assert set(truth.received) & parked == set()
    made = platform.statuses_made() - before
    told = counters(ona)
    assert told["sent"] + told["delivered"] + told["read"] == made
    platform.check(ona, campaign, parked_at_most=len(parked))


def it_takes_up_again_what_a_deadlock_undid(platform: Platform) -> None:
    ona = platform.shop()
    platform.crowd(ona, 240)
    campaign = platform.launch(ona)
    platform.wait_for_accepted(ona, 40)
    before = _deadlocks()

    # The engines lock deliveries first and counters after them; here it is the other way round.
    def meet() -> bool:
        with transaction.atomic(), suppress(OperationalError):
            Tally.objects.filter(batch__workspace=ona.workspace).update(n=F("n"))
            list(
                Delivery.objects.select_for_update()
                .filter(workspace=ona.workspace)
                .order_by("-id")
                .values("id")
            )
        return _deadlocks() > before

    wait_until(meet, "two transactions met")
    platform.settle(ona)

    assert counters(ona)["accepted"] == 240
    platform.check(ona, campaign)


def _deadlocks() -> int:
    with psycopg.connect(store_url(), autocommit=True) as server:
        row = server.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = %s", [connection.settings_dict["NAME"]]
        ).fetchone()
    assert row is not None
    return int(row[0])


def _cut_all_connections() -> None:
    with psycopg.connect(store_url(), autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'",
            [connection.settings_dict["NAME"]],
        )
    connection.close()


@contextmanager
def _store_stands_still() -> Iterator[None]:
    """Stop every process of the server, as a machine that hangs would."""
    with psycopg.connect(store_url()) as server:
        row = server.execute("SHOW data_directory").fetchone()
    assert row is not None
    try:
        first = int((Path(row[0]) / "postmaster.pid").read_text().splitlines()[0])
    except OSError:
        pytest.skip("the server's processes belong to somebody else: DATABASE_URL names another machine")
    with standing_still(first):
        yield
