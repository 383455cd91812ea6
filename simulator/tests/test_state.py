"""The state in a file: what a stop, a kill, a second simulator and a damaged file leave."""

import base64
import hashlib
import json
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Habits, Number, Scenario, Setup
from whatsapp_simulator.state import StateError

Sender = Callable[..., Any]

_NUMBER = "106540352242922"
_ANNA = "+34600000001"
_HABITS = Habits(
    reads=1, replies=0, leaves=0, unreachable=0, capped=0, has_username=0, receipts_off=0, delivered=1,
    delivered_late=0, duplicate=0, swap=0, missing_delivered=0, delivered_and_failed=0, webhook_flush_s=0,
)  # fmt: skip
_PLAIN = {"name": "plain_ca", "language": "ca", "components": [{"type": "BODY", "text": "Bon dia."}]}


@pytest.fixture
def scenario(receiver: Receiver) -> Scenario:
    number = Number(phone_number_id=_NUMBER, display_phone_number="+34 931 234 567", mps=1000)
    setup = Setup(callback_url=receiver.url, numbers=(number,), templates=(_PLAIN,))
    return Scenario(setup=setup, habits=_HABITS, clock=ClockFacts(rate=0, start=1_790_000_000))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "simulator.state"


def _statuses(receiver: Receiver) -> list[str]:
    return [status["status"] for status in receiver.statuses]


def it_goes_on_where_it_stood(scenario: Scenario, file: Path, receiver: Receiver, send: Sender) -> None:
    content = base64.b64encode(b"\x89PNG").decode()
    with RunningSimulator(scenario, state=file) as simulator:
        wamid = send(simulator, _ANNA).body["messages"][0]["id"]
        simulator.control("POST", f"people/{_ANNA}/write", {"text": "Hola"})
        simulator.control("POST", f"people/{_ANNA}/stop", {})
        simulator.control("POST", "media", {"mime_type": "image/png", "content": content, "id": "17"})
        made = simulator.graph(
            "POST",
            f"{scenario.setup.waba_id}/message_templates",
            {"name": "made_here", "language": "ca", "category": "UTILITY",
             "components": [{"type": "BODY", "text": "La comanda ja és aquí."}]},
        )  # fmt: skip
        assert made.status == 200
        simulator.advance(2)
        before = _told(simulator)

    # Whatever the second scenario says, the file goes before it.
    with RunningSimulator(Scenario(seed=99), state=file) as simulator:
        assert _told(simulator) == before
        simulator.advance(86_400)
        accepted = simulator.control("GET", "accepted")["data"]
        templates = simulator.graph("GET", f"{scenario.setup.waba_id}/message_templates?name=made_here")

    assert (before["counts"]["accepted"], before["person"]["stopped_natively"]) == (1, True)
    assert _statuses(receiver) == ["sent", "delivered", "read"]
    assert [row["wamid"] for row in accepted] == [wamid]
    assert [one["status"] for one in templates.body["data"]] == ["APPROVED"]


def it_delivers_after_the_stop_what_the_receiver_did_not_take_before(
    scenario: Scenario, file: Path, receiver: Receiver, send: Sender
) -> None:
    with RunningSimulator(scenario, state=file) as simulator:
        simulator.control("PUT", "faults", {"faults": [{"kind": "receiver_down"}]})
        send(simulator, _ANNA)
        simulator.control("POST", "clock/advance", {"seconds": 40})
        while simulator.control("GET", "counts")["webhooks"].get("posts", 0) < 2:
            time.sleep(0.005)
    assert _statuses(receiver) == []

    with RunningSimulator(state=file) as simulator:
        simulator.control("PUT", "faults", {"faults": []})
        simulator.advance(86_400)
        simulator.wait_until("idle")

    assert sorted(_statuses(receiver)) == ["delivered", "read", "sent"]


def it_lets_meta_act_after_the_stop_at_the_second_a_fault_says(
    scenario: Scenario, file: Path, send: Sender
) -> None:
    with RunningSimulator(scenario, state=file) as simulator:
        simulator.control("PUT", "faults", {"faults": [{"kind": "ban", "from": 600}]})
        simulator.advance(500)

    with RunningSimulator(state=file) as simulator:
        simulator.advance(100)

        assert send(simulator, _ANNA).code == 131031
        assert simulator.control("GET", "faults")["faults"][0]["struck"] == 1


