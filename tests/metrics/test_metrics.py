"""What operators scrape: the contract of the reference, counted by real processes, without anybody in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from urllib.request import urlopen

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from difusio.campaigns.launch import launch
from difusio.common import counters
from difusio.common.counters import COUNTS, Seconds
from difusio.common.keyring import keyring
from difusio.log.table_reader import TableReader
from difusio.metrics.gauges import GAUGES, read
from difusio.metrics.keep import Keeper, keeping
from difusio.metrics.models import Count as Kept
from difusio.metrics.serve import serve
from difusio.outbox.decide import Chosen, leave_it
from difusio.outbox.models import Batch, Delivery
from difusio.outbox.tallies import Change, bump
from tests.campaigns.steps import draft
from tests.cast import NOON, agreed, shop
from tests.docs.pages import REFERENCE, rows
from tests.processes import free_port

Samples = dict[str, dict[tuple[str, ...], float]]


def scraped(url: str) -> Samples:
    """Read a scrape as Prometheus does: sample → values of its labels → number."""
    with urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def it_is_the_contract_of_the_reference() -> None:
    page = REFERENCE / "metrics.md"
    told = [
        (cells[0].strip("`"), cells[1].replace("`", ""), cells[2])
        for heading in ("What is counted", "How it stands now")
        for cells in rows(page, heading)
    ]

    declared = [
        (count.name, "" if isinstance(count, Seconds) else ", ".join(count.labels), count.sentence)
        for count in COUNTS
    ] + [(gauge.name, ", ".join(gauge.labels), gauge.sentence) for gauge in GAUGES]
    assert told == declared


def it_sorts_seconds_into_buckets_and_takes_a_clock_that_was_set_back_for_no_time() -> None:
    seconds = Seconds("some_seconds", "", (0.1, 1))

    for took in (0.1, 0.5, 7.0, -3.0):
        seconds.observe(took)

    assert seconds.read() == {("0.1",): 2, ("1",): 1, ("+Inf",): 1, ("sum",): 7_600_000}


@pytest.mark.django_db
def it_writes_down_each_count_once_and_adds_up_what_several_processes_count() -> None:
    one, other = Keeper(), Keeper()
    counters.REQUESTS.add(7, "accepted", n=3)
    one.keep()
    one.keep()
    counters.REQUESTS.add(7, "accepted")
    one.keep()
    other.keep()

    assert Kept.objects.get(name="difusio_requests_total").n == 4 + 4


@pytest.mark.django_db
def it_asks_the_store_the_same_questions_however_much_waits() -> None:
    log = TableReader(keyring())
    costs = []
    for people in (1, 3):
        ona = shop()
        for _ in range(people):
            agreed(ona)
        launch(draft(ona).pk, by="Dana", at=NOON)
        with CaptureQueriesContext(connection) as asked:
            readings = {(reading.gauge.name, reading.values): reading.n for reading in read(log)}
        costs.append(len(asked))
        assert readings["difusio_waiting_deliveries", (str(ona.number.pk), "bulk")] == people
        assert readings["difusio_number_stopped", (str(ona.number.pk),)] == 0

    assert costs == [9, 9]


@pytest.mark.django_db
def it_calls_nothing_due_that_is_held_for_a_canary() -> None:
    ona = shop()
    agreed(ona)
    launch(draft(ona).pk, by="Dana", at=NOON)
    assert _told("difusio_queue_age_seconds")[str(ona.number.pk), "bulk"] > 0

    Batch.objects.update(held_at=NOON)

    assert _told("difusio_queue_age_seconds") == {}


@pytest.mark.django_db
def it_tells_of_what_is_parked_until_a_person_has_decided() -> None:
    ona = shop()
    agreed(ona)
    launch(draft(ona).pk, by="Dana", at=NOON)
    Delivery.objects.update(state="parked")
    with connection.cursor() as cursor:
        bump(cursor, [Change(Batch.objects.get().pk, "in_doubt", "", 0, "parked", "", 0)])
    assert _told("difusio_parked_deliveries") == {(str(ona.number.pk),): 1}

    leave_it(Chosen(ona.workspace.pk), by="Dana", at=NOON)

    assert _told("difusio_parked_deliveries") == {}


def _told(gauge: str) -> dict[tuple[str, ...], float]:
    readings = read(TableReader(keyring()))
    return {reading.values: reading.n for reading in readings if reading.gauge.name == gauge}


@pytest.mark.django_db(transaction=True)
def it_answers_a_scrape_with_what_every_process_counted_and_how_the_store_stands() -> None:
    number = str(shop().number.pk)
    keeper = Keeper()
    counters.REQUESTS.add(number, "accepted", n=2)
    counters.REQUEST_SECONDS.observe(0.3)
    keeper.keep()

    with _served() as url:
        found = scraped(url)

    assert found["difusio_requests_total"] == {(number, "accepted"): 2}
    assert found["difusio_request_seconds_bucket"][("0.2",)] == 0
    assert found["difusio_request_seconds_bucket"][("0.5",)] == 1
    assert found["difusio_request_seconds_bucket"][("+Inf",)] == 1
    assert found["difusio_request_seconds_sum"] == {(): pytest.approx(0.3)}
    assert found["difusio_number_pace_per_second"] == {(number,): 80}
    assert found["difusio_held"] == {(): 0}


@pytest.mark.django_db(transaction=True)
def it_keeps_what_was_counted_when_a_process_ends() -> None:
    with keeping():
        counters.JOBS.add("done")

    assert Kept.objects.get(name="difusio_jobs_total").n == 1


@pytest.mark.django_db(transaction=True)
def it_says_so_when_the_store_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with _served() as url:
        monkeypatch.setitem(connection.settings_dict, "NAME", "nowhere")

        assert scraped(url) == {"difusio_store_up": {(): 0}}


@contextmanager
def _served() -> Iterator[str]:
    stop, is_ready, port = Event(), Event(), free_port()
    server = Thread(
        target=serve,
        args=(TableReader(keyring()),),
        kwargs={"host": "127.0.0.1", "port": port, "stop": stop, "ready": is_ready.set},
    )
    server.start()
    try:
        assert is_ready.wait(10)
        yield f"http://127.0.0.1:{port}/metrics"
    finally:
        stop.set()
        server.join()
