"""The simulator's own description, `/_control/openapi.json`: true, and whatever it allows breaks nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from whatsapp_simulator.graph.routes import ROUTES
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Scenario, Setup

PLAIN = {"name": "plain", "language": "ca", "components": [{"type": "BODY", "text": "Hola {{1}}, bon dia."}]}
SCENARIO = Scenario(setup=Setup(templates=(PLAIN,)), clock=ClockFacts(rate=0))
SEED = "7"


def it_describes_every_path_with_the_ids_there_are() -> None:
    with RunningSimulator(SCENARIO) as simulator:
        described = simulator.control("GET", "openapi.json")

    graph = {path: methods for path, methods in described["paths"].items() if path.startswith("/v")}
    operations = {path: sorted(methods.keys() - {"parameters"}) for path, methods in graph.items()}
    assert sorted(map(sorted, ROUTES.values())) == sorted(
        [method.upper() for method in methods] for methods in operations.values()
    )
    (parameter,) = described["paths"]["/v26.0/{phone_number_id}/messages"]["parameters"]
    assert parameter["schema"]["enum"] == [SCENARIO.setup.numbers[0].phone_number_id]
    habits = described["paths"]["/_control/habits"]["put"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert described["components"]["schemas"][habits["$ref"].rpartition("/")[2]]["properties"].keys() >= {
        "reads"
    }


@pytest.mark.parametrize(
    ("paths", "phases", "examples"),
    [
        ("^/v26", "coverage,fuzzing", "3"),
        # Left out: what changes whom it listens to, or moves its clock by a hundred years.
        ("^/_control/(?!setup|clock/advance|reset)", "fuzzing", "8"),
    ],
    ids=["graph", "control"],
)
def it_breaks_at_nothing_that_schemathesis_thinks_of(
    paths: str, phases: str, examples: str, tmp_path: Path
) -> None:
    with RunningSimulator(SCENARIO) as simulator:
        told = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "--no-color", "run",
                f"{simulator.url}/_control/openapi.json", "--include-path-regex", paths,
                "--header", f"Authorization: Bearer {SCENARIO.setup.access_token}",
                "--checks", "not_a_server_error", "--mode", "all", "--phases", phases,
                "--max-examples", examples, "--seed", SEED, "--generation-database", "none",
                "--suppress-health-check", "all", "--continue-on-failure",
            ],
            cwd=tmp_path, env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path)},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        health = simulator.control("GET", "health")
        generated = re.search(r"(\d+) generated", told.stdout)

    assert told.returncode == 0, told.stdout[-6000:] + told.stderr
    assert generated is not None
    assert int(generated[1]) > 400
    assert (health["status"], health["broken_events"]) == ("ok", 0)
