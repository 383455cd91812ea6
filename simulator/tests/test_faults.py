"""What goes wrong on purpose: each kind does what it says, to whom it says, as often as it says."""

import http.client
import time
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import ControlError, Reply, RunningSimulator
from whatsapp_simulator.scenario import Fault

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

ASHA, BILAL = "+34600000001", "+34600000002"
NUMBER, WABA = "106540352242922", "102290129340398"


def _put(simulator: RunningSimulator, *faults: dict[str, Any]) -> None:
    simulator.control("PUT", "faults", {"faults": list(faults)})


def _accepted(simulator: RunningSimulator) -> int:
    return simulator.control("GET", "counts")["accepted"]  # type: ignore[no-any-return] # JSON


@pytest.mark.parametrize(
    ("code", "status"), [(130403, 400), (131031, 403), (190, 401), (131016, 500), (130429, 400), (368, 403)]
)
def it_refuses_with_any_documented_code(
    simulator: RunningSimulator, send: Sender, code: int, status: int
) -> None:
    _put(simulator, {"kind": "refuse", "code": code})

    answer = send(simulator)

    assert (answer.status, answer.code) == (status, code)
    assert _accepted(simulator) == 0
    assert simulator.control("GET", "counts")["refused"] == {str(code): 1}


def it_refuses_with_another_http_status_if_told(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "refuse", "code": 131000, "http_status": 429})

    assert send(simulator).status == 429


def it_breaks_before_accepting(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "error_before"})

    answer = send(simulator)

    assert (answer.status, answer.code, _accepted(simulator)) == (500, 131000, 0)


def it_breaks_after_accepting(simulator: RunningSimulator, receiver: Receiver, send: Sender) -> None:
    _put(simulator, {"kind": "error_after", "code": 131016, "http_status": 503})

    answer = send(simulator, biz_opaque_callback_data="token-1")
    simulator.advance(60)

    assert (answer.status, answer.code, _accepted(simulator)) == (503, 131016, 1)
    assert receiver.statuses[0]["biz_opaque_callback_data"] == "token-1"


def it_loses_the_answer_of_an_accepted_message(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "lose_answer"})

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, urllib.error.URLError)):
        send(simulator)

    assert _accepted(simulator) == 1


def it_answers_late_in_real_seconds(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "slow", "seconds": 0.2})
    begin = time.monotonic()

    assert send(simulator).status == 200

    assert time.monotonic() - begin >= 0.2


def it_withholds_all_statuses_of_a_message(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    _put(simulator, {"kind": "withhold_status", "addresses": [ASHA]})
    send(simulator, ASHA)
    send(simulator, BILAL)

    simulator.advance(60)

    assert {status["recipient_id"] for status in receiver.statuses} == {"34600000002"}
    assert simulator.control("GET", "counts")["statuses"] == {"sent": 1, "delivered": 1, "withheld": 2}


def it_withholds_only_the_statuses_told(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    _put(simulator, {"kind": "withhold_status", "statuses": ["sent"]})
    send(simulator)

    simulator.advance(60)

    assert [status["status"] for status in receiver.statuses] == ["delivered"]


def it_keeps_webhooks_while_the_receiver_is_down(
    simulator: RunningSimulator, receiver: Receiver, send: Sender
) -> None:
    _put(simulator, {"kind": "receiver_down"})
    send(simulator)
    simulator.control("POST", "clock/advance", {"seconds": 60})
    simulator.control("POST", "clock/advance", {"seconds": 60})
    assert receiver.webhooks == []

    _put(simulator)
    while not simulator.control("GET", "idle")["idle"]:
        simulator.control("POST", "clock/advance", {"seconds": 60})

    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered"]


def it_repeats_a_webhook_whose_answer_it_did_not_hear(
    simulator: RunningSimulator, receiver: Receiver
) -> None:
    _put(simulator, {"kind": "receiver_deaf", "times": 1})

    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.wait_until("idle")

    assert [message["text"]["body"] for message in receiver.messages] == ["Hola", "Hola"]
    assert receiver.webhooks[0].body == receiver.webhooks[1].body


def it_strikes_as_often_as_told_and_then_no_more(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "refuse", "code": 131000, "times": 2})

    assert [send(simulator).status for _ in range(4)] == [500, 500, 200, 200]
    assert simulator.control("GET", "faults")["faults"][0]["struck"] == 2
    assert simulator.control("GET", "counts")["faults"] == {"refuse": 2}


def it_strikes_the_same_requests_for_the_same_seed(start: Starter, send: Sender) -> None:
    def struck(simulator: RunningSimulator) -> list[int]:
        _put(simulator, {"kind": "refuse", "code": 131000, "rate": 0.3})
        return [send(simulator, f"+3460000{i:04d}").status for i in range(60)]

    first, second, other = struck(start()), struck(start()), struck(start(seed=8))

    assert first == second != other
    assert 5 < first.count(500) < 35


def it_strikes_only_the_people_told(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "refuse", "code": 131000, "addresses": [ASHA, "US.1"]})

    assert [send(simulator, ASHA).status, send(simulator, BILAL).status] == [500, 200]
    assert send(simulator, None, recipient="US.1").status == 500