def it_loses_at_worst_the_last_moments_when_it_is_killed(file: Path) -> None:
    process, url = _start(file)
    body = {"messaging_product": "whatsapp", "to": _ANNA, "type": "text", "text": {"body": "Hola"}}
    for _ in range(20):
        _post(f"{url}/v26.0/{_NUMBER}/messages", body)
    _wait_until_saved(file)
    for _ in range(20):
        _post(f"{url}/v26.0/{_NUMBER}/messages", body)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    process, url = _start(file)
    counts, rows = _get(f"{url}/_control/counts"), _get(f"{url}/_control/accepted")
    assert process.stdout is not None
    said = [process.stdout.readline(), process.stdout.readline()][1]
    process.terminate()
    _, errors = process.communicate()

    assert 20 <= counts["accepted"] <= 40
    assert rows["total"] == counts["accepted"]
    assert said == f"goes on after {counts['accepted']} messages to 1 people\n"
    assert errors == ""


@pytest.mark.parametrize("damage", ["text", "cut", "body", "row"])
def it_refuses_a_damaged_file(scenario: Scenario, file: Path, send: Sender, damage: str) -> None:
    with RunningSimulator(scenario, state=file) as simulator:
        send(simulator, _ANNA)
    _damage(file, damage)
    content = file.read_bytes()

    with pytest.raises(StateError, match=r"is damaged, or not a simulator's: start with another file"):
        RunningSimulator(state=file).__enter__()

    assert file.read_bytes() == content


def it_runs_nothing_that_a_file_brings_along(scenario: Scenario, file: Path, tmp_path: Path) -> None:
    with RunningSimulator(scenario, state=file):
        pass
    mark = tmp_path / "ran"
    evil = pickle.dumps(_Evil(str(mark)))
    with sqlite3.connect(file) as database:
        database.execute("UPDATE snapshot SET body = ?, digest = ?", (evil, hashlib.sha256(evil).digest()))
    database.close()

    with pytest.raises(StateError, match="is damaged"):
        RunningSimulator(state=file).__enter__()

    assert not mark.exists()


def it_refuses_the_file_of_another_version_and_one_in_use(scenario: Scenario, file: Path) -> None:
    with RunningSimulator(scenario, state=file), pytest.raises(StateError, match="is in use by another"):
        RunningSimulator(state=file).__enter__()
    with sqlite3.connect(file) as database:
        database.execute("UPDATE snapshot SET version = '0.0.1'")
    database.close()

    with pytest.raises(StateError, match=r"was written by version 0\.0\.1, this is "):
        RunningSimulator(state=file).__enter__()


def it_says_that_a_file_cannot_be_opened(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*_COMMAND, "--state", str(tmp_path / "none" / "x")],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"The state {tmp_path / 'none' / 'x'} cannot be opened: unable to open database file."
    ]


_COMMAND = [sys.executable, "-m", "whatsapp_simulator", "--port", "0"]


class _Evil:
    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self._path,)


def _told(simulator: RunningSimulator) -> dict[str, Any]:
    person = simulator.control("GET", f"people/{_ANNA}")
    return {
        "setup": simulator.control("GET", "setup"),
        "habits": simulator.control("GET", "habits"),
        "now": simulator.control("GET", "clock")["now"],
        "counts": simulator.control("GET", "counts") | {"requests": 0},
        "accepted": simulator.control("GET", "accepted"),
        "inbound": simulator.control("GET", "inbound"),
        "person": person,
        "events": simulator.control("GET", "idle")["pending_events"],
    }


def _damage(file: Path, damage: str) -> None:
    content = file.read_bytes()
    if damage == "text":
        file.write_text("not a state at all\n" * 100)
    elif damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    else:
        table = {"body": "snapshot", "row": "rows"}[damage]
        with sqlite3.connect(file) as database:
            database.execute(f"UPDATE {table} SET body = CAST(substr(body, 2) AS BLOB)")
        database.close()


def _start(file: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [*_COMMAND, "--state", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().removeprefix("listening on ").strip()


def _wait_until_saved(file: Path) -> None:
    """Wait for two saves: the second one began after what came before."""
    log = file.with_name(file.name + "-wal")
    for _ in range(2):
        before, end = log.stat().st_mtime_ns, time.monotonic() + 30
        while log.stat().st_mtime_ns == before:
            assert time.monotonic() < end
            time.sleep(0.01)


def _post(url: str, body: dict[str, Any]) -> None:
    headers = {"Authorization": "Bearer simulated-access-token", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=10):
        pass


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())
