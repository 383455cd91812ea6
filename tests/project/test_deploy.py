"""What is handed out for servers fits the program: every command, option, setting and port in it exists."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from difusio.project.cli import main
from difusio.project.commands.engines import METRICS_PORT, RECEIVE_PORT, WEB_PORT
from difusio.project.settings import SETTINGS
from difusio.receiving import receiver
from tests.docs.pages import ROOT

DEPLOY: Final = ROOT / "deploy"
UNITS: Final = sorted((DEPLOY / "systemd").glob("*.service"))
PROGRAM: Final = "/opt/difusio/.venv/bin/difusio"
ENGINES: Final = {"web", "receive", "send", "drain", "clock", "work", "work --urgent", "metrics"}
# What a process of ours needs none of.
HARDENED: Final = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallFilter": "@system-service",
    "Restart": "always",
}


def unit(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Read a unit: section → its lines; a name may stand there more than once."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            current.append((name, value))
    return sections


def parsed(arguments: list[str]) -> str:
    """Parse a command as ``difusio`` does; give its name with its flags.  Fails on what does not exist."""
    command = main.get_command(click.Context(main), arguments[0])
    assert command is not None, arguments
    command.make_context(arguments[0], arguments[1:])
    return " ".join(one for one in arguments if one in {arguments[0], "--urgent"})


def started(path: Path) -> list[str]:
    program, *arguments = shlex.split(dict(unit(path)["Service"])["ExecStart"])
    assert program == PROGRAM
    return arguments


def known_settings() -> set[str]:
    names = {setting.name for setting in SETTINGS}
    return names | {f"{name}_FILE" for name in names}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return found


def it_has_a_unit_for_each_engine() -> None:
    assert {parsed(started(path)) for path in UNITS} == ENGINES


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def it_runs_each_engine_with_nothing_it_does_not_need(path: Path) -> None:
    service: dict[str, str] = {}
    for name, value in unit(path)["Service"]:
        service.setdefault(name, value)

    assert {name: service.get(name) for name in HARDENED} == HARDENED
    assert service["User"] == "difusio"
    assert service["EnvironmentFile"] == "/etc/difusio/environment"


def it_starts_by_the_target_what_is_there() -> None:
    wanted = [
        name.replace("1.", ".").replace("2.", ".")
        for key, names in unit(DEPLOY / "systemd" / "difusio.target")["Unit"]
        if key == "Wants"
        for name in names.split()
    ]

    assert set(wanted) == {path.name for path in UNITS}


def it_is_understood_by_systemd(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        assert os.environ.get("CI") != "true", "systemd-analyze is missing"
        pytest.skip("systemd is not on this machine")
    for path in (*UNITS, DEPLOY / "systemd" / "difusio.target"):
        text = path.read_text("utf-8").replace(PROGRAM, sys.executable)
        (tmp_path / path.name).write_text(text)

    done = subprocess.run(
        [program, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert [line for line in done.stderr.splitlines() if "difusio" in line] == []


def it_sets_only_what_is_a_setting() -> None:
    lines = (DEPLOY / "systemd" / "environment.example").read_text("utf-8").splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    named |= set(compose()["x-difusio"]["environment"])

    assert named <= known_settings()
    # A secret stands in a file of its own.
    assert not named & {"DATABASE_URL", "DIFUSIO_SECRET_KEY", "DIFUSIO_EMAIL_URL"}


def it_composes_every_engine_and_a_store() -> None:
    services = compose()["services"]
    ours = {name: one for name, one in services.items() if name != "database"}

    assert {parsed(one["command"]) for one in ours.values()} == ENGINES
    assert services["send"]["deploy"]["replicas"] == 2
    assert all(one["image"] == "difusio" and one["read_only"] for one in ours.values())
    assert re.fullmatch(r"docker\.io/library/postgres:\d+", services["database"]["image"])


def it_takes_every_secret_of_a_file_and_shows_no_port_to_the_world() -> None:
    found = compose()
    used = {name for one in found["services"].values() for name in one["secrets"]}
    published = {port for one in found["services"].values() for port in one.get("ports", [])}

    assert used == set(found["secrets"])
    assert all(list(secret) == ["file"] for secret in found["secrets"].values())
    assert published == {f"127.0.0.1:{port}:{port}" for port in (WEB_PORT, RECEIVE_PORT, METRICS_PORT)}


def it_builds_an_image_in_two_stages_that_root_does_not_run() -> None:
    lines = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    last = max(place for place, step in enumerate(steps) if step[0] == "FROM")
    image = dict(steps[last:])

    bases = {step[1].split()[0] for step in steps if step[0] == "FROM"}
    assert all(re.fullmatch(r"docker\.io/library/python:\d+\.\d+-slim", base) for base in bases)
    assert int(image["USER"]) > 0
    assert image["ENTRYPOINT"] == '["difusio"]'
    assert parsed(yaml.safe_load(image["CMD"])) == "up"
    assert sum(step[0] == "FROM" for step in steps) == 2


def it_leads_webhooks_to_the_receiver_whole_and_the_rest_to_the_pages() -> None:
    text = (DEPLOY / "Caddyfile").read_text("utf-8")

    assert f"handle {receiver.PATH} {{" in text
    assert f"127.0.0.1:{RECEIVE_PORT}" in text
    assert f"127.0.0.1:{WEB_PORT}" in text
    assert f"max_size {receiver.MOST_BODY_BYTES // (1024 * 1024)}MB" in text