def it_strikes_only_the_number_told(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "refuse", "code": 131000, "phone_number_id": "1"})

    assert send(simulator).status == 200


@pytest.mark.parametrize(("kind", "status"), [("outage", 503), ("expired_token", 401)])
def it_strikes_every_call_about_the_number_told(
    simulator: RunningSimulator, send: Sender, kind: str, status: int
) -> None:
    _put(simulator, {"kind": kind, "phone_number_id": NUMBER})

    for path in (f"{NUMBER}/media", f"{NUMBER}/register", f"{NUMBER}/whatsapp_business_profile", NUMBER):
        assert simulator.graph("POST", path, {}).status == status
    assert send(simulator).status == status
    assert simulator.graph("GET", WABA).status == 200


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"kind": "earthquake"}, "Invalid enum value 'earthquake', at `$.faults[0].kind`"),
        ({}, "missing required field `kind`"),
        ({"kind": "refuse"}, "`code` is needed"),
        ({"kind": "slow"}, "`seconds` is needed"),
        ({"kind": "refuse", "code": 7}, "7 is not a documented error code"),
        ({"kind": "lose_answer", "code": 190}, "`code` has no meaning for this kind"),
        ({"kind": "refuse", "code": 131000, "calls": "all"}, "`calls` has no meaning for this kind"),
        ({"kind": "pause_template"}, "`template` is needed"),
        ({"kind": "rate_template", "template": "a"}, "`score` is needed"),
        ({"kind": "rate_number", "score": "RED", "until": 5}, "`until` has no meaning for this kind"),
        ({"kind": "ban", "rate": 0.5}, "`rate` has no meaning for this kind"),
        ({"kind": "ban", "clock": "real"}, "`clock` has no meaning for this kind"),
        ({"kind": "receiver_down", "addresses": [ASHA]}, "`addresses` has no meaning for this kind"),
        ({"kind": "lose_answer", "rate": 1.5}, "<= 1"),
        ({"kind": "lose_answer", "rate": "often"}, "Expected `float`, got `str`"),
        ({"kind": "lose_answer", "times": 0}, ">= 1"),
        ({"kind": "lose_answer", "tiems": 1}, "unknown field `tiems`"),
        ({"kind": "refuse", "code": 190, "http_status": 200}, ">= 400"),
    ],
)
def it_says_what_is_wrong_with_a_fault_and_keeps_the_old_ones(
    simulator: RunningSimulator, fault: dict[str, Any], sentence: str
) -> None:
    _put(simulator, {"kind": "lose_answer", "rate": 0})

    with pytest.raises(ControlError) as told:
        _put(simulator, fault)

    assert sentence in str(told.value)
    assert [known["kind"] for known in simulator.control("GET", "faults")["faults"]] == ["lose_answer"]


def it_closes_the_connection_before_anything_is_accepted(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "close_connection", "times": 1})

    with pytest.raises((urllib.error.URLError, ConnectionError, http.client.HTTPException)):
        send(simulator)
    assert _accepted(simulator) == 0
    assert send(simulator).status == 200


@pytest.mark.parametrize(
    ("fault", "status", "code", "subcode"),
    [
        ({"kind": "outage"}, 503, 2, None),
        ({"kind": "outage", "code": 131016, "http_status": 500}, 500, 131016, None),
        ({"kind": "expired_token"}, 401, 190, 463),
    ],
)
def it_plays_an_outage_and_an_expired_token_on_every_call(
    simulator: RunningSimulator,
    send: Sender,
    fault: dict[str, Any],
    status: int,
    code: int,
    subcode: int | None,
) -> None:
    _put(simulator, fault)

    answers = [send(simulator), simulator.graph("GET", "106540352242922")]

    assert [(answer.status, answer.code) for answer in answers] == [(status, code)] * 2
    assert {answer.body["error"].get("error_subcode") for answer in answers} == {subcode}
    assert simulator.control("GET", "counts")["refused"] == {str(code): 2}
    assert _accepted(simulator) == 0


def it_lets_an_outage_be_silence(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "outage", "seconds": 0.2})
    begin = time.monotonic()

    with pytest.raises((urllib.error.URLError, ConnectionError, http.client.HTTPException)):
        send(simulator)

    assert time.monotonic() - begin >= 0.2


