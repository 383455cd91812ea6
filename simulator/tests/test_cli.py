"""The command: says when it listens, stops when asked, and says what is wrong with its options."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "whatsapp_simulator"]


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes to end with the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def _start(running: list[subprocess.Popen[str]], *options: str) -> str:
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    running.append(process)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on http://127.0.0.1:")
    url = line.removeprefix("listening on ").strip()
    assert process.stdout.readline() == f"look at {url}/_page/\n"
    return url


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


def _fail(*options: str) -> tuple[int, str]:
    ended = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=30, check=False)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


def it_says_its_version() -> None:
    told = subprocess.run(
        [*COMMAND, "--version"], capture_output=True, text=True, timeout=30, check=True
    ).stdout

    assert told.startswith("whatsapp-simulator 0.")


def it_listens_on_a_free_port_and_writes_it_down(
    running: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    url = _start(running, "--port-file", str(tmp_path / "port"), "--seed", "11")

    assert url.endswith(":" + (tmp_path / "port").read_text().strip())
    assert _get(url + "/_control/health")["seed"] == 11


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def it_ends_within_two_seconds_of_a_signal_even_with_requests_in_the_air(
    running: list[subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    scenario = tmp_path / "slow.json"
    scenario.write_text('{"faults": [{"kind": "slow", "seconds": 60}]}')
    url = _start(running, "--scenario", str(scenario))
    host, port = url.removeprefix("http://").split(":")
    body = b'{"messaging_product":"whatsapp","to":"+34600000001","text":{"body":"x"}}'
    with socket.create_connection((host, int(port))) as waiting:
        waiting.sendall(
            b"POST /v26.0/106540352242922/messages HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
            b"Authorization: Bearer simulated-access-token\r\n\r\n%b" % (len(body), body)
        )
        while _get(url + "/_control/counts")["accepted"] == 0:
            pass
        begin = time.monotonic()
        os.kill(running[0].pid, number)
        _, errors = running[0].communicate(timeout=10)

    assert time.monotonic() - begin < 2
    assert (running[0].returncode, errors) == (0, "")


_POST = b"POST /v26.0/106540352242922/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
_TOKEN = b"Authorization: Bearer simulated-access-token\r\n"


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"\x00\x01 not http\r\n\r\n",
        _POST + _TOKEN + b'Content-Length: 100\r\n\r\n{"broken off',
        _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        _POST + _TOKEN + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        b"GET //%ff%00/../x?%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        _POST
        + _TOKEN
        + b'Content-Length: 63\r\n\r\n{"messaging_product":"whatsapp","to":"+346","text":"\\ud800 lone"}',
    ],
)
def it_goes_on_without_a_word_after_bytes_that_make_no_sense(
    running: list[subprocess.Popen[str]], bytes_sent: bytes
) -> None:
    url = _start(running)
    host, port = url.removeprefix("http://").split(":")

    with socket.create_connection((host, int(port)), timeout=10) as caller:
        caller.sendall(bytes_sent)
        caller.shutdown(socket.SHUT_WR)
        while caller.recv(4096):
            pass

    assert _get(url + "/_control/health")["broken_events"] == 0
    running[0].terminate()
    assert running[0].communicate(timeout=10) == ("", "")


def it_names_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        code, errors = _fail("--port", str(port))

    assert (code, errors) == (2, f"Port {port} on 127.0.0.1 is taken by another program.\n")


def it_takes_everything_from_a_scenario(running: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.json"
    # As an editor on Windows writes it, with a mark before the text.
    scenario.write_text(
        "\ufeff"
        + json.dumps(
            {
                "seed": 3,
                "setup": {"waba_id": "42", "templates": [
                    {"name": "hi", "language": "ca", "components": [{"type": "BODY", "text": "Hola"}]}
                ]},
                "habits": {"reads": 1},
                "people": [{"phone": "+34600000001", "leaves": "native"}],
                "faults": [{"kind": "lose_answer", "rate": 0.5}],
                "clock": {"rate": 60, "start": 1790000000},
            }
        )
    )  # fmt: skip

    url = _start(running, "--scenario", str(scenario))

    assert _get(url + "/_control/health")["seed"] == 3
    assert _get(url + "/_control/setup")["waba_id"] == "42"
    assert _get(url + "/_control/habits")["reads"] == 1
    assert _get(url + "/_control/people")["data"][0]["leaves"] == "native"
    assert _get(url + "/_control/faults")["faults"][0]["kind"] == "lose_answer"
    assert 1790000000 <= _get(url + "/_control/clock")["now"] < 1790100000


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{\n  "seed": 7,\n  "seed" 8\n}', "it is not JSON: Expecting ':' delimiter (line 3, column 10)."),
        ('{"seed": 7,\n "sed": 7}', "Object contains unknown field `sed` (line 2, column 2)."),
        ("[]", "Expected `object`, got `array` (line 1, column 1)."),
        ('{"habits": {"reads": 2}}', "Expected `float` <= 1.0, at `$.habits.reads` (line 1, column 22)."),
        (
            '{"faults": [\n  {"kind": "slow", "seconds": 1, "rate": [0, {}]},\n  {"kind": "flood"}\n]}',
            "Expected `float`, got `array`, at `$.faults[0].rate` (line 2, column 42).",
        ),
        (
            '{"faults": [ ],\n"people": [{"name": "\\"]", "phone": "+34600000001"} , {"phone": 3}]}',
            "Expected `str | null`, got `int`, at `$.people[1].phone` (line 2, column 65).",
        ),
        (
            '{"faults": [{"kind": "flood"}]}',
            "Invalid enum value 'flood', at `$.faults[0].kind` (line 1, column 22).",
        ),
        (
            '{"rules": {"prices": {"utility": "x"}}}',
            "Expected `float`, got `str`, at `$.rules.prices[...]` (line 1, column 22).",
        ),
        (
            '{"faults": [{"kind": "lose_answer"},\n {"kind": "slow"}]}',
            "Fault 1 (slow): `seconds` is needed (line 2, column 2).",
        ),
        (
            '{"setup": {"templates": [{"name": "X"}]}}',
            "Template 1: `name` must be 1-512 of a-z, 0-9 and _, not 'X' (line 1, column 26).",
        ),
        (
            '{"setup":\n {"waba_id": "106540352242922"}}',
            "The ids of `numbers` and `waba_id` must all differ (line 2, column 2).",
        ),
        ('{"people": [{}]}', "A person needs `phone`, `user_id` or both (line 1, column 13)."),
        (
            '{"people": [{"phone": "+34600000001"},\n{"phone": "+34600000001"}]}',
            "Somebody with the address +34600000001 is there already (line 2, column 1).",
        ),
        (
            '{"crowd": {"size": 1,\n"countries": {"QQ": 1}}}',
            "`countries`: QQ has no calling code that is known here (line 2, column 21).",
        ),
        (
            '{"limits": {"over_messaging_limit": 7}}',
            "7 is not a documented error code (line 1, column 37).",
        ),
        ('{"setup": {"templates": [{"a":' + "[" * 100_000, "it is not JSON"),
        (
            '{"setup": {"templates": [{"a": NaN, "b": ' + "9" * 5000 + "}]}}",
            "it is not JSON that can be read",
        ),
    ],
)
def it_says_what_is_wrong_with_a_scenario(tmp_path: Path, text: str, sentence: str) -> None:
    scenario = tmp_path / "scenario.json"
    scenario.write_text(text)

    code, errors = _fail("--scenario", str(scenario), "--port", "0")

    assert code == 2
    assert sentence in errors
    assert len(errors.splitlines()) == 1


def it_says_that_a_scenario_is_not_there(tmp_path: Path) -> None:
    code, errors = _fail("--scenario", str(tmp_path / "none.json"))

    assert code == 2
    assert "cannot be read: No such file or directory." in errors


def it_says_that_the_port_cannot_be_written_down(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "port"

    code, errors = _fail("--port", "0", "--port-file", str(file))

    assert (code, errors) == (2, f"The port cannot be written to {file}: No such file or directory.\n")


def it_names_the_files_of_people_by_the_address_under_which_others_reach_it(
    running: list[subprocess.Popen[str]],
) -> None:
    url = _start(running, "--public-url", "https://simulator.example.com/")
    send = f"{url}/_control/people/+34600000001/send"

    with urllib.request.urlopen(urllib.request.Request(send, data=b'{"type": "image"}'), timeout=10):
        (row,) = _get(url + "/_control/inbound")["data"]

    assert row["message"]["image"]["url"].startswith("https://simulator.example.com/")


def it_refuses_options_it_does_not_know() -> None:
    assert _fail("--sped", "3")[0] == 2
    assert _fail("--port", "70000")[0] == 2
    code, errors = _fail("--public-url", "simulator.example.com")
    assert (code, errors.startswith("--public-url must be like https://")) == (2, True)
