"""Trying it out with a simulator on this machine."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from difusio.numbers.simulate import start_command


def it_says_a_command_that_a_shell_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    program, *_ = shlex.split(start_command())
    assert (
        subprocess.run([program, "--version"], capture_output=True, check=False, timeout=60).returncode == 0
    )


def it_says_no_more_than_the_name_where_the_path_leads_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert start_command() == "whatsapp-simulator --port 4400"