def it_throttles_a_number(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "throttle", "per_second": 3, "phone_number_id": "106540352242922"})

    answers = [send(simulator, f"+3460000{i:04d}") for i in range(10)]

    assert [answer.code for answer in answers[:5]] == [None, None, None, 130429, 130429]
    assert simulator.graph("GET", "106540352242922").status == 200


def it_strikes_between_from_and_until_of_simulated_seconds(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "outage", "from": 60, "until": 120})

    codes = []
    for _ in range(3):
        codes.append(send(simulator).code)
        simulator.advance(60)

    assert codes == [None, 2, None]


def it_strikes_in_real_seconds_if_told(simulator: RunningSimulator, send: Sender) -> None:
    _put(simulator, {"kind": "outage", "until": 0.3, "clock": "real"})
    simulator.advance(3600)

    assert send(simulator).code == 2
    end = time.monotonic() + 5
    while send(simulator).status != 200:
        assert time.monotonic() < end


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"kind": "throttle"}, "Fault 0 (throttle): `per_second` is needed."),
        ({"kind": "outage", "from": 9, "until": 9}, "Fault 0 (outage): `until` must come after `from`."),
        ({"kind": "outage", "addresses": [ASHA]}, "Fault 0 (outage): `addresses` has no meaning"),
        ({"kind": "fail_later"}, "Fault 0 (fail_later): `code` is needed."),
        ({"kind": "slow", "seconds": 1, "per_second": 1}, "`per_second` has no meaning"),
    ],
)
def it_says_what_is_wrong_with_a_scripted_fault(
    simulator: RunningSimulator, fault: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ControlError) as refusal:
        _put(simulator, fault)

    assert sentence in str(refusal.value)


def it_lets_meta_act_at_the_second_a_scenario_says(start: Starter, receiver: Receiver, send: Sender) -> None:
    faults = (
        Fault(kind="pause_template", template="plain_ca", from_s=60),
        Fault(kind="rate_template", template="plain_es", score="RED", from_s=120),
        Fault(kind="rate_number", score="YELLOW", from_s=180),
        Fault(kind="rate_template", template="nowhere", score="RED", from_s=180),
        Fault(kind="ban", from_s=600, until_s=900),
    )
    simulator = start(faults=faults)

    def codes() -> list[int | None]:
        return [send(simulator, name=name).code for name in ("plain_ca", "plain_es", "plain_en")]

    assert codes() == [None, None, None]
    simulator.advance(60)
    assert codes() == [132015, None, None]
    simulator.advance(120)
    assert codes() == [132015, 132015, None]
    assert simulator.control("GET", f"numbers/{NUMBER}")["quality_rating"] == "YELLOW"
    simulator.advance(420)
    assert codes() == [131031, 131031, 131031]
    simulator.advance(300)
    assert codes() == [132015, 132015, None]

    assert [row["struck"] for row in simulator.control("GET", "faults")["faults"]] == [1, 1, 1, 0, 1]
    changes = [change for webhook in receiver.webhooks for change in webhook.changes]
    told = [change["value"]["ban_info"] for change in changes if change["field"] == "account_update"]
    assert [ban["waba_ban_state"] for ban in told] == ["DISABLE", "REINSTATE"]


def it_forgets_what_meta_was_to_do_when_the_faults_are_others(
    simulator: RunningSimulator, send: Sender
) -> None:
    _put(simulator, {"kind": "ban", "from": 60, "until": 90})
    _put(simulator)
    assert simulator.control("GET", "idle")["idle"]

    simulator.advance(70)

    assert send(simulator).status == 200


def it_meets_every_call_when_told_so(simulator: RunningSimulator) -> None:
    def ask() -> Reply:
        return simulator.graph("GET", NUMBER)

    _put(simulator, {"kind": "error_before", "rate": 1})
    assert ask().status == 200
    _put(simulator, {"kind": "error_before", "calls": "all"})
    assert (ask().status, ask().code) == (500, 131000)
    _put(simulator, {"kind": "slow", "seconds": 0.2, "calls": "all", "phone_number_id": NUMBER})
    begin = time.monotonic()
    assert ask().status == 200
    assert time.monotonic() - begin >= 0.2

    profile = f"{NUMBER}/whatsapp_business_profile"
    for text, fault in (("Bon dia", {"kind": "error_after"}), ("Adéu", {"kind": "lose_answer"})):
        _put(simulator, {**fault, "calls": "all", "times": 1})
        try:
            answer = simulator.graph("POST", profile, {"messaging_product": "whatsapp", "about": text})
        except (http.client.RemoteDisconnected, ConnectionResetError, urllib.error.URLError):
            answer = None
        assert fault["kind"] == "lose_answer" if answer is None else answer.code == 131000
        assert simulator.graph("GET", f"{profile}?fields=about").body["data"][0]["about"] == text
