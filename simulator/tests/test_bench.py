"""The measurement: its figures have the names that others read, and everything sent was told."""

import json
import subprocess
import sys
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "whatsapp_simulator", "bench"]


@pytest.fixture(scope="module")
def figures() -> Any:
    options = ["--seconds", "1", "--people", "1000", "--connections", "8", "--json"]
    told = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=120, check=True)
    return json.loads(told.stdout)


def it_tells_sends_with_all_their_webhooks_beside_the_bare_server(figures: dict[str, Any]) -> None:
    assert (figures["name"], figures["unit"]) == ("sends_with_webhooks", "sends/s")
    assert figures["ratio"] == pytest.approx(figures["figure"] / figures["yardstick"], abs=0.01)
    assert figures["sends"] == pytest.approx(figures["figure"] * figures["seconds"], rel=0.02)
    assert figures["posts_per_s"] > 0
    assert 0 < figures["memory_mb"][-1] <= figures["peak_mb"] + 1
    assert "every signature checked" in figures["conditions"]


def it_counts_sent_delivered_and_read_of_every_send(figures: dict[str, Any]) -> None:
    assert figures["statuses_per_s"] == pytest.approx(3 * figures["figure"], rel=0.01)


def it_says_what_is_wrong_with_its_options() -> None:
    told = subprocess.run(
        [*COMMAND, "--seconds", "soon"], capture_output=True, text=True, timeout=30, check=False
    )

    assert told.returncode == 2
    assert "'soon' is not a valid float range" in told.stderr
