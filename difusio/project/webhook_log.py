"""Which log carries the webhooks: the store's own table, or the JetStream that DIFUSIO_LOG_URL names."""

import asyncio
from typing import TYPE_CHECKING

from django.conf import settings

from difusio.common.keyring import keyring
from difusio.log.port import LogReader, LogWriter

if TYPE_CHECKING:
    from difusio.log.jetstream import Cluster

# The driver and the adapters are imported only where they are used: most installations have the table.


def log_cluster() -> "Cluster | None":
    """Give the cluster that the settings name; None: the table is the log."""
    if not settings.DIFUSIO_LOG_URL:
        return None
    from difusio.log.jetstream import Cluster

    return Cluster(
        url=settings.DIFUSIO_LOG_URL,
        system_url=settings.DIFUSIO_LOG_SYSTEM_URL,
        ca_file=settings.DIFUSIO_LOG_CA,
    )


def refuse_unfit_log() -> None:
    """See to it that the cluster, if there is one, keeps what it acknowledges.  Raises UnfitCluster."""
    cluster = log_cluster()
    if cluster is not None:
        from difusio.log.jetstream_check import examine

        asyncio.run(examine(cluster))


def log_writer(store_url: str) -> LogWriter:
    """Give the way in."""
    cluster = log_cluster()
    if cluster is not None:
        from difusio.log.jetstream_writer import JetStreamWriter

        return JetStreamWriter(cluster, keyring())
    from difusio.log.table_writer import TableWriter

    return TableWriter(store_url, keyring())


def log_reader() -> LogReader:
    """Give the way out."""
    cluster = log_cluster()
    if cluster is not None:
        from difusio.log.jetstream_reader import JetStreamReader

        return JetStreamReader(cluster, keyring())
    from difusio.log.table_reader import TableReader

    return TableReader(keyring())


def replay_log() -> int:
    """Let the drains fold in what is kept once more.

    Gives how many posts of the table and messages of the stream that are.  Raises UnfitCluster.
    """
    from difusio.log.kept import replay

    refuse_unfit_log()
    cluster = log_cluster()
    return replay() + (asyncio.run(cluster.replay()) if cluster is not None else 0)
