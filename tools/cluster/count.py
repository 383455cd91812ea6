"""Let the independent checker count each campaign, and add up what it found."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from difusio.accounts.models import Workspace
from difusio.campaigns.running import batch_ids
from difusio.consent.export import export as export_ledger
from difusio.outbox.export import export as export_audience
from difusio.project.commands.common import write_lines
from tools.cluster.shop import TOPIC, Branch

_SUMS = ("expected", "received", "parked", "lost", "sent_twice", "in_doubt", "without_consent", "strangers")


@dataclass(frozen=True, slots=True)
class Counted:
    """audience: rows of the exports.  found: the checker's numbers.  holds: its verdict on every campaign."""

    audience: int
    found: "Counter[str]"
    holds: bool
    complaints: Sequence[str]


def count_all(folder: Path, branches: Sequence[Branch], *, simulator_url: str, allow_parked: int) -> Counted:
    """Export, check, add up.  allow_parked: in all campaigns together."""
    write_lines(folder / "ledger.jsonl", export_ledger(Workspace.objects.get().pk))
    audience, found, complaints = 0, Counter[str](), []
    for branch in branches:
        (folder / "segment.json").write_text(json.dumps(branch.segment), "utf-8")
        audience += write_lines(folder / "audience.jsonl", export_audience(batch_ids(branch.campaign_id)))
        command = [
            *(sys.executable, "-m", "difusio_checker", "--json", "--simulator", simulator_url),
            *("--orders", str(folder / "orders.csv"), "--people", str(folder / "people.csv")),
            *("--audience", str(folder / "audience.jsonl"), "--ledger", str(folder / "ledger.jsonl")),
            *("--segment", str(folder / "segment.json"), "--topic", TOPIC, "--template", branch.template),
            *("--allow-parked", str(allow_parked)),
        ]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        result = json.loads(run.stdout.strip().splitlines()[-1]) if run.stdout.strip() else {}
        found.update({name: int(result.get(name, 0)) for name in _SUMS})
        if run.returncode:
            complaints.append(f"{branch.template}: {run.stdout}{run.stderr}")
    return Counted(audience, found, not complaints and found["parked"] <= allow_parked, complaints)
