"""What can be looked at afterwards: calls and webhooks with their bytes, chats, and how far messages came."""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import ControlError, Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Fault, PersonFacts
from whatsapp_simulator.traffic import (
    MOST_BODY_BYTES,
    MOST_BYTES,
    MOST_ENTRIES,
    MOST_PER_SECOND,
    Entry,
    Traffic,
)

NUMBER = "106540352242922"
ASHA = "+34600000001"
Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]


def _traffic(simulator: RunningSimulator, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = simulator.control("GET", f"traffic{query}")["data"]
    return rows


def _entry(body: bytes = b"{}") -> Entry:
    return Entry(kind="call", method="POST", url="/v26.0/1/messages", sent=body, headers={}, status=200)


def it_tells_calls_and_webhooks_as_they_happened(simulator: RunningSimulator, send: Sender) -> None:
    send(simulator)
    simulator.advance(60)
    send(simulator, name="nothing_called_so")

    told = [(row["kind"], row["status"], row["wrong"], row["about"]) for row in _traffic(simulator)]

    assert told[0] == ("call", 200, False, "template plain_ca")
    assert told[-1] == (
        "call",
        404,
        True,
        "template nothing_called_so · 132001 template name (nothing_called_so) does not exist in ca",
    )
    assert [row[:3] for row in told[1:-1]] == [("webhook", 200, False)] * (len(told) - 2)
    assert " · ".join(row[3] for row in told[1:-1]) == "sent · delivered"


def it_shows_the_exact_bytes_of_a_webhook_with_its_signature(
    simulator: RunningSimulator, receiver: Receiver
) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Què tal? <b>"})
    simulator.wait_until("settled")

    row = simulator.control("GET", f"traffic/{_traffic(simulator)[-1]['seq']}")

    assert row["sent"].encode() == receiver.webhooks[0].body
    assert row["headers"]["X-Hub-Signature-256"] == receiver.webhooks[0].signature
    assert (row["phone_number_id"], row["updates"], row["tries"]) == (NUMBER, 1, 1)


def it_never_shows_a_token_or_a_secret(simulator: RunningSimulator) -> None:
    simulator.graph("GET", f"{NUMBER}?access_token=EAAB-somebody-elses", token="")
    simulator.graph("POST", f"{NUMBER}/messages", {"verify_token": "abc", "pin": "123456", "to": "x"})
    simulator.graph("POST", f"{NUMBER}/messages", b"client_secret=shh&grant_type=x&code=s3same")

    rows = [simulator.control("GET", f"traffic/{row['seq']}") for row in _traffic(simulator)]

    assert [row["headers"].get("Authorization") for row in rows] == [None, "Bearer ••••", "Bearer ••••"]
    assert rows[0]["url"].endswith(f"/{NUMBER}?access_token=••••")
    assert json.loads(rows[1]["sent"]) == {"verify_token": "••••", "pin": "••••", "to": "x"}
    assert rows[2]["sent"] == "client_secret=••••&grant_type=x&code=••••"
    everything = json.dumps(rows)
    setup = simulator.scenario.setup
    for secret in (setup.access_token, setup.app_secret, setup.verify_token, "EAAB"):
        assert secret not in everything


def it_marks_bytes_of_a_head_that_are_no_text(simulator: RunningSimulator) -> None:
    stored = simulator.control("POST", "media", {"mime_type": "image/jpeg"})["id"]
    host, _, port = simulator.url.removeprefix("http://").partition(":")
    token = simulator.scenario.setup.access_token.encode()
    with socket.create_connection((host, int(port)), timeout=20) as caller:
        caller.sendall(
            b"GET /v26.0/%b HTTP/1.1\r\nHost: \xff\r\nUser-Agent: \xfe\xff\r\nAuthorization: Bearer %b\r\n"
            b"Connection: close\r\n\r\n" % (stored.encode(), token)
        )
        answer = b"".join(iter(lambda: caller.recv(65536), b""))

    (row,) = _traffic(simulator)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert simulator.control("GET", f"traffic/{row['seq']}")["headers"]["User-Agent"] == "??"
    assert simulator.control("GET", "traffic?after=" + "9" * 5000)["data"] == [row]


def it_waits_for_news(simulator: RunningSimulator) -> None:
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(_traffic(simulator, "?after=0&wait=20")))

    waiting.start()
    begin = time.monotonic()
    simulator.graph("GET", NUMBER)
    waiting.join(timeout=10)

    assert [row["method"] for row in answers[0]] == ["GET"]
    assert time.monotonic() - begin < 10
    assert _traffic(simulator, "?after=1&wait=0") == []
    assert len(_traffic(simulator, "?after=99&wait=20")) == 1


def it_says_why_a_webhook_was_not_taken(start: Starter, receiver: Receiver) -> None:
    receiver.answers_with = 500
    simulator = start(faults=(Fault(kind="receiver_down", times=1),))
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    _wait_for(simulator, 2)

    told = [(row["status"], row["lost"], row["tries"], row["wrong"]) for row in _traffic(simulator)[:2]]

    assert told == [(None, "the fault receiver_down", 1, True), (500, None, 2, True)]


