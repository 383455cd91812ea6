"""``difusio demo`` as a newcomer starts it: one process, a home of its own, the whole story to its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import free_port, wait_until

KEYS = [
    *("contacts", "events", "consented", "audience", "skipped", "refused", "accepted", "delivered", "read"),
    *("replied", "opted_out", "confirmed", "failed", "in_doubt", "parked", "lost", "sent_twice", "seconds"),
]
ENDS_WITHIN_S = 30.0


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that nothing else uses; what a failed test left running there is found by its name."""
    with tempfile.TemporaryDirectory(prefix="difusio-demo-") as folder:
        yield Path(folder)


def demo(home: Path, *options: str, log: Path | None = None) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIFUSIO_")}
    environment.pop("DATABASE_URL", None)
    ports = ["--port", str(free_port()), "--receive-port", str(free_port())]
    command = [sys.executable, "-m", "difusio", "demo", *ports, *options]
    environment["DIFUSIO_HOME"] = str(home)
    if log is None:
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    with log.open("w") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT, text=True)


def processes_of(home: Path) -> list[str]:
    """List what runs for this home: its name stands in the command line or in the environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if folder.name != str(os.getpid()) and state != "Z" and os.fsencode(home) in environment + command:
            found.append(f"{folder.name} {command.replace(bytes(1), b' ').decode(errors='replace')}")
    return found


@pytest.fixture(scope="module", autouse=True)
def story() -> Iterator[tuple[Path, "subprocess.Popen[str]"]]:
    """Let a story of a minute be told beside the other tests; the last one asks for its end."""
    with tempfile.TemporaryDirectory(prefix="difusio-demo-") as folder:
        process = demo(Path(folder), "--once", "--json")
        try:
            yield Path(folder), process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(ENDS_WITHIN_S)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def told(home: Path, process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for the story's end and give its figures; nobody is left behind."""
    out, errors = process.communicate(timeout=280)
    assert process.returncode == 0, out + errors
    wait_until(lambda: not processes_of(home), "everything it started has ended", timeout_s=10)
    figures: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return figures


def add_up(figures: dict[str, Any]) -> None:
    assert list(figures) == KEYS
    assert figures["audience"] == (
        sum(figures["skipped"].values()) + sum(figures["refused"].values()) + figures["accepted"]
    )
    assert (figures["lost"], figures["sent_twice"]) == (0, 0)
    assert (figures["in_doubt"], figures["parked"]) == (0, 0)
    assert 0 < figures["read"] < figures["delivered"] <= figures["accepted"]
    assert 0 < figures["confirmed"] <= figures["opted_out"]


def it_tells_the_story_of_a_real_history(home: Path) -> None:
    orders = os.environ.get("DIFUSIO_REAL_ORDERS")
    if not orders:
        if os.environ.get("CI") == "true":
            pytest.fail("DIFUSIO_REAL_ORDERS must name a CSV of orders here.")
        pytest.skip("DIFUSIO_REAL_ORDERS names no CSV of orders")

    figures = told(home, demo(home, "--once", "--json", "--orders", orders))

    add_up(figures)
    assert figures["events"] > 0


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for what is left running in /proc")
@pytest.mark.parametrize("moment", ["1 Import", "6 Launch"])
def it_ends_everything_it_started_when_it_is_told_to_in_the_middle(
    home: Path, tmp_path: Path, moment: str
) -> None:
    log = tmp_path / "demo.log"
    process = demo(home, "--once", log=log)
    wait_until(lambda: moment in log.read_text(), moment)
    assert processes_of(home)

    asked_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(ENDS_WITHIN_S)

    assert code == 128 + signal.SIGTERM
    wait_until(lambda: not processes_of(home), "everything it started has ended", timeout_s=10)
    assert time.monotonic() - asked_at < ENDS_WITHIN_S
    assert "Traceback" not in log.read_text()


def it_says_in_one_sentence_that_a_port_is_taken(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = demo(home, "--port", str(port))
        out, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert out == ""
    sentence = (
        "Something else listens there already: choose another port with --port, or end the other program."
    )
    assert errors.strip() == f"Port {port} is taken. {sentence}"
    assert processes_of(home) == []


def it_tells_the_story_of_a_made_up_shop_without_losing_or_repeating_anybody(
    story: tuple[Path, "subprocess.Popen[str]"],
) -> None:
    add_up(told(*story))
