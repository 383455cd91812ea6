"""The checker finds what must not be, and says nothing of what may be."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from whatsapp_simulator.running import RunningSimulator

from difusio_checker.__main__ import main
from difusio_checker.outside import see

LAUNCH = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEGMENT = {
    "all": [
        {"event": "bought", "within_days": 30, "sum_of": "total", "sum_at_least": 10},
        {"not": {"field": "country", "in": ["AU", "JP"]}},
    ]
}
ORDERS = """InvoiceNo,InvoiceDate,CustomerID,Country,Quantity,UnitPrice
1,11/13/2026 9:00,asha,Spain,2,10
2,11/13/2026 9:00,bilal,Spain,1,4
2,11/13/2026 9:00,bilal,Spain,2,4
3,11/13/2026 9:00,chen,Spain,1,50
4,11/13/2026 9:00,dana,Spain,1,50
5,11/13/2025 9:00,eve,Spain,1,50
6,11/13/2026 9:00,sydney,Australia,1,50
7,11/13/2026 9:00,boston,USA,1,50
C8,11/14/2026 9:00,asha,Spain,-1,10
9,11/14/2026 9:00,(blank),Spain,1,10
"""
PEOPLE = """customer,first_name,phone,user_id,country
asha,Asha,+34600000001,,ES
bilal,Bilal,,ES.2,ES
chen,Chen,+34600000003,ES.3,ES
dana,Dana,+34600000004,,ES
eve,Eve,+34600000005,,ES
sydney,Sid,+61412000006,,AU
boston,Bob,+19175550107,,US
"""
CONSENTS = """customer,topic,consent,consent_at
asha,offers,granted,2026-10-01T10:00:00+02:00
bilal,offers,granted,2026-10-01T10:00:00+02:00
dana,offers,granted,2026-10-01T10:00:00+02:00
dana,offers,withdrawn,2026-10-02T10:00:00+02:00
eve,offers,granted,2026-10-01T10:00:00+02:00
sydney,offers,granted,2026-10-01T10:00:00+02:00
boston,offers,granted,2026-10-01T10:00:00+02:00
"""
PHONES = {"asha": "+34600000001", "bilal": "ES.2", "chen": "+34600000003", "dana": "+34600000004"}


class World:
    """The files of a campaign that went well, and what the simulator saw; tests break one thing each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.accepted: list[dict[str, Any]] = []
        self.inbound: list[dict[str, Any]] = []
        self.refused: dict[str, int] = {}
        self.audience = [
            _member("asha", "read"),
            _member("bilal", "delivered"),
            _member("chen", "skipped", "no_consent"),
            _member("dana", "skipped", "withdrawn"),
            _member("boston", "skipped", "us_pause"),
        ]
        self.ledger = [
            _entry(customer, act == "granted", at)
            for customer, _, act, at in (line.split(",") for line in CONSENTS.splitlines()[1:])
        ]
        self.accept("asha")
        self.accept("bilal")

    def accept(self, who: str, *, after_s: float = 1, text: str = "", token: str = "t") -> None:
        self.accepted.append(
            {
                "seq": len(self.accepted) + 1,
                "at": LAUNCH.timestamp() + after_s,
                "wamid": f"wamid.{len(self.accepted) + 1}",
                "phone_number_id": "1",
                "address": PHONES.get(who, who),
                "person": who,
                "token": token,
                "type": "text" if text else "template",
                "template": None if text else "autumn",
                "content_hash": text or f"autumn for {who}",
            }
        )

    def write(self, who: str, text: str, *, after_s: float) -> None:
        self.inbound.append(
            {
                "seq": len(self.inbound) + 1,
                "at": LAUNCH.timestamp() + after_s,
                "address": PHONES[who],
                "person": who,
                "kind": "text",
                "text": text,
            }
        )

    def withdraw(self, who: str, *, after_s: float) -> None:
        at = (LAUNCH + timedelta(seconds=after_s)).isoformat()
        self.ledger.append({**_entry(who, is_grant=False, at=at), "recorded_at": at})

    def check(self, *options: str) -> int:
        for name, text in (
            ("orders.csv", ORDERS),
            ("people.csv", PEOPLE),
            ("consents.csv", CONSENTS),
            ("segment.json", json.dumps(SEGMENT)),
            ("audience.jsonl", "\n".join(json.dumps(row) for row in self.audience)),
            ("ledger.jsonl", "\n".join(json.dumps(row) for row in self.ledger)),
        ):
            (self.folder / name).write_text(text, "utf-8")
        named = [
            part
            for file in self.folder.iterdir()
            if file.suffix in {".csv", ".json", ".jsonl"}
            for part in (f"--{file.stem}", str(file))
        ]
        with _served(self) as url:
            return main([*named, "--simulator", url, "--json", *options])


