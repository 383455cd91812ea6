"""What a JetStream must keep to before anything is entrusted to it, asked of every server over the system account."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nats.aio.client import Client
from nats.errors import Error as NatsError

from difusio.common.sentences import SentenceError
from difusio.log.jetstream import AWAY, REPLICAS, STREAM, Cluster

# Debian's 2.9 cannot sync before it acknowledges; older than 2.14 is not what was tried here.
OLDEST: Final = (2, 14)
# Meta's largest webhook has 3 MB, the receiver takes 4; sealed and with its head it must fit.
LEAST_PAYLOAD: Final = 8 * 1024 * 1024

_VARZ: Final = "$SYS.REQ.SERVER.PING.VARZ"
_FIRST_S: Final = 2.0
_NEXT_S: Final = 0.3


class UnfitCluster(SentenceError):
    """The JetStream of DIFUSIO_LOG_URL is not fit to keep webhooks."""


@dataclass(frozen=True, slots=True)
class Node:
    """What a server says of itself.  syncs: it has every write on its disk before it acknowledges it."""

    name: str
    version: str
    has_jetstream: bool
    syncs: bool
    max_payload: int

    @property
    def is_old(self) -> bool:
        """Whether it is older than what we trust."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:2]) < OLDEST


@dataclass(frozen=True, slots=True)
class Found:
    """nodes: those that answered.  replicas, current: of the stream, all there should be and those that keep up."""

    nodes: Sequence[Node]
    replicas: int
    current: int


async def examine(cluster: Cluster) -> Found:
    """Ask every server, and prepare the stream once none of them is unfit.  Raises UnfitCluster."""
    nodes = await _nodes(cluster)
    if complaints := [*_complaints(nodes)]:
        raise UnfitCluster(f"{UnfitCluster.__doc__} {' '.join(complaints)}")
    try:
        client = await cluster.connect("difusio check")
        try:
            await cluster.prepare(client)
            info = await client.jetstream().stream_info(STREAM)
        finally:
            await client.close()
    except AWAY as error:
        raise UnfitCluster(
            f"{UnfitCluster.__doc__} Its stream cannot be made or read ({type(error).__name__}): two of three"
            " servers must be there, and the user of DIFUSIO_LOG_URL must be allowed to use JetStream."
        ) from error
    replicas = info.config.num_replicas or 0
    if replicas < REPLICAS:
        raise UnfitCluster(
            f"{UnfitCluster.__doc__} Its stream {STREAM} has {replicas} replica(s): give it {REPLICAS}."
        )
    followers = (info.cluster.replicas or []) if info.cluster else []
    return Found(nodes, replicas, 1 + sum(bool(follower.current) for follower in followers))


async def _nodes(cluster: Cluster) -> list[Node]:
    if not cluster.system_url:
        raise UnfitCluster(
            f"{UnfitCluster.__doc__} Set DIFUSIO_LOG_SYSTEM_URL: only the system account may ask the servers"
            " whether they sync what they acknowledge."
        )
    try:
        client = await cluster.connect_as_system()
        try:
            return await _ask(client)
        finally:
            await client.close()
    except AWAY as error:
        raise UnfitCluster(
            f"No server answers the system account of DIFUSIO_LOG_SYSTEM_URL ({type(error).__name__}):"
            " check address, user and password, and that the servers run."
        ) from error


async def _ask(client: Client) -> list[Node]:
    """Collect the servers' answers; nobody knows how many there will be."""
    answers = await client.subscribe(client.new_inbox())
    await client.publish(_VARZ, b"", reply=answers.subject)
    found: list[Node] = []
    while True:
        try:
            answer = await answers.next_msg(timeout=_NEXT_S if found else _FIRST_S)
        except TimeoutError:
            break
        if not answer.data:
            # Nobody listens there for an account that is not the system's.
            break
        found.append(_node(json.loads(answer.data)["data"]))
    if not found:
        raise NatsError
    return found


def _node(varz: dict[str, Any]) -> Node:
    # The server's own JSON; a version that lacks a member does not do what it would say.
    config = (varz.get("jetstream") or {}).get("config") or {}
    return Node(
        name=str(varz.get("server_name", "?")),
        version=str(varz.get("version", "0")),
        has_jetstream=bool(config),
        syncs=bool(config.get("sync_always")),
        max_payload=int(varz.get("max_payload", 0)),
    )


def _complaints(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if node.is_old:
            yield f"Server {node.name} has version {node.version}: it needs {OLDEST[0]}.{OLDEST[1]} or newer."
        elif node.has_jetstream and not node.syncs:
            yield f"Server {node.name} acknowledges before it syncs: set sync_interval: always in its jetstream block."
        if node.max_payload < LEAST_PAYLOAD:
            yield f"Server {node.name} takes messages of {node.max_payload >> 10} KB at most: set max_payload: 8MB."
    if not any(node.has_jetstream for node in nodes):
        yield "None of its servers has JetStream: add a jetstream block."
