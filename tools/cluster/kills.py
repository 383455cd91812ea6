"""What is killed while the campaigns send, and when: by how much of them Meta has accepted."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings

from difusio.log.jetstream import STREAM
from difusio.outbox.models import Lease
from difusio.project.webhook_log import log_cluster
from tools.cluster.nats import NatsCluster
from tools.cluster.processes import Processes


@dataclass(slots=True)
class Kills:
    """Does them one after the other.  senders: how many senders were killed; total: how much altogether."""

    servers: NatsCluster
    processes: Processes
    say: Callable[[str], None]
    senders: int = 0
    total: int = 0
    _away: int = field(default=-1, init=False)

    def plan(self) -> Iterator[tuple[float, Callable[[], None]]]:
        """Give each act with the share of the messages after which it comes."""
        yield 0.10, self._kill_a_server
        yield 0.30, self._start_the_server
        yield 0.40, self._kill_the_busiest_sender
        yield 0.50, lambda: self._kill_and_start("drain-1")
        yield 0.60, lambda: self._kill_and_start("receive-1")
        yield 0.70, self._kill_a_server
        yield 0.85, self._start_the_server

    def _kill_a_server(self) -> None:
        # The one that leads the stream: the others must choose another leader before anything is acknowledged.
        self.servers.wait()
        self._away = int(asyncio.run(_leader()).removeprefix("node"))
        self.servers.kill(self._away)
        self.total += 1
        self.say(f"killed JetStream's node{self._away}, which led the stream")

    def _start_the_server(self) -> None:
        self.servers.start(self._away)
        self.say(f"started node{self._away} again")

    def _kill_the_busiest_sender(self) -> None:
        owners = Counter(owner.rpartition(":")[2] for owner in Lease.objects.values_list("owner", flat=True))
        senders = {str(self.processes.pid(name)): name for name in ("send-1", "send-2")}
        busiest = max(senders, key=lambda pid: owners[pid])
        self.senders += 1
        self._kill_and_start(senders[busiest], f", which sent for {owners[busiest]} numbers")

    def _kill_and_start(self, name: str, what: str = "") -> None:
        self.processes.kill(name)
        self.processes.start_again(name)
        self.total += 1
        self.say(f"killed {name}{what}")


async def _leader() -> str:
    cluster = log_cluster()
    if cluster is None:
        raise LookupError(f"DIFUSIO_LOG_URL is {settings.DIFUSIO_LOG_URL!r}")
    client = await cluster.connect("cluster")
    try:
        info = await client.jetstream().stream_info(STREAM)
    finally:
        await client.close()
    return str(info.cluster.leader if info.cluster else "")
