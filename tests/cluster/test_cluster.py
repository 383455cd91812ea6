"""``make cluster`` in its short form: real processes of every kind, some of them killed while it sends."""

import json
import os
import subprocess
import sys

KEYS = [
    "audience",
    "eligible",
    "accepted",
    "parked",
    "kills",
    "lost",
    "sent_twice",
    "in_doubt",
    "seconds",
    "scale",
]
PEOPLE, NUMBERS = 240, 3


def it_loses_nobody_and_repeats_nobody_while_a_cluster_loses_its_parts() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIFUSIO_")}
    size = ["--people", str(PEOPLE), "--numbers", str(NUMBERS), "--pace", "10"]

    run = subprocess.run(
        [sys.executable, "-m", "tools.cluster", *size, "--url", os.environ["DATABASE_URL"]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout.strip().splitlines()[-1])
    assert list(found)[: len(KEYS)] == KEYS
    assert found["audience"] == PEOPLE
    assert 0 < found["eligible"] < PEOPLE
    # Two servers of JetStream, a sender, a drain and a receiver.
    assert found["kills"] == 5
    assert (found["lost"], found["sent_twice"], found["in_doubt"]) == (0, 0, 0)
    assert found["accepted"] >= 0.99 * found["eligible"]
    assert found["parked"] <= found["parked_bound"]
