"""What only a log in JetStream can get wrong: servers that go, servers that are not fit, and what they keep."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from nats.aio.client import Client
from pytest_django.fixtures import Settings

from difusio.log.jetstream import STREAM, Cluster
from difusio.log.jetstream_check import Node, UnfitCluster, examine
from difusio.log.port import Lane, LogUnavailableError, LogWriter
from tests.log.contract.adapters import JetStream
from tests.log.contract.test_contract import bodies, post, settled
from tests.processes import wait_until
from tests.project.commands import complaint, run
from tests.stores import store_url
from tools.cluster.nats import NatsCluster

# The driver leaves a connection that broke to Python's collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with NatsCluster(tmp_path_factory.mktemp("nats")) as cluster:
        yield cluster


@pytest.fixture
def log(servers: NatsCluster, transactional_db: None) -> Iterator[JetStream]:
    adapter = JetStream(servers)
    try:
        yield adapter
    finally:
        adapter.close()


def it_has_what_it_acknowledged_after_all_servers_lost_their_power(
    servers: NatsCluster, log: JetStream
) -> None:
    log.append([post(b"%d" % number) for number in range(50)])

    for place in range(len(servers)):
        servers.kill(place)
    for place in range(len(servers)):
        servers.start(place)
    servers.wait()

    assert bodies(settled(log.reader(), 50)) == Counter(b"%d" % number for number in range(50))


def it_takes_posts_with_one_server_away_and_none_with_two(servers: NatsCluster, log: JetStream) -> None:
    async def story() -> None:
        writer = log.writer()
        await writer.append([post(b"all are there")])
        servers.kill(0)
        await insist(writer, b"one is away")
        servers.kill(1)
        with pytest.raises(LogUnavailableError):
            await writer.append([post(b"two are away")])
        servers.start(0)
        servers.start(1)
        servers.wait()
        await insist(writer, b"all are back")
        await writer.close()

    asyncio.run(story())

    found = set(bodies(settled(log.reader(), 3)))
    assert found - {b"two are away"} == {b"all are there", b"one is away", b"all are back"}


async def insist(writer: LogWriter, body: bytes) -> None:
    """Post it again and again, as Meta does: until the servers have chosen who leads them nobody takes it."""
    async with asyncio.timeout(60):
        while True:
            with suppress(LogUnavailableError):
                await writer.append([post(body)])
                return


def it_keeps_what_was_folded_in_for_a_month(log: JetStream) -> None:
    log.append([post(b"a")])
    settled(log.reader(), 1)

    async def stream(client: Client) -> Any:
        return await client.jetstream().stream_info(STREAM)

    info = log.ask(stream)

    assert info.state.messages == 1
    assert info.config.max_age == timedelta(days=30).total_seconds()
    assert (info.config.num_replicas, info.config.storage) == (3, "file")


def it_gives_everything_again_when_it_is_told_to(
    servers: NatsCluster, log: JetStream, settings: Settings
) -> None:
    settings.DATABASE_URL = store_url(connection.settings_dict["NAME"])
    settings.DIFUSIO_LOG_URL, settings.DIFUSIO_LOG_SYSTEM_URL = servers.url, servers.system_url
    log.append([post(b"a"), post(b"b"), post(b"stop", Lane.INBOUND)])
    reader = log.reader()
    settled(reader, 2)
    settled(reader, 1, Lane.INBOUND)

    result = run("log", "replay")

    assert result.exit_code == 0, result.output
    assert set(bodies(settled(reader, 2))) == {b"a", b"b"}
    assert set(bodies(settled(reader, 1, Lane.INBOUND))) == {b"stop"}


def it_makes_one_message_of_posts_that_were_appended_together(log: JetStream) -> None:
    log.append([post(b"%d" % number) for number in range(150)] + [post(b"stop", Lane.INBOUND)])

    async def messages(client: Client) -> int:
        return (await client.jetstream().stream_info(STREAM)).state.messages

    assert log.ask(messages) == 2


def it_is_content_with_servers_that_sync(servers: NatsCluster) -> None:
    found = asyncio.run(examine(Cluster(servers.url, servers.system_url)))

    assert sorted(node.name for node in found.nodes) == ["node0", "node1", "node2"]
    assert all(node.syncs and not node.is_old for node in found.nodes)
    assert found.replicas == 3


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"sync_interval": "2m"}, "set sync_interval: always"),
        ({"max_payload": "1MB"}, "set max_payload: 8MB"),
        ({}, "two of three servers must be there"),
    ],
    ids=["late sync", "small messages", "one server alone"],
)
def it_refuses_servers_that_are_not_fit(tmp_path: Path, how: dict[str, str], sentence: str) -> None:
    with NatsCluster(tmp_path, 1, **how) as one, pytest.raises(UnfitCluster, match=sentence):
        asyncio.run(examine(Cluster(one.url, one.system_url)))


@pytest.mark.parametrize(
    ("version", "is_old"), [("2.9.10", True), ("2.13.4", True), ("2.14.0", False), ("3.0.0-beta", False)]
)
def it_knows_versions_that_are_too_old(version: str, *, is_old: bool) -> None:
    assert Node("n", version, has_jetstream=True, syncs=True, max_payload=1 << 23).is_old is is_old


def it_refuses_what_it_cannot_ask(servers: NatsCluster) -> None:
    cases: list[tuple[Callable[[], Cluster], str]] = [
        (lambda: Cluster(servers.url), "Set DIFUSIO_LOG_SYSTEM_URL"),
        (lambda: Cluster(servers.url, servers.url), "No server answers the system account"),
        (lambda: Cluster(servers.url, servers.system_url.replace("on-this", "wrong")), "check address, user"),
        (lambda: Cluster(servers.url, "nats://127.0.0.1:1"), "check address"),
    ]
    for cluster, sentence in cases:
        with pytest.raises(UnfitCluster, match=sentence):
            asyncio.run(examine(cluster()))


@pytest.mark.usefixtures("log")
def it_is_told_by_the_doctor(servers: NatsCluster, settings: Settings) -> None:
    settings.DATABASE_URL = store_url(connection.settings_dict["NAME"])
    settings.DIFUSIO_LOG_URL = servers.url
    settings.DIFUSIO_LOG_SYSTEM_URL = servers.system_url

    wait_until(lambda: not findings()["log"]["remedy"], "the servers have chosen who leads them")
    well = findings()
    settings.DIFUSIO_LOG_SYSTEM_URL = ""
    unwell = findings()

    assert well["log"] == {"says": "NATS JetStream 2.15.1, 3 of 3 replicas keep up", "remedy": ""}
    assert well["drain"]["says"] == "the oldest unread webhook waits 0 s"
    assert "Set DIFUSIO_LOG_SYSTEM_URL" in unwell["log"]["remedy"]


def it_ends_the_start_of_an_engine_with_a_sentence(settings: Settings, transactional_db: None) -> None:
    settings.DATABASE_URL = store_url(connection.settings_dict["NAME"])
    settings.DIFUSIO_LOG_URL = settings.DIFUSIO_LOG_SYSTEM_URL = "nats://127.0.0.1:1"

    assert "No server answers the system account" in complaint("drain")


def findings() -> dict[str, dict[str, str]]:
    report = json.loads(run("doctor", "--json").stdout.splitlines()[-1])
    return {each["name"]: {"says": each["says"], "remedy": each["remedy"]} for each in report["findings"]}
