"""The failure matrix: real processes that are killed, stopped and cut off, and a checker that counts from outside.

The tests are those of ``make test``; FULL=1 runs them at the figures that the requirements name.  Each campaign is
counted by ``difusio_checker``, which imports nothing of difusio.  A table, and on the last line one JSON object:

    make faults FULL=1
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.faults.scale import SCALED
from tests.size import FULL

# The processes, and the models and properties of what they keep to.
TESTS: Final = (
    "tests/faults",
    "tests/outbox/test_lease_model.py",
    "tests/outbox/test_ladder.py",
    "tests/sending/test_pacer.py",
)
SUMS: Final = ("audience", "eligible", "accepted", "parked", "kills", "lost", "sent_twice", "in_doubt")
# Of those who should get it, what Meta itself fails to take in the full matrix is half a percent.
LEAST_ACCEPTED: Final = 0.99
_ONE_TEST_S: Final = 1_800 if FULL else 300


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix; 0: everything holds, 1: something does not."""
    options, for_pytest = _options().parse_known_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="difusio-faults-") as folder:
        report = Path(folder) / "scenarios.jsonl"
        failed = _run(report, options.only, for_pytest)
        scenarios = _read(report)
    seconds = round(time.monotonic() - began, 1)
    result = verdict(scenarios, failed=failed, seconds=seconds)
    _tell(scenarios)
    print(json.dumps(result))
    return 0 if result["holds"] else 1


def verdict(scenarios: Sequence[Mapping[str, Any]], *, failed: bool, seconds: float) -> dict[str, Any]:
    """Add the scenarios up.  holds: no test failed, nobody lost, nobody twice, and nearly everybody reached.

    In the short form a few hundred people meet so many faults that the share says nothing.
    """
    sums = {name: sum(scenario[name] for scenario in scenarios) for name in SUMS}
    wrong = sums["lost"] or sums["sent_twice"] or sums["in_doubt"]
    too_many_parked = any(scenario["parked"] > scenario["parked_at_most"] for scenario in scenarios)
    reached = not FULL or sums["accepted"] >= LEAST_ACCEPTED * sums["eligible"]
    holds = bool(scenarios) and not (failed or wrong or too_many_parked) and reached
    form = "full" if FULL else "short"
    return {
        "holds": holds, "form": form, "scenarios": len(scenarios), **sums, "seconds": seconds, "scale": SCALED,
    }  # fmt: skip


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make faults", description=__doc__, epilog="Other options are pytest's."
    )
    parser.add_argument(
        "--only", default="", help="the scenarios whose name holds this, as pytest's -k reads it"
    )
    return parser


def _run(report: Path, only: str, for_pytest: Sequence[str]) -> bool:
    """Run the tests in one process, one after the other: each takes the machine for itself."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        *TESTS,
        "-q",
        "-p",
        "no:cacheprovider",
        f"--timeout={_ONE_TEST_S}",
    ]
    command += ["-k", only] if only else []
    environment = {**os.environ, "FAULTS_REPORT": str(report), "FULL": "1" if FULL else ""}
    return subprocess.run([*command, *for_pytest], env=environment, check=False).returncode != 0


def _read(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text("utf-8").splitlines()] if report.exists() else []


def _tell(scenarios: Sequence[Mapping[str, Any]]) -> None:
    columns = (*SUMS, "parked_at_most", "seconds")
    heads = [column.replace("_", " ") for column in columns]
    print("\n" + "  ".join(heads) + "  scenario")
    for scenario in scenarios:
        cells = [str(scenario[column]).rjust(len(head)) for column, head in zip(columns, heads, strict=True)]
        print("  ".join(cells) + "  " + scenario["scenario"].removeprefix("it_").replace("_", " "))
    print("scale: " + ", ".join(f"{name} {said}" for name, said in SCALED.items()))


if __name__ == "__main__":
    sys.exit(main())
