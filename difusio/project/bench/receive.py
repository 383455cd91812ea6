"""How many webhooks a second one receiver makes durable, beside the same receiver with a log that keeps nothing."""

import socket
import sys
import threading
from collections.abc import Sequence
from statistics import median
from time import process_time

import uvloop

from difusio.cloud_api import signature
from difusio.common.clock import now
from difusio.log.port import IncomingPost
from difusio.numbers.secrets import FreshSecrets
from difusio.project.bench import shop
from difusio.project.bench.figure import Figure, peak_mb
from difusio.project.bench.load import post_all, request
from difusio.project.bench.part import Part
from difusio.project.bench.webhooks import status_post
from difusio.project.commands.common import last_line
from difusio.project.serving import listen
from difusio.project.start import Installation
from difusio.project.uvicorn_server import make_server
from difusio.project.webhook_log import log_cluster, log_writer, refuse_unfit_log
from difusio.receiving.receiver import PATH, receiver

_ROUNDS = 3
_CONNECTIONS = 128
_DIFFERENT = 2_000


class NullLog:
    """A log that keeps nothing: what is left is HTTP, the signature and the grouping."""

    async def append(self, posts: Sequence[IncomingPost]) -> None:
        """Forget the posts."""

    async def close(self) -> None:
        """Nothing is held."""


def run(size: int, _installation: Installation) -> Figure:
    """size: posts a round."""
    shop.open_shop(at=now())
    refuse_unfit_log()
    durable, forgotten = [], []
    with (
        Part("receive", "serve", is_durable=True) as real,
        Part("receive", "serve", is_durable=False) as null,
    ):
        ports = real.said()["port"], null.said()["port"]
        for _ in range(_ROUNDS):
            durable.append(_load(ports[0], size))
            forgotten.append(_load(ports[1], size))
        ends = real.ended(), null.ended()
    return Figure(
        figure=median(durable),
        unit="durable posts per s",
        yardstick=median(forgotten),
        peak_mb=ends[0]["peak_mb"],
        conditions={
            "posts": size,
            "connections": _CONNECTIONS,
            "log": "table" if log_cluster() is None else "JetStream",
            "per_s_of_receiver_cpu": round(_ROUNDS * size / ends[0]["cpu_s"]),
            "yardstick": "the same receiver with a log that keeps nothing",
            "yardstick_per_s_of_receiver_cpu": round(_ROUNDS * size / ends[1]["cpu_s"]),
            "rounds": _ROUNDS,
        },
    )


def serve(installation: Installation, *, is_durable: bool) -> dict[str, object]:
    """Run the receiver until standard input ends."""
    listening = listen("127.0.0.1", 0)
    secrets = FreshSecrets()
    server = make_server(
        receiver(
            log_writer(installation.url) if is_durable else NullLog(),
            secrets=secrets.app_secrets,
            verify_token=secrets.verify_token,
        ),
        lifespan="on",
    )

    def end_with_input() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_input, daemon=True).start()
    last_line({"port": _port(listening)})
    sys.stdout.flush()
    began = process_time()
    server.run(sockets=[listening])
    return {"cpu_s": process_time() - began, "peak_mb": peak_mb()}


def _port(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def _load(port: int, count: int) -> float:
    at = now()
    requests = []
    for place in range(min(count, _DIFFERENT)):
        body = status_post(place, f"{place:032x}", "delivered", at)
        signed = signature.sign(body, shop.APP_SECRET.encode())
        headers = [("Content-Type", "application/json"), (signature.HEADER, signed)]
        requests.append(request(port, PATH, body, headers))
    return uvloop.run(post_all(port, requests, count=count, connections=_CONNECTIONS))
