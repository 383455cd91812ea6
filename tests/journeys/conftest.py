"""A machine on which everything runs as a shop would run it, with a simulator beside it."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg
import pytest
from psycopg import sql

from tests.browser.conftest import browser, complaints
from tests.processes import Process, free_port, wait_until
from tests.stores import store_url

__all__ = ["browser", "complaints"]


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that `difusio up` runs, and a simulator beside it."""

    url: str
    simulator_url: str

    def control(self, method: str, path: str, body: object = None) -> Any:
        asking = Request(
            f"{self.simulator_url}/_control/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json"},
        )
        with urlopen(asking, timeout=30) as answer:
            return json.load(answer)

    def arrived(self) -> list[str]:
        return [row["type"] for row in self.control("GET", "accepted?limit=100")["data"]]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    name = f"difusio_day_{secrets.token_hex(4)}"
    database = sql.Identifier(name)
    with psycopg.connect(store_url(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(database))
    web, receive, simulator = free_port(), free_port(), free_port()
    env = {
        **os.environ,
        "DIFUSIO_HOME": str(tmp_path / "home"),
        "DATABASE_URL": store_url(name),
    }
    up = ["-m", "difusio", "up", "--port", str(web), "--receive-port", str(receive)]
    running = [
        Process("up", [sys.executable, *up], tmp_path / "up.log", env),
        Process(
            "simulator",
            [sys.executable, "-m", "whatsapp_simulator", "--port", str(simulator)],
            tmp_path / "simulator.log",
            env,
        ),
    ]
    try:
        wait_until(lambda: _listens(f"http://127.0.0.1:{web}/"), "the pages answer")
        wait_until(lambda: _listens(f"http://127.0.0.1:{receive}/healthz"), "the receiver answers")
        yield Machine(f"http://127.0.0.1:{web}", f"http://127.0.0.1:{simulator}")
    finally:
        for process in running:
            process.end(within_s=30)
        with psycopg.connect(store_url(), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))


def _listens(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
