"""The simulator against Meta's own samples: the same members in answers, errors and webhooks.

The samples are not part of this repository: DIFUSIO_CLOUD_API_EXAMPLES names the folder that holds requests/,
responses/, webhooks/ and errors.json.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from whatsapp_simulator.graph.errors import ERRORS
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import Fault, PersonFacts

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

NUMBER, WABA = "106540352242922", "102290129340398"
ASHA, ASHA_ID = "+12025550101", "US.10000000000000000101"
DAY_S = 86_400
AMERICANS_TOO = {"us_marketing_paused": False}


def _read(samples: Path, name: str) -> Any:
    return json.loads((samples / f"{name}.json").read_text())


def _shape(value: Any) -> Any:
    """Keep members and kinds, drop values."""
    if isinstance(value, dict):
        return {name: _shape(member) for name, member in sorted(value.items())}
    if isinstance(value, list):
        return [_shape(member) for member in value]
    return type(value).__name__


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("messages.template.accepted", {}),
        ("messages.ok.to-bsuid", {"to": None, "recipient": ASHA_ID}),
        ("messages.ok", {"type": "text", "text": {"body": "Hola"}}),
    ],
)
def it_answers_a_send_as_meta_does(
    samples: Path, simulator: RunningSimulator, send: Sender, name: str, members: dict[str, Any]
) -> None:
    told = send(simulator, **members).body

    assert _shape(told) == _shape(_read(samples, f"responses/{name}"))


def it_answers_as_meta_does_when_a_template_is_held(
    samples: Path, simulator: RunningSimulator, send: Sender
) -> None:
    simulator.control("PUT", "rules", {"pacing_after": 1})
    send(simulator, "+34600000002")

    told = send(simulator).body

    sample = _read(samples, "responses/messages.template.held_for_quality_assessment")
    assert _shape(told) == _shape(sample) == _shape(_read(samples, "responses/messages.template.paused"))
    assert told["messages"][0]["message_status"] == sample["messages"][0]["message_status"]


def it_lists_templates_and_numbers_as_meta_does(samples: Path, start: Starter) -> None:
    sample = _read(samples, "responses/message_templates.list")
    simulator = start(
        setup={"templates": (*sample["data"], {**sample["data"][0], "name": "other", "id": "2"})}
    )

    listed = simulator.graph("GET", f"{WABA}/message_templates?limit=1").body
    numbers = simulator.graph("GET", f"{WABA}/phone_numbers").body

    assert listed["data"] == sample["data"]
    assert _shape(listed) == _shape(sample)
    assert _shape(numbers) == _shape(_read(samples, "responses/waba.phone_numbers"))


@pytest.mark.parametrize("name", ["phone.get", "phone.limit", "health_status.available"])
def it_shows_a_number_as_meta_does(samples: Path, simulator: RunningSimulator, name: str) -> None:
    sample = _read(samples, f"responses/{name}")

    told = simulator.graph("GET", f"{NUMBER}?fields={','.join(sample)}").body

    assert _shape(told) == _shape(sample)


_PLAIN_TEMPLATE = {"name": "plain_ca", "language": {"code": "ca"}}
REFUSALS: dict[str, dict[str, Any]] = {
    "400.100-invalid-parameter": {"endpoint": "marketing_messages", "type": "text", "text": {"body": "x"}},
    "400.100-to-missing": {"to": None},
    "400.131008-missing": {"type": "text"},
    "400.131009-invalid": {"to": "+nobody"},
    "400.131063-marketing-off-cloud-api": {},
    "400.132000-param-count": {"name": "autumn_newsletter"},
    "400.132012-param-format": {"name": "with_image"},
    "400.132015-paused": {"name": "paused"},
    "400.132016-disabled": {"name": "disabled"},
    "400.134100-only-marketing": {"name": "plain_utility", "endpoint": "marketing_messages"},
    "400.131062-bsuid-not-supported": {"name": "plain_code", "to": None, "recipient": ASHA_ID},
    "404.132001-no-template": {"template": {"name": "autumn_newsletter", "language": {"code": "fr"}}},
}


@pytest.mark.parametrize("name", REFUSALS)
def it_refuses_as_meta_does(samples: Path, start: Starter, send: Sender, name: str) -> None:
    sample = _read(samples, f"responses/errors/{name}")
    simulator = start(setup={"disable_marketing_messages_on_cloud_api": "131063" in name})

    told = send(simulator, **REFUSALS[name])

    assert told.status == int(name[:3])
    assert _shape(told.body) == _shape(sample)
    assert (told.body["error"]["code"], told.body["error"]["message"]) == (
        sample["error"]["code"],
        sample["error"]["message"],
    )


def it_refuses_unknown_ids_and_tokens_as_meta_does(samples: Path, simulator: RunningSimulator) -> None:
    unknown, token = simulator.graph("POST", "0/messages", {}), simulator.graph("GET", WABA, token="x")

    for told, name in ((unknown, "400.100-unknown-id"), (token, "401.190-bad-token")):
        sample = _read(samples, f"responses/errors/{name}")
        assert {**told.body["error"], "fbtrace_id": 0} == {**sample["error"], "fbtrace_id": 0}


@pytest.mark.parametrize(
    "name",
    ["400.130429-throughput", "400.131056-pair-rate", "400.133010-not-registered", "403.131031-locked",
     "500.131016-unavailable", "400.4-app-rate", "400.80007-waba-rate", "400.131030-not-in-allowed-list"],
)  # fmt: skip
def it_tells_other_errors_as_meta_does(samples: Path, start: Starter, send: Sender, name: str) -> None:
    sample = _read(samples, f"responses/errors/{name}")
    simulator = start(faults=(Fault(kind="refuse", code=sample["error"]["code"]),))

    told = send(simulator)

    assert told.status == int(name[:3])
    assert {**told.body["error"], "fbtrace_id": 0} == {**sample["error"], "fbtrace_id": 0}


# Where the samples of answers have other words than the titles of the page on errors; the samples win.
_OTHER_WORDS = {4, 190, 131049, 131062, 132000, 132001, 132012, 133010}
# Told of a health status, of a range of codes, or under code 100 with a title of its own for each subcode.
_NO_CODE_OF_ITS_OWN = {141002, "200-299", 100}


def it_can_be_made_to_refuse_with_every_documented_code(
    samples: Path, simulator: RunningSimulator, send: Sender
) -> None:
    rows = [row for row in _read(samples, "errors") if row["code"] not in _NO_CODE_OF_ITS_OWN]
    for row in rows:
        simulator.control("PUT", "faults", {"faults": [{"kind": "refuse", "code": row["code"]}]})

        told = send(simulator)

        assert (told.status, told.code) == (row["http_status"] or 400, row["code"])
        words = told.body["error"]["message"].lower()
        assert (row["title"].rstrip(".").lower() in words) is (row["code"] not in _OTHER_WORDS), (row, words)


def it_tells_an_expired_token_as_meta_does(samples: Path, start: Starter, send: Sender) -> None:
    sample = _read(samples, "responses/errors/401.190-expired-token")

    told = send(start(faults=(Fault(kind="expired_token"),)))

    assert told.status == 401
    assert _shape(told.body) == _shape(sample)


def it_knows_every_documented_code_with_its_http_status(samples: Path) -> None:
    for row in _read(samples, "errors"):
        if not isinstance(row["code"], int) or row["code"] == 100 or row["where"] == "health_status":
            continue
        assert ERRORS[row["code"]].http_status == (row["http_status"] or 400), row["code"]


def _without_pricing(value: dict[str, Any]) -> dict[str, Any]:
    return {
        **value,
        "statuses": [
            {name: member for name, member in status.items() if name != "pricing"}
            for status in value["statuses"]
        ],
    }


def _values(receiver: Receiver, kind: str, name: str) -> list[dict[str, Any]]:
    """Find the values of changes that hold an update with this status."""
    values = [change["value"] for webhook in receiver.webhooks for change in webhook.changes]
    return [value for value in values if any(update.get("status") == name for update in value.get(kind, []))]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("messages.status.sent", "sent"),
        ("messages.status.delivered", "delivered"),
        ("messages.status.read", "read"),
        ("messages.status.delivered.utility", "delivered"),
        ("messages.status.delivered.to-bsuid-no-phone", "delivered"),
    ],
)
def it_writes_statuses_as_meta_does(
    samples: Path, start: Starter, receiver: Receiver, send: Sender, *, name: str, status: str
) -> None:
    to_id = "to-bsuid" in name
    person = PersonFacts(
        phone=None if to_id else ASHA, user_id=ASHA_ID, username="ona.exemple" if to_id else None, reads=True
    )
    simulator = start(habits=AMERICANS_TOO, people=(person,))
    address = {"to": None, "recipient": ASHA_ID} if to_id else {"to": ASHA}
    template = "plain_utility" if "utility" in name else "plain_ca"
    send(simulator, name=template, biz_opaque_callback_data="job-42:rcpt-7", **address)
    for seconds in (3, 60, DAY_S):
        simulator.advance(seconds)

    (sample_change,) = _read(samples, f"webhooks/{name}")["entry"][0]["changes"]
    value = _values(receiver, "statuses", status)[0]

    # The price stands on one status of a message, which one is chance: it is compared apart.
    assert _shape(_without_pricing(value)) == _shape(_without_pricing(sample_change["value"]))
    (price,) = (told["pricing"] for told in receiver.statuses if "pricing" in told)
    (sample_price,) = _sample_price(samples, template)
    assert price == sample_price


def _sample_price(samples: Path, template: str) -> list[Any]:
    name = "delivered.utility" if template == "plain_utility" else "delivered"
    statuses = _read(samples, f"webhooks/messages.status.{name}")["entry"][0]["changes"][0]["value"][
        "statuses"
    ]
    return [status["pricing"] for status in statuses]


@pytest.mark.parametrize(
    ("name", "trait"),
    [
        ("messages.status.failed.131026-undeliverable", {"unreachable": True}),
        ("messages.status.failed.131049-ecosystem", {"capped": True}),
        ("messages.status.failed.130472-experiment", {"experiment": True}),
        ("messages.status.failed.131047-window-closed", {}),
        ("messages.status.failed.131050-user-stopped-marketing", {}),
    ],
)
def it_writes_failures_as_meta_does(
    samples: Path, start: Starter, receiver: Receiver, send: Sender, *, name: str, trait: dict[str, bool]
) -> None:
    simulator = start(habits=AMERICANS_TOO, people=(PersonFacts(phone=ASHA, user_id=ASHA_ID, **trait),))  # type: ignore[arg-type] # traits are booleans
    if "stopped" in name:
        simulator.control("POST", f"people/{ASHA}/stop")
    text = {"type": "text", "text": {"body": "Hola"}} if "window" in name else {}
    send(simulator, ASHA, biz_opaque_callback_data="job-42:rcpt-7", **text)

    simulator.advance(60)

    sample = _read(samples, f"webhooks/{name}")["entry"][0]["changes"][0]["value"]
    (value,) = _values(receiver, "statuses", "failed")
    assert _shape(value) == _shape(sample)
    assert value["statuses"][0]["errors"] == sample["statuses"][0]["errors"]
