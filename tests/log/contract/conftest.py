"""Each test of the contract runs over the table and over three real JetStream servers."""

from collections.abc import Iterator

import pytest

from tests.log.contract.adapters import Adapter, JetStream, Table
from tools.cluster.nats import NatsCluster


@pytest.fixture(scope="package")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with NatsCluster(tmp_path_factory.mktemp("nats")) as cluster:
        yield cluster


@pytest.fixture(params=[Table, JetStream], ids=["table", "jetstream"])
def log(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Adapter]:
    adapter: Adapter = Table() if request.param is Table else JetStream(request.getfixturevalue("servers"))
    try:
        yield adapter
    finally:
        adapter.close()
