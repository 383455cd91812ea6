"""The manual's program says of an export what we say of the ledger, and notices what was changed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from difusio.consent.models import Act
from difusio.consent.proof import hand_out_ledger
from tests import cast
from tests.cast import NOON

_PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "verify-the-ledger.md"


@pytest.mark.django_db
def it_recomputes_an_export_with_nothing_of_ours(tmp_path: Path) -> None:
    ona = cast.shop()
    for name in ("Asha", "Bilal"):
        cast.say(ona, cast.agreed(ona, name), Act.WITHDRAWN, at=NOON, expires_at=None)
    lines = b"".join(hand_out_ledger(ona.workspace.pk, form="jsonl", by="user 1", at=NOON)).splitlines()
    program, export = tmp_path / "verify.py", tmp_path / "ledger.jsonl"
    found = re.search(r"```python\n(.+?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    program.write_text(found[1], "utf-8")

    def verified(told: list[bytes]) -> subprocess.CompletedProcess[str]:
        export.write_bytes(b"\n".join(told))
        command = [sys.executable, str(program), str(export)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert verified(lines).stdout.startswith("4 entries hold")
    changed = json.dumps({**json.loads(lines[1]), "source": "another"}).encode()
    assert "entry" in verified([lines[0], changed, *lines[2:]]).stderr
    assert "was changed" in verified([lines[0], *lines[2:]]).stderr
