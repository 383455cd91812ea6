"""The management side against Meta's own samples: every request taken, every answer and webhook of their shape.

The samples are not part of this repository, see test_contract.py.  Where ours differ, `_DIFFERENT` or a remark
in the test says how and why.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import Rules

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]

NUMBER, WABA = "106540352242922", "102290129340398"
NEWS = "1689556908129832"
ASHA = "+12025550101"
HOUR_S, DAY_S = 3_600, 86_400


def _read(samples: Path, name: str) -> Any:
    return json.loads((samples / f"{name}.json").read_text())


def _shape(value: Any) -> Any:
    """Keep members and kinds, drop values."""
    if isinstance(value, dict):
        return {name: _shape(member) for name, member in sorted(value.items())}
    if isinstance(value, list):
        return [_shape(member) for member in value]
    return type(value).__name__


# The beginning of a file's name, and where its body goes.
_PLACES = {
    "message_templates.create": f"{WABA}/message_templates",
    "message_templates.edit": NEWS,
    "phone.block_users": f"{NUMBER}/block_users",
    "phone.conversational_automation": f"{NUMBER}/conversational_automation",
    "phone.register": f"{NUMBER}/register",
    "phone.request_code": f"{NUMBER}/request_code",
    "phone.settings": f"{NUMBER}/settings",
    "phone.verify_code": f"{NUMBER}/verify_code",
    "signups.create": f"{WABA}/signups",
    "waba.disable-marketing-on-cloud-api": WABA,
    "waba.subscribed_apps.override": f"{WABA}/subscribed_apps",
}
_SENT = ("messages.", "marketing_messages.")


def it_takes_every_sample_of_a_management_request(samples: Path, start: Starter) -> None:
    files = [
        path for path in sorted((samples / "requests").glob("*.json")) if not path.name.startswith(_SENT)
    ]
    refused = {}

    for path in files:
        # Nobody answers at the callback of the sample: it is not asked for the challenge.
        simulator = start(
            setup={"verify_callback": False, **({"templates": ()} if ".create." in path.name else {})}
        )
        simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
        if path.name == "phone.request_code.json":
            simulator.control("PUT", "setup", _with_an_unverified_number(simulator))
        place = next(where for name, where in _PLACES.items() if path.name.startswith(name))
        answer = simulator.graph("POST", place, path.read_bytes())
        if answer.status != 200:
            refused[path.name] = answer.body
    assert files
    assert refused == {}


def _with_an_unverified_number(simulator: RunningSimulator) -> dict[str, Any]:
    setup: dict[str, Any] = simulator.control("GET", "setup")
    return {**setup, "numbers": [{**setup["numbers"][0], "status": "UNVERIFIED"}]}


def _create(
    simulator: RunningSimulator, name: str = "another", text: str = "Something else for you.", **more: Any
) -> Any:
    facts = {
        "name": name,
        "language": "ca",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": text}],
    }
    return simulator.graph("POST", f"{WABA}/message_templates", {**facts, **more}).body


def it_answers_about_templates_as_meta_does(samples: Path, start: Starter) -> None:
    simulator = start()
    simulator.control("POST", "templates/autumn_newsletter/ca/quality", {"score": "GREEN"})
    quality = simulator.graph("GET", f"{NEWS}?fields=quality_score,status,category,rejected_reason").body
    created = _create(simulator)
    archived = simulator.graph(
        "POST", f"{WABA}/message_templates/archive", {"template_ids": [NEWS, "7"]}
    ).body
    simulator.control("PUT", "rules", {"reviews": False})
    moved = _create(simulator, "moved", "Enjoy the offers of this week.", category="UTILITY")

    assert _shape(quality) == _shape(_read(samples, "responses/message_templates.get.quality"))
    assert created == {**_read(samples, "responses/message_templates.create"), "id": created["id"]}
    assert moved == {**_read(samples, "responses/message_templates.create.recategorised"), "id": moved["id"]}
    archive = _read(samples, "responses/message_templates.archive")
    assert _shape(archived["archived_templates"]) == _shape(archive["archived_templates"])
    assert list(archived["failed_templates"].values()) == list(archive["failed_templates"].values())


def it_tells_health_as_meta_does(samples: Path, simulator: RunningSimulator) -> None:
    blocked = simulator.control("GET", "templates/pending/en")["id"]

    told = simulator.graph("GET", f"{blocked}?fields=health_status").body

    sample = _read(samples, "responses/health_status.blocked-template")
    assert _shape(told) == _shape(sample)
    assert told["health_status"]["entities"][0]["errors"] == sample["health_status"]["entities"][0]["errors"]


def it_answers_about_numbers_as_meta_does(samples: Path, simulator: RunningSimulator) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    blocked = simulator.graph(
        "POST", f"{NUMBER}/block_users", _read(samples, "requests/phone.block_users")
    ).body
    automation = _read(samples, "responses/conversational_automation.get")
    simulator.graph("POST", f"{NUMBER}/conversational_automation", automation["conversational_automation"])
    signup = simulator.graph("POST", f"{WABA}/signups", _read(samples, "requests/signups.create")).body

    assert blocked == _read(samples, "responses/block_users.ok")
    assert simulator.graph("GET", f"{NUMBER}?fields=conversational_automation").body == automation
    assert _shape(signup) == _shape(_read(samples, "responses/signups.create"))


def it_tells_analytics_as_meta_does(samples: Path, start: Starter, send: Sender) -> None:
    sample = _read(samples, "responses/template_analytics")
    simulator = start(rules=Rules(prices={"marketing": 0.06}))
    simulator.graph("POST", f"{WABA}?is_enabled_for_insights=true")
    send(simulator, "+34600000001")
    simulator.advance(60)
    template_id, now = simulator.control("GET", "templates/plain_ca/ca")["id"], 1_790_000_000
    query = f"start={now - DAY_S}&end={now + DAY_S}&granularity=DAILY&template_ids=[{template_id}]"
    metrics = "SENT,DELIVERED,READ,CLICKED,COST"

    told = simulator.graph("GET", f"{WABA}/template_analytics?{query}&metric_types={metrics}").body

    (point,) = told["data"][0]["data_points"]
    theirs = sample["data"][0]["data_points"][0]
    assert _shape({**told, "data": []}) == _shape({**sample, "data": []})
    assert point.keys() == theirs.keys()
    # Nobody tapped a link here: the sample has one more row, the cost of each click.
    assert _shape(point["cost"]) == _shape(theirs["cost"][:2])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("template-duplicate-2388024", "Something."),
        ("template-invalid-2388299", "{{1}} is here for you now."),
    ],
)
def it_refuses_templates_as_meta_does(
    samples: Path, simulator: RunningSimulator, name: str, text: str
) -> None:
    sample = _read(samples, f"responses/errors/400.{name}")
    _create(simulator, "another")

    told = _create(simulator, "another" if "duplicate" in name else "new", text)

    assert {**told["error"], "fbtrace_id": 0} == {**sample["error"], "fbtrace_id": 0}


def it_tells_that_some_could_not_be_blocked_as_meta_does(samples: Path, simulator: RunningSimulator) -> None:
    sample = _read(samples, "responses/errors/400.139100-block-users-mixed")
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    users = [{"user": ASHA}, {"user": "+12025550102"}]

    told = simulator.graph(
        "POST", f"{NUMBER}/block_users", {"messaging_product": "whatsapp", "block_users": users}
    ).body

    assert {**told["error"], "fbtrace_id": 0} == {**sample["error"], "fbtrace_id": 0}
    assert told["block_users"] == sample["block_users"]


_T = "templates/autumn_newsletter/ca"
_N = f"numbers/{NUMBER}"
_REJECTED = {"said": "Placeholders sit next to each other.", "advice": "Put text between them."}
_EVENTS = (
    "archived", "flagged", "in_appeal", "limit_exceeded", "locked", "pending", "pending_deletion", "reinstated",
    "unarchived",
)  # fmt: skip
_ACCOUNT_EVENTS = {
    "deleted": "ACCOUNT_DELETED",
    "mm-terms-signed": "MM_LITE_TERMS_SIGNED",
    "offboarded": "ACCOUNT_OFFBOARDED",
    "partner-removed": "PARTNER_REMOVED",
    "primary-location": "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
    "reconnected": "ACCOUNT_RECONNECTED",
    "volume-tier": "VOLUME_BASED_PRICING_TIER_UPDATE",
}
_STATUS = "message_template_status_update"
# A file, and the acts of the control plane that bring its webhook: the last one that comes is compared.
_ACTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "account_alerts.limit-deferred": [("account/alert", {})],
    "account_review_update": [("account/review", {})],
    "account_update.disabled": [("account/ban", {"state": "SCHEDULE_FOR_DISABLE"})],
    "account_update.reinstated": [("account/reinstate", {})],
    "account_update.restriction": [("account/restrict", {})],
    "account_update.violation": [("account/violation", {})],
    **{
        f"account_update.{name}": [("account/event", {"event": event})]
        for name, event in _ACCOUNT_EVENTS.items()
    },
    "business_capability_update": [(f"{_N}/limit", {"limit": "TIER_2K"})],
    "business_capability_update.new-portfolio": [(f"{_N}/limit", {"limit": "TIER_250"})],
    "message_template_quality_update": [(f"{_T}/quality", {"score": "YELLOW"})],
    f"{_STATUS}.approved": [(f"{_T}/approve", {})],
    f"{_STATUS}.deleted": [(f"{_T}/delete", {})],
    f"{_STATUS}.disabled": [(f"{_T}/disable", {})],
    **{f"{_STATUS}.{name}": [(f"{_T}/event", {"event": name.upper()})] for name in _EVENTS},
    f"{_STATUS}.paused.first": [(f"{_T}/pause", {})],
    f"{_STATUS}.paused.second": [(f"{_T}/pause", {}), (f"{_T}/unpause", {}), (f"{_T}/pause", {})],
    f"{_STATUS}.unpaused": [(f"{_T}/pause", {}), (f"{_T}/unpause", {})],
    f"{_STATUS}.rejected": [(f"{_T}/reject", _REJECTED)],
    f"{_STATUS}.rejected.incorrect-category": [(f"{_T}/reject", {"reason": "INCORRECT_CATEGORY"})],
    "payment_configuration_update": [("account/payment", {})],
    "phone_number_name_update": [(f"{_N}/name", {})],
    "phone_number_quality_update.throughput-upgrade": [(f"{_N}/throughput", {})],
    "security.pin-reset": [(f"{_N}/security", {})],
    "template_category_update.done": [(f"{_T}/category", {"category": "UTILITY"})],
    "template_category_update.impending": [(f"{_T}/category", {"category": "UTILITY", "notice": True})],
}


@pytest.mark.parametrize("name", _ACTS)
def it_writes_what_the_control_plane_brings_as_meta_does(
    samples: Path, simulator: RunningSimulator, receiver: Receiver, name: str
) -> None:
    for path, told in _ACTS[name]:
        simulator.control("POST", path, told)
    simulator.advance(0)

    sample = _read(samples, f"webhooks/{name}")
    ours = json.loads(receiver.webhooks[-1].body)
    assert _shape(ours) == _shape(sample)
    theirs, change = sample["entry"][0]["changes"][0], ours["entry"][0]["changes"][0]
    assert change["field"] == theirs["field"]
    for member in ("event", "reason", "other_info", "decision", "status"):
        got, wanted = change["value"].get(member), theirs["value"].get(member)
        assert (got["title"] if isinstance(got, dict) else got) == (
            wanted["title"] if isinstance(wanted, dict) else wanted
        )


def _components(simulator: RunningSimulator, samples: Path) -> None:
    value = _read(samples, "webhooks/message_template_components_update")["entry"][0]["changes"][0]["value"]
    link = value["message_template_buttons"][0]
    components = [
        {"type": "HEADER", "format": "TEXT", "text": value["message_template_title"]},
        {"type": "BODY", "text": "Hello {{1}}, here is what is new.", "example": {"body_text": [["Ona"]]}},
        {"type": "FOOTER", "text": value["message_template_footer"]},
        {
            "type": "BUTTONS",
            "buttons": [
                {
                    "type": "URL",
                    "text": link["message_template_button_text"],
                    "url": link["message_template_button_url"],
                    "example": ["https://example.com/a"],
                }
            ],
        },
    ]
    simulator.graph("POST", NEWS, {"components": components})
    simulator.advance(HOUR_S)


def _username(simulator: RunningSimulator, _samples: Path) -> None:
    simulator.graph("POST", f"{NUMBER}/username", {"username": "example.shop"})


def _paced(simulator: RunningSimulator, _samples: Path) -> None:
    simulator.control("PUT", "rules", {"pacing_after": 1})
    for phone in ("+34600000001", "+34600000002"):
        body = {"messaging_product": "whatsapp", "to": phone, "type": "template"}
        simulator.graph(
            "POST",
            f"{NUMBER}/messages",
            {**body, "template": {"name": "plain_ca", "language": {"code": "ca"}}},
        )
    simulator.control("POST", "templates/plain_ca/ca/quality", {"score": "RED"})


# Files whose webhooks follow from what happens over the Graph API.
_HAPPENINGS: dict[str, Callable[[RunningSimulator, Path], None]] = {
    "message_template_components_update": _components,
    "business_username_updates": _username,
    f"{_STATUS}.paused.pacing": _paced,
}


@pytest.mark.parametrize("name", _HAPPENINGS)
def it_writes_what_happens_as_meta_does(samples: Path, start: Starter, receiver: Receiver, name: str) -> None:
    simulator = start()
    _HAPPENINGS[name](simulator, samples)
    simulator.advance(0)

    sample = _read(samples, f"webhooks/{name}")
    field = sample["entry"][0]["changes"][0]["field"]
    (ours,) = [one for one in receiver.webhooks if one.changes[0]["field"] == field]
    assert _shape(json.loads(ours.body)) == _shape(sample)


# Ours differ, and why.
_DIFFERENT = {
    "phone_number_quality_update.legacy-fields": "old_limit and current_limit left the webhooks in February 2026",
}
_OTHERS = ("messages.", "user_preferences.", "history.", "smb_", "standby.", "batch.")


def it_has_every_management_webhook(samples: Path) -> None:
    files = {path.stem for path in (samples / "webhooks").glob("*.json")}

    assert {name for name in files if not name.startswith(_OTHERS)} == {*_ACTS, *_HAPPENINGS, *_DIFFERENT}


def it_leaves_the_old_limits_out_when_a_number_is_registered(
    samples: Path, start: Starter, receiver: Receiver
) -> None:
    simulator = start()
    simulator.control("POST", f"{_N}/status", {"status": "PENDING"})
    simulator.graph("POST", f"{NUMBER}/register", _read(samples, "requests/phone.register"))
    simulator.advance(0)

    sample = _read(samples, "webhooks/phone_number_quality_update.legacy-fields")["entry"][0]["changes"][0]
    (change,) = receiver.webhooks[0].changes
    assert set(sample["value"]) - set(change["value"]) == {"old_limit", "current_limit"}
    assert change["value"]["event"] == sample["value"]["event"]