def _wait_for(simulator: RunningSimulator, rows: int) -> None:
    end = time.monotonic() + 10
    while len(_traffic(simulator)) < rows:
        assert time.monotonic() < end


def it_shows_an_answer_that_was_lost(start: Starter, send: Sender) -> None:
    simulator = start(faults=(Fault(kind="lose_answer"),))
    with pytest.raises(OSError):
        send(simulator)

    row = _traffic(simulator)[0]

    assert (row["status"], row["lost"], row["wrong"]) == (
        200,
        "the fault lose_answer: the connection was closed",
        True,
    )


def it_keeps_a_bounded_number_of_entries_and_bytes() -> None:
    traffic = Traffic()
    for _ in range(MOST_ENTRIES + 3):
        traffic.keep(_entry(), at=0)

    assert [len(traffic.after(0, limit=10_000)), traffic.last] == [MOST_ENTRIES, MOST_ENTRIES + 3]
    assert [traffic.find(number) is None for number in (3, 4, traffic.last, traffic.last + 1)] == [
        True,
        False,
        False,
        True,
    ]

    for _ in range(MOST_ENTRIES):
        traffic.keep(_entry(b"x" * (MOST_BODY_BYTES + 1)), at=0)

    kept = traffic.after(0, limit=10_000)
    assert sum(entry.weight for entry in kept) <= MOST_BYTES
    assert (len(kept[-1].sent), kept[-1].sent_bytes) == (MOST_BODY_BYTES, MOST_BODY_BYTES + 1)


def it_counts_what_passes_too_fast_to_be_kept() -> None:
    traffic = Traffic()

    room = sum(traffic.has_room("call") for _ in range(MOST_PER_SECOND * 3))

    # The second may change on the way.
    assert MOST_PER_SECOND <= room <= 2 * MOST_PER_SECOND
    assert traffic.left_out == 3 * MOST_PER_SECOND - room
    assert traffic.has_room("webhook")


def it_forgets_with_a_reset_and_numbers_go_on(simulator: RunningSimulator) -> None:
    simulator.graph("GET", NUMBER)
    simulator.control("POST", "reset")
    simulator.graph("GET", NUMBER)

    assert [row["seq"] for row in _traffic(simulator)] == [2]
    with pytest.raises(ControlError, match=r"There is no entry 1 in the traffic \(any more\)\."):
        simulator.control("GET", "traffic/1")


def it_tells_how_far_each_message_came(start: Starter, send: Sender) -> None:
    unreachable = PersonFacts(phone="+34600000002", unreachable=True)
    simulator = start(habits={"reads": 1, "read_s": (100, 101)}, people=(unreachable,))

    def stages(phone: str) -> list[tuple[str, int | None]]:
        chat = simulator.control("GET", f"people/{phone}")["chat"]
        return [(row["stage"], row["failed_with"]) for row in chat]

    send(simulator)
    send(simulator, "+34600000002")
    seen = [stages(ASHA)]
    for seconds in (2.1, 31, 200):
        simulator.advance(seconds)
        seen.append(stages(ASHA))

    assert seen == [[("accepted", None)], [("sent", None)], [("delivered", None)], [("read", None)]]
    assert stages("+34600000002") == [("failed", 131026)]


def it_lists_phones_by_their_last_message_and_finds_them_by_name_or_number(
    start: Starter, send: Sender
) -> None:
    people = (
        PersonFacts(phone=ASHA, name="Asha Rahman"),
        PersonFacts(phone="+447700900123", name="Núria Coll"),
        PersonFacts(user_id="ES.13491208655302741918", name="Chen", username="chen.wu"),
    )
    simulator = start(people=people, clock=ClockFacts(rate=1))
    send(simulator, "+447700900123")
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Bon dia"})

    def names(search: str) -> list[str]:
        return [row["name"] for row in simulator.control("GET", f"phones?search={search}")["data"]]

    listed = simulator.control("GET", "phones")

    assert [row["name"] for row in listed["data"]] == ["Asha Rahman", "Núria Coll", "Chen"]
    assert [row["last"] and row["last"]["from"] for row in listed["data"]] == ["person", "business", None]
    assert listed["total"] == 3
    assert [names(word) for word in ("asha", "N%C3%BARIA", "7700%20900", "chen.wu", "1349", "nobody")] == [
        ["Asha Rahman"],
        ["Núria Coll"],
        ["Núria Coll"],
        ["Chen"],
        ["Chen"],
        [],
    ]


def it_shows_the_end_of_a_long_chat(simulator: RunningSimulator) -> None:
    for number in range(5):
        simulator.control("POST", f"people/{ASHA}/write", {"text": f"{number}"})

    phone = simulator.control("GET", f"phones/{ASHA}?limit=2")

    assert ([row["text"] for row in phone["chat"]], phone["chat_total"]) == (["3", "4"], 5)
    with pytest.raises(ControlError, match="Nobody with the address person-0 was met yet"):
        simulator.control("GET", "phones/person-0")
