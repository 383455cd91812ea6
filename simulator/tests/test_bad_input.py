"""Whatever comes over the wire: an answer, a sentence or a closed connection, and the server goes on."""

import json
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

_SCENARIO = {"habits": {"idle_s": 2, "body_s": 1}}
_MEGABYTE = 1 << 20
_MANY = 10_000


class Running:
    """A process of the command."""

    def __init__(self, scenario: Path) -> None:
        command = [sys.executable, "-m", "whatsapp_simulator", "--port", "0", "--scenario", str(scenario)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()
        host, port = self.url.removeprefix("http://").split(":")
        self.address = (host, int(port))

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=20)

    def say(self, sent: bytes) -> bytes:
        """Send bytes, and hear everything until the connection is closed, by the deadline at the latest."""
        with self.connect() as caller:
            caller.sendall(sent)
            return b"".join(iter(lambda: caller.recv(65536), b""))

    def is_well(self) -> bool:
        with urllib.request.urlopen(self.url + "/_control/health", timeout=20) as answer:
            health = json.loads(answer.read())
        return (health["status"], health["broken_events"]) == ("ok", 0)

    def memory_mb(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / _MEGABYTE


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One process for all: what one request breaks, the next one would see; at the end it has said nothing."""
    scenario = tmp_path_factory.mktemp("bad") / "scenario.json"
    scenario.write_text(json.dumps(_SCENARIO))
    running = Running(scenario)
    yield running
    running.process.send_signal(signal.SIGTERM)
    said, errors = running.process.communicate(timeout=20)
    assert (running.process.returncode, errors) == (0, "")
    assert "Traceback" not in said


_TOKEN = b"Authorization: Bearer simulated-access-token\r\n"
_PATH = b"/v26.0/106540352242922/messages"


def _post(body: bytes, *, head: bytes = _TOKEN, path: bytes = _PATH, version: bytes = b"1.1") -> bytes:
    return b"POST %b HTTP/%b\r\nHost: x\r\nConnection: close\r\n%bContent-Length: %d\r\n\r\n%b" % (
        path, version, head, len(body), body,
    )  # fmt: skip


def _text(**members: Any) -> bytes:
    body = {"messaging_product": "whatsapp", "to": "+34600000001", "text": {"body": "Hola"}, **members}
    return json.dumps(body).encode()


def _status_and_body(answer: bytes) -> tuple[int, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 100),
        (b"Hola", 100),
        (b"\xff\xfe\x00", 100),
        (b'{"messaging_product":"whatsapp","to":"\xff"}', 100),
        (b'{"messaging_product":"whatsapp","to":"+34600000001","text":{"body":"\xc3\x28"}}', 100),
        (b"[" * 100_000, 100),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 100),
        (b'{"messaging_product":"whatsapp","to":' + b"9" * 5000 + b"}", 100),
        (b'{"messaging_product":"whatsapp","to":1e999}', 100),
        (b"null", 100),
        (b'["whatsapp"]', 100),
        (_text(to={"a": 1}), 131009),
        (_text(to=True), 131009),
        (_text(text=["Hola"]), 131009),
        (_text(text={"body": {"a": 1}}), 131009),
        (_text(text={"body": "a" * 5000}), 100),
        (_text(text={"body": "Hola", "colour": "red"}), 100),
        (_text(type=7), 100),
        (_text(type="telepathy"), 131051),
        (_text(biz_opaque_callback_data="x" * 513), 100),
        (_text(context="wamid.x"), 131009),
    ],
    ids=lambda value: repr(value)[:40],
)
def it_refuses_a_body_as_meta_does(running: Running, body: bytes, code: int) -> None:
    status, told = _status_and_body(running.say(_post(body)))

    assert (status, told["error"]["code"]) == (400, code)


def it_asks_for_a_token(running: Running) -> None:
    status, told = _status_and_body(running.say(_post(_text(), head=b"")))
    assert (status, told["error"]["code"]) == (400, 2500)

    status, told = _status_and_body(running.say(_post(_text(), head=b"Authorization: Bearer \xff\xfe\r\n")))
    assert (status, told["error"]["code"]) == (401, 190)


@pytest.mark.parametrize("path", [_PATH, b"/_control/setup", b"/v26.0/106540352242922/media"])
def it_refuses_a_body_of_100_mb_and_more_without_reading_it_into_memory(
    running: Running, path: bytes
) -> None:
    before, size = running.memory_mb(), 101 * _MEGABYTE
    head = b"POST %b HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n" % (path, _TOKEN, size)
    with running.connect() as caller:
        caller.sendall(head + b"x" * 1000)
        status, told = _status_and_body(caller.recv(65536))

    assert (status, told["error"]["message"]) == (413, "(#100) Invalid parameter")
    assert running.memory_mb() < before + 20


@pytest.mark.parametrize(
    ("path", "head", "code"),
    [
        (b"/v26.0/106540352242922/media", b"Authorization: Bearer wrong\r\n", 190),
        (b"/v1.0/106540352242922/media", _TOKEN, 2500),
        (b"/v26.0/7/media", _TOKEN, 100),
        (b"/v26.0/upload:MTphdHRhY2htZW50OkVYQU1QTEU=", b"", 2500),
    ],
)
def it_refuses_whoever_may_not_send_a_file_before_it_is_read(
    running: Running, path: bytes, head: bytes, code: int
) -> None:
    told = b"POST %b HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n" % (path, head, 90 * _MEGABYTE)
    with running.connect() as caller:
        caller.sendall(told + b"x" * 1000)
        _, answer = _status_and_body(caller.recv(65536))

    assert answer["error"]["code"] == code


def it_tells_a_caller_that_waits_for_it_to_go_on(running: Running) -> None:
    body = _text()
    head = b"POST %b HTTP/1.1\r\nHost: x\r\n%bExpect: 100-continue\r\nConnection: close\r\n" % (_PATH, _TOKEN)
    with running.connect() as caller:
        caller.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
        assert caller.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        caller.sendall(body)
        assert caller.recv(65536).startswith(b"HTTP/1.1 200 ")


def it_stops_reading_a_body_in_pieces_that_has_no_end(running: Running) -> None:
    before, piece = running.memory_mb(), b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = b"POST %b HTTP/1.1\r\nHost: x\r\n%bTransfer-Encoding: chunked\r\n\r\n" % (_PATH, _TOKEN)
    with running.connect() as caller:
        caller.sendall(head + piece * 40)
        status, _ = _status_and_body(caller.recv(65536))

    assert status == 413
    assert running.memory_mb() < before + 20


def it_takes_chunks_http_1_0_and_requests_in_a_row(running: Running) -> None:
    body = _text()
    chunked = b"POST %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%bTransfer-Encoding: chunked\r\n\r\n" % (
        _PATH,
        _TOKEN,
    )
    pieces = b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (body[:5], len(body) - 5, body[5:])
    kept = _post(body).replace(b"Connection: close\r\n", b"")

    assert running.say(chunked + pieces).startswith(b"HTTP/1.1 200 ")
    assert running.say(_post(body, version=b"1.0")).startswith(b"HTTP/1.0 200 ")
    assert running.say(kept * 2 + _post(body)).count(b"HTTP/1.1 200 ") == 3


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00" * 1000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x7f" * 500,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Flood: 1\r\n" * 10_000 + b"\r\n",
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" % _PATH,
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" % _PATH,
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        % _PATH,
        b"POST %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" % _PATH,
        b"GET http://[::1 HTTP/1.1\r\nHost: [\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:30]),
)
def it_answers_400_or_closes_where_the_bytes_are_not_http(running: Running, sent: bytes) -> None:
    answer = running.say(sent)

    assert answer == b"" or answer.split()[1] == b"400"


def it_answers_what_came_before_garbage_in_a_row(running: Running) -> None:
    kept = _post(_text()).replace(b"Connection: close\r\n", b"")

    answer = running.say(kept + b"\x00\xff garbage\r\n\r\n" + kept)

    assert answer.count(b" 200 OK") <= 1
    assert answer.count(b" 400 Bad Request") <= 1


def it_gives_a_body_that_does_not_come_a_deadline(running: Running) -> None:
    with running.connect() as caller:
        caller.sendall(_post(b"x" * 50)[:-20])
        status, told = _status_and_body(caller.recv(65536))

    assert status == 408
    assert told["error"]["error_data"]["details"] == "The request body did not come in time."


def it_bears_ten_thousand_open_connections_and_closes_those_that_ask_nothing(running: Running) -> None:
    most, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = min(_MANY, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before = running.memory_mb()
    try:
        with ExitStack() as opened:
            for number in range(many):
                caller = opened.enter_context(running.connect())
                if number % 2:
                    caller.sendall(b"POST %b HTTP/1.1\r\nHost: x\r\nX-Half: " % _PATH)
            used = running.memory_mb() - before

            assert running.is_well()
            # Idle or half a request: both are closed by the deadline.
            for number in (0, 1):
                caller = running.connect()
                opened.enter_context(caller)
                caller.sendall(b"POST /"[: 6 * number])
                began = time.monotonic()
                assert caller.recv(10) == b""
                assert time.monotonic() - began < 10
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))

    assert used < 20 + many * 0.015


def it_still_takes_messages_after_all_of_this(running: Running) -> None:
    status, told = _status_and_body(running.say(_post(_text())))

    assert (status, told["messaging_product"]) == (200, "whatsapp")
    assert running.is_well()