class _served:  # noqa: N801  # reads as a verb where it is used
    """Serve a world in the shape of the simulator's control plane."""

    def __init__(self, world: World) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                after = int(parse_qs(url.query).get("after", ["0"])[0])
                answers: dict[str, Any] = {
                    "/_control/accepted": {"data": world.accepted[after : after + 2]},
                    "/_control/inbound": {"data": world.inbound[after : after + 2]},
                    "/_control/counts": {"refused": world.refused},
                }
                if url.path.startswith("/_control/people/"):
                    answers[url.path] = {"chat": [row for row in world.accepted if row.get("failed_with")]}
                body = json.dumps(answers[url.path]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _member(customer: str, state: str, reason: str = "") -> dict[str, Any]:
    return {"customer": customer, "state": state, "reason": reason, "at": LAUNCH.isoformat()}


def _entry(customer: str, is_grant: bool, at: str) -> dict[str, Any]:  # noqa: FBT001  # a builder of tests
    return {"customer": customer, "topic": "offers", "act": "granted" if is_grant else "withdrawn", "at": at}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path)


def _verdict(world: World, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    code = world.check(*options)
    found: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    return code, found


def it_finds_nothing_where_all_is_right(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = _verdict(world, capsys)

    assert code == 0
    assert found == {
        "expected": 2,
        "received": 2,
        "lost": 0,
        "sent_twice": 0,
        "without_consent": 0,
        "after_leaving": 0,
        "strangers": 0,
        "withdrawn": 0,
        "refused": 0,
        "parked": 0,
        "in_doubt": 0,
        "capped": 0,
        "unsent": 0,
        "leavings": 0,
        "confirmed_once": 0,
        "confirmed_more": 0,
        "unconfirmed": 0,
        "audience_differs": {"missing": 0, "extra": 0, "twice": 0},
        "ledger_differs": {"missing": 0, "extra_grants": 0},
        "examples": {},
        "holds": True,
    }


def it_catches_a_lost_person(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.accepted.pop()

    code, found = _verdict(world, capsys)

    assert (code, found["lost"], found["examples"]) == (1, 1, {"lost": ["bilal"]})


def it_catches_a_person_lost_by_being_skipped(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.accepted.pop()
    world.audience[1] = _member("bilal", "skipped", "no_consent")

    assert _verdict(world, capsys)[1]["lost"] == 1


def it_catches_a_person_who_got_it_twice_under_different_tokens(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.accept("asha", token="another")

    code, found = _verdict(world, capsys)

    assert (code, found["sent_twice"], found["examples"]) == (1, 1, {"sent_twice": ["asha"]})


def it_catches_a_person_who_got_it_twice_by_phone_and_by_user_id(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.ledger.append(_entry("chen", is_grant=True, at="2026-10-01T08:00:00+00:00"))
    for address in ("+34600000003", "ES.3"):
        world.accept("chen")
        world.accepted[-1].update(address=address, person=address)

    assert _verdict(world, capsys)[1]["examples"]["sent_twice"] == ["chen"]


def it_catches_a_message_without_consent(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.accept("chen")
    world.accept("dana")

    code, found = _verdict(world, capsys)

    assert (code, found["without_consent"], found["received"]) == (1, 2, 4)
    assert found["examples"] == {"without_consent": ["chen", "dana"]}


def it_catches_a_grant_that_the_input_does_not_hold(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.ledger.append(_entry("chen", is_grant=True, at="2026-10-01T08:00:00+00:00"))
    world.accept("chen")

    code, found = _verdict(world, capsys)

    assert (code, found["without_consent"]) == (1, 0)
    assert found["ledger_differs"] == {"missing": 0, "extra_grants": 1}


def it_catches_a_withdrawal_that_the_ledger_lost(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    del world.ledger[3]

    assert _verdict(world, capsys)[1]["examples"] == {"ledger_missing": ["dana"]}


def it_counts_a_leaving_and_its_one_confirmation(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write("asha", "BAIXA", after_s=60)
    world.withdraw("asha", after_s=61)
    world.accept("asha", after_s=62, text="Fet.")

    code, found = _verdict(world, capsys)

    assert (code, found["leavings"], found["confirmed_once"], found["confirmed_more"]) == (0, 1, 1, 0)


def it_catches_a_leaving_confirmed_twice(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write("asha", "BAIXA", after_s=60)
    world.accept("asha", after_s=62, text="Fet.")
    world.accept("asha", after_s=63, text="Fet.")

    code, found = _verdict(world, capsys)

    assert (code, found["confirmed_more"], found["examples"]) == (1, 1, {"confirmed_more": ["asha"]})


def it_catches_a_leaving_that_nobody_confirmed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write("asha", "BAIXA", after_s=60)
    world.withdraw("asha", after_s=61)

    code, found = _verdict(world, capsys)

    assert (code, found["unconfirmed"], found["examples"]) == (1, 1, {"unconfirmed": ["asha"]})


def it_catches_a_message_long_after_leaving(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write("bilal", "stop", after_s=2)
    world.accept("bilal", after_s=30)
    world.accepted[-1]["content_hash"] = "second round"

    code, found = _verdict(world, capsys)

    assert (code, found["after_leaving"]) == (1, 1)


def it_excuses_who_left_before_their_turn(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.accepted.pop()
    world.write("bilal", "BAJA", after_s=0.5)
    world.withdraw("bilal", after_s=0.6)
    world.accept("bilal", after_s=0.7, text="Hecho.")
    world.audience[1] = _member("bilal", "skipped", "left")

    code, found = _verdict(world, capsys)

    assert (code, found["lost"], found["withdrawn"]) == (0, 0, 1)


def it_does_not_excuse_who_left_when_all_was_over(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.accepted.pop()
    world.write("bilal", "BAJA", after_s=600)

    assert _verdict(world, capsys)[1]["lost"] == 1


def it_excuses_a_refusal_only_if_the_simulator_refused(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.accepted.pop()
    world.audience[1] = _member("bilal", "refused")

    assert _verdict(world, capsys)[1]["lost"] == 1

    world.refused = {"131026": 1}
    code, found = _verdict(world, capsys)
    assert (code, found["lost"], found["refused"]) == (0, 0, 1)


def it_lists_what_is_parked_or_in_doubt_apart(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.accepted.pop()
    world.audience[1] = _member("bilal", "parked")

    code, found = _verdict(world, capsys)
    assert (code, found["lost"], found["parked"]) == (1, 0, 1)

    code, found = _verdict(world, capsys, "--allow-parked", "1")
    assert code == 0

    world.audience[1] = _member("bilal", "in_doubt")
    code, found = _verdict(world, capsys)
    assert (code, found["lost"], found["in_doubt"]) == (1, 0, 1)


@pytest.mark.parametrize("state", ["queued", "expired", "cancelled"])
def it_counts_apart_whose_turn_has_not_come_or_will_not(
    world: World, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    world.accepted.pop()
    world.audience[1] = _member("bilal", state)

    code, found = _verdict(world, capsys)
    assert (code, found["lost"], found["unsent"]) == (1, 0, 1)

    assert _verdict(world, capsys, "--allow-unsent", "1")[0] == 0


def it_believes_that_somebody_was_capped_only_if_they_got_another_message(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.accepted.pop()
    world.audience[1] = _member("bilal", "skipped", "capped")

    assert _verdict(world, capsys)[1]["lost"] == 1

    world.accept("bilal", after_s=-3600)
    code, found = _verdict(world, capsys)
    assert (code, found["lost"], found["capped"]) == (0, 0, 1)


def it_lets_a_second_try_be_after_the_first_failed_for_too_much_marketing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.accept("asha", after_s=90_000, token="another")
    assert _verdict(world, capsys)[1]["sent_twice"] == 1

    world.accepted[0]["failed_with"] = 131049
    assert _verdict(world, capsys)[0] == 0

    world.accepted[0]["failed_with"] = 131026
    assert _verdict(world, capsys)[1]["sent_twice"] == 1


def it_counts_one_number_and_what_came_after_a_row_alone(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.accept("asha", token="another")
    world.accepted[-1]["phone_number_id"] = "2"
    assert _verdict(world, capsys)[1]["sent_twice"] == 1

    assert _verdict(world, capsys, "--number", "1")[0] == 0
    assert _verdict(world, capsys, "--after", "2")[1]["lost"] == 1


def it_compares_the_audience_with_its_own_answer(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.audience.append(_member("eve", "skipped", "capped"))
    world.audience.append(_member("asha", "read"))
    del world.audience[4]

    code, found = _verdict(world, capsys)

    assert (code, found["audience_differs"]) == (1, {"missing": 1, "extra": 1, "twice": 1})


def it_catches_messages_to_people_of_no_file(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.accept("+34699999999")

    code, found = _verdict(world, capsys)

    assert (code, found["strangers"], found["without_consent"]) == (1, 1, 1)


def it_moves_the_orders_as_the_import_did(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = _verdict(world, capsys, "--shift-days", "-400")

    assert (code, found["expected"], found["audience_differs"]["extra"]) == (1, 0, 5)


def it_says_what_it_cannot_check(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        part
        for name in ("orders", "people", "audience", "ledger", "segment")
        for part in (f"--{name}", "none")
    ]

    assert main([*files, "--simulator", "http://127.0.0.1:9"]) == 2
    assert "none" in capsys.readouterr().err


def it_understands_the_simulator_itself() -> None:
    with RunningSimulator() as simulator:
        seen = see(simulator.url)

    assert (seen.accepted, seen.written, seen.refused) == ((), (), {})
