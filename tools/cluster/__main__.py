"""``make cluster``: campaigns over several numbers on a whole cluster, parts of which are killed while it sends.

Ends in one JSON line; the exit code is the verdict of the checker, which imports nothing of difusio.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from tests.processes import TooLong, wait_until
from tools.cluster.balancer import Balancer
from tools.cluster.nats import NatsCluster, free_ports
from tools.cluster.processes import Processes

# Long times are scaled down, so that what follows a kill is over in seconds; ours against the usual ones.
SCALE: Final = {"lease": (6, 30), "request": (3, 10), "doubt": (8, 900)}
CLOCK_RATE: Final = 60
_LEAST_ACCEPTED: Final = 0.99
# What is intended in one commit starts within 20 ms; a busy machine makes five of them.
_INTENT_S: Final = 0.1
_START_S: Final = 120.0


def main() -> int:
    """Run it; 0: all is right, 1: something is wrong."""
    options = _options().parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="difusio-cluster-") as name:
        folder = Path(name)
        with NatsCluster(folder) as servers:
            os.environ.update(_environment(servers))
            from difusio.project.bench.store import own_store

            with own_store(options.url):
                figures = _run(folder, servers, options, began)
    for key, value in figures.items():
        print(f"{key:12} {value}")
    print(json.dumps(figures))
    return 0 if figures["holds"] else 1


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    parser.add_argument("--people", type=int, default=12_000, help="in all campaigns together")
    parser.add_argument("--numbers", type=int, default=4, help="business numbers, each with a campaign")
    parser.add_argument("--pace", type=int, default=80, help="messages a second and number")
    parser.add_argument(
        "--url", default="", help="a PostgreSQL of yours; without it an embedded one is started"
    )
    return parser


def _environment(servers: NatsCluster) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "difusio.project.settings",
        "DIFUSIO_LOG_URL": servers.url,
        "DIFUSIO_LOG_SYSTEM_URL": servers.system_url,
        "DIFUSIO_LOG_FORMAT": "json",
        **{f"DIFUSIO_{name.upper()}_SECONDS": str(ours) for name, (ours, _) in SCALE.items()},
    }


def _run(folder: Path, servers: NatsCluster, options: argparse.Namespace, began: float) -> dict[str, Any]:
    # Django reads its settings when these are imported, and by now the environment says where everything is.
    from difusio.common.clock import now
    from tools.cluster import shop
    from tools.cluster.count import count_all
    from tools.cluster.kills import Kills

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)

    processes = Processes(folder)
    try:
        ports = [port for port, _, _ in free_ports(2)]
        balancer = Balancer(ports)
        shop.write_people(folder, people=options.people, branches=options.numbers, at=now())
        simulator_url = _start_simulator(folder, processes, options, balancer.port)
        branches = shop.open_shop(
            folder, branches=options.numbers, pace_per_s=options.pace, simulator_url=simulator_url
        )
        for place, port in enumerate(ports, start=1):
            processes.start(f"receive-{place}", "difusio", "receive", "--port", str(port))
            processes.start(f"send-{place}", "difusio", "send")
            processes.start(f"drain-{place}", "difusio", "drain")
        processes.start("clock", "difusio", "clock")
        wait_until(lambda: all(_answers(port) for port in ports), "both receivers answer", timeout_s=_START_S)
        say(f"{options.people} people, {options.numbers} numbers, two of each engine")
        shop.launch_all(branches)
        kills = Kills(servers, processes, say)
        sending_s = options.people / options.numbers / options.pace
        for share, act in kills.plan():
            wait_until(
                partial(_has_accepted, simulator_url, share * options.people),
                f"{share:.0%} are accepted",
                timeout_s=_START_S + 5 * sending_s,
            )
            act()
        wait_until(lambda: _is_settled(simulator_url), "all is settled", timeout_s=_START_S + 5 * sending_s)
        say("all is settled")
        bound = kills.senders * options.numbers * math.ceil(options.pace * _INTENT_S)
        counted = count_all(folder, branches, simulator_url=simulator_url, allow_parked=bound)
        for complaint in (*counted.complaints, *(f"{name} ended by itself" for name in processes.fallen())):
            print(complaint)
    except TooLong as problem:
        _tell_logs(folder)
        raise SystemExit(str(problem)) from None
    finally:
        processes.close()
    found = counted.found
    enough = found["received"] >= _LEAST_ACCEPTED * found["expected"]
    return {
        "audience": counted.audience,
        "eligible": found["expected"],
        "accepted": found["received"],
        "parked": found["parked"],
        "kills": kills.total,
        "lost": found["lost"],
        "sent_twice": found["sent_twice"],
        "in_doubt": found["in_doubt"],
        "seconds": round(time.monotonic() - began, 1),
        "scale": {name: f"{ours} s for {usual} s" for name, (ours, usual) in SCALE.items()},
        "parked_bound": bound,
        "numbers": options.numbers,
        "holds": counted.holds and enough,
    }


def _start_simulator(folder: Path, processes: Processes, options: argparse.Namespace, port: int) -> str:
    from tools.cluster.shop import scenario

    plot, port_file = folder / "scenario.json", folder / "simulator.port"
    callback = f"http://127.0.0.1:{port}/webhooks/whatsapp"
    plot.write_text(
        json.dumps(
            scenario(
                branches=options.numbers,
                pace_per_s=options.pace,
                callback_url=callback,
                clock_rate=CLOCK_RATE,
            )
        ),
        "utf-8",
    )
    processes.start(
        "simulator",
        *("whatsapp_simulator", "--port", "0", "--port-file", str(port_file), "--scenario", str(plot)),
    )
    wait_until(lambda: port_file.exists() and port_file.read_text(), "the simulator", timeout_s=_START_S)
    return f"http://127.0.0.1:{port_file.read_text().strip()}"


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except OSError:
        return False


def _asked(simulator_url: str, path: str) -> dict[str, Any]:
    with urlopen(f"{simulator_url}/_control/{path}", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _has_accepted(simulator_url: str, wanted: float) -> bool:
    return int(_asked(simulator_url, "counts")["accepted"]) >= wanted


def _is_settled(simulator_url: str) -> bool:
    from django.db import connection

    from difusio.common.clock import now
    from difusio.log.port import Lane
    from difusio.outbox.models import Delivery
    from difusio.project.webhook_log import log_reader

    if Delivery.objects.filter(state__in=["queued", "claimed", "sending", "in_doubt"]).exists():
        return False
    if not _asked(simulator_url, "idle")["idle"]:
        return False
    reader = log_reader()
    try:
        with connection.cursor() as cursor:
            return not any(reader.oldest_unread_age(cursor, lane, now()) for lane in Lane)
    finally:
        reader.close()


def _tell_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log")):
        text = log.read_text("utf-8", "replace")
        print(f"── {log.name}\n{text[-2000:]}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
