"""The simulator against Meta's own OpenAPI file: what it plays, path by path, and every difference with its reason.

The file is not part of this repository: DIFUSIO_CLOUD_API_EXAMPLES names the folder that holds openapi/.  To see the
list: `pytest simulator/tests/test_contract_openapi.py -s -k lists`.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import jsonschema_rs
import pytest
import yaml
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Habits, Number, Rules, Scenario, Setup

NUMBER, NEW_NUMBER, WABA, APP = "106540352242922", "106540352242923", "102290129340398", "634974688087057"
MEDIA, TEMPLATE, PORTFOLIO = "1013859600285441", "1689556908129832", "506914307656634"
ONA = "+12025550101"
METHODS = ("get", "post", "delete", "put")

ELSEWHERE = "of the platform, but not of sending, receiving, templates or numbers"
PARTNERS = "what solution partners do among themselves; nothing of it reaches messages"
GROUPS = "people and templates in groups are played, making and changing groups is not"
CALLS = "calls are not played; asking for permission to call is"
NOT_PLAYED: dict[str, str] = {
    "GET /{Application-ID}/connected_client_businesses": PARTNERS,
    "POST /{Application-ID}/whatsapp_business_solution": PARTNERS,
    "GET /{Application-ID}/whatsapp_business_solutions": PARTNERS,
    "POST /{Business-ID}/add_phone_numbers": PARTNERS,
    "GET /{Business-ID}": ELSEWHERE,
    "GET /{Business-ID}/preverified_numbers": PARTNERS,
    "GET /{Business-ID}/client_whatsapp_business_accounts": PARTNERS,
    "POST /{Business-ID}/onboard_partners_to_mm_lite": PARTNERS,
    "GET /{Business-ID}/owned_whatsapp_business_accounts": "a simulator holds one account",
    "POST /{Business-ID}/share_preverified_numbers": PARTNERS,
    "GET /{Phone-Number-ID}/call_permissions": CALLS,
    "POST /{Phone-Number-ID}/calls": CALLS,
    "POST /{Phone-Number-ID}/groups": GROUPS,
    "GET /{Phone-Number-ID}/groups": GROUPS,
    "POST /{Phone-Number-ID}/messages_encrypted": "sealed payloads are in no page of 2026 that was read",
    "GET /{Phone-Number-ID}/official_business_account": ELSEWHERE,
    "POST /{Phone-Number-ID}/official_business_account": ELSEWHERE,
    "GET /{Phone-Number-ID}/message_history": "what was accepted is told by the control plane",
    "GET /{Phone-Number-ID}/whatsapp_commerce_settings": "catalogues are not played",
    "POST /{Phone-Number-ID}/whatsapp_commerce_settings": "catalogues are not played",
    "GET /{Phone-Number-ID}/business_compliance_info": ELSEWHERE,
    "POST /{Phone-Number-ID}/business_compliance_info": ELSEWHERE,
    **{f"{method} /{{group_id}}{edge}": GROUPS for method, edge in (
        ("POST", "/invite_link"), ("DELETE", "/invite_link"), ("GET", "/join_requests"), ("POST", "/join_requests"),
        ("DELETE", "/join_requests"), ("POST", "/participants"), ("DELETE", "/participants"), ("GET", ""),
        ("DELETE", ""), ("POST", ""),
    )},
    "GET /{Message-History-ID}/events": "what became of a message is told by webhooks and by the control plane",
    "GET /{Migration-Intent-ID}": PARTNERS,
    "GET /{Pre-Verified-Phone-Number-ID}": PARTNERS,
    "DELETE /{Pre-Verified-Phone-Number-ID}": PARTNERS,
    "GET /{Pre-Verified-Phone-Number-ID}/partners": PARTNERS,
    "POST /{Pre-Verified-Phone-Number-ID}/request_code": PARTNERS,
    "POST /{Pre-Verified-Phone-Number-ID}/verify_code": PARTNERS,
    "GET /{Solution-ID}/access_token": PARTNERS,
    **{f"POST /{{Solution-ID}}/{act}": PARTNERS for act in (
        "accept_deactivation_request", "accept", "reject_deactivation_request", "reject", "send_deactivation_request",
    )},
    "GET /{Solution-ID}": PARTNERS,
    "GET /{User-ID}/assigned_whatsapp_business_accounts": PARTNERS,
    "GET /{WhatsApp-Business-Account-ID}/assigned_users": ELSEWHERE,
    "POST /{WhatsApp-Business-Account-ID}/assigned_users": ELSEWHERE,
    "DELETE /{WhatsApp-Business-Account-ID}/assigned_users": ELSEWHERE,
    "GET /{Business-ID}/extendedcredits": PARTNERS,
    "POST /{WABA-ID}/migrate_flows": "a simulator holds one account",
    "GET /{WABA-ID}/in_progress_onbehalf_request": PARTNERS,
    "GET /{OBO-Mobility-Intent-ID}": PARTNERS,
    "POST /{WABA-ID}/obo_mobility_intent": PARTNERS,
    "GET /{WABA-ID}/schedules": ELSEWHERE,
    "POST /{WABA-ID}/schedules": ELSEWHERE,
    "POST /{WABA-ID}/set_obo_mobility_intent": PARTNERS,
    "POST /{WABA-ID}/set_solution_migration_intent": PARTNERS,
    "GET /{WABA-ID}/solutions": PARTNERS,
    "GET /{WABA-ID}/activities": ELSEWHERE,
    "GET /{WABA-Bot-ID}": "bots have no id of their own; their words are `conversational_automation` of the number",
    "GET /{WhatsApp-Business-Profile-ID}": "the profile is an edge of the number; its own id is given nowhere",
    "POST /{WhatsApp-Business-Profile-ID}": "the profile is an edge of the number; its own id is given nowhere",
    "POST /whatsapp/webhooks": "it is the receiver's path: test_webhook_shapes.py compares what we send there",
}  # fmt: skip

# Where a request of the file's is refused, or the answer is of another shape: the example, and why.
_UPLOAD = "the file writes a form as JSON; media are multipart on Meta's own page"
_OF_THE_SETUP = "the name of the account stands in the setup; its time zone changes nothing that is played"
_SETTING = "the file's words are not those of Meta's page on this setting, which wins"
_ON_ASKING = "without `fields` the status is not told: Meta's own sample of the answer has none"
_A_FIELD = "the page on numbers knows pin, webhook_configuration and new_display_name alone"
DIFFERENCES: dict[tuple[str, str], str] = {
    ("POST /{Phone-Number-ID}/media", "Upload Audio"): _UPLOAD,
    ("POST /{Phone-Number-ID}/media", "Upload Image"): _UPLOAD,
    ("POST /{Phone-Number-ID}/media", "Upload Sticker"): _UPLOAD,
    ("POST /{Phone-Number-ID}/messages", "Send Order Status Message"): (
        "the file's placeholder is longer than the 35 characters that a reference_id may have"
    ),
    (
        "POST /{Phone-Number-ID}/messages",
        "Send Reply to List Message",
    ): "the file forgets the type, and what has none is a text",
    ("POST /{Phone-Number-ID}/messages", "Send Sample Issue Resolution Template"): (
        "the file gives booleans as texts to quick replies, which take a payload"
    ),
    ("GET /{Phone-Number-ID}/message_qrdls/{QR-Code-ID}", ""): "Meta's page answers with a list of one",
    ("POST /{Phone-Number-ID}", "update_connection_status"): _A_FIELD,
    ("POST /{Phone-Number-ID}", "update_security_settings"): _A_FIELD,
    ("POST /{Phone-Number-ID}", "set_username"): "usernames have an edge of their own since 2026",
    (
        "GET /{Phone-Number-ID}/settings",
        "",
    ): "calls are not played; the states of storage are told in capitals",
    ("POST /{Phone-Number-ID}/settings", "Enable user identity change"): _SETTING,
    ("POST /{Phone-Number-ID}/settings", "Configure data storage"): _SETTING,
    (
        "GET /{Media-URL}",
        "",
    ): "the address that the media id tells is opaque; test_files.py downloads from it",
    ("GET /{WhatsApp-Account-Number-ID}", ""): _ON_ASKING,
    ("GET /{WABA-ID}/phone_numbers", ""): _ON_ASKING,
    ("POST /{WABA-ID}", "update_name"): _OF_THE_SETUP,
    ("POST /{WABA-ID}", "update_timezone"): _OF_THE_SETUP,
}


class Operation(NamedTuple):
    """A method and a path of the file."""

    name: str
    method: str
    path: str
    facts: dict[str, Any]


@cache
def _document(folder: Path) -> dict[str, Any]:
    (path,) = (folder / "openapi").glob("*.yaml")
    document: dict[str, Any] = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    return document


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        short = path.removeprefix("/{Version}")
        for method in METHODS:
            if method in methods:
                yield Operation(f"{method.upper()} {short}", method.upper(), short, methods[method])


def _examples(operation: Operation) -> dict[str, Any]:
    """Find the requests that the file gives; a form, or nothing, is one without a name."""
    content = operation.facts.get("requestBody", {}).get("content", {})
    found = {
        name: one["value"] for name, one in content.get("application/json", {}).get("examples", {}).items()
    }
    return found or {"": FORMS.get(operation.name)}


# Whatever has no JSON example in the file: fields of a form, query of a deletion.
FORMS: dict[str, dict[str, Any]] = {
    "POST /{WABA-ID}/flows": {"name": "preferences", "categories": '["OTHER"]'},
    "POST /{Flow-ID}": {"name": "topics", "categories": '["OTHER"]'},
    "POST /{Flow-ID}/assets": {
        "name": "flow.json",
        "asset_type": "FLOW_JSON",
        "file": '{"version":"6.0","screens":[{}]}',
    },
    "POST /{Phone-Number-ID}/deregister": {},
    "DELETE /{WABA-ID}/message_templates": {"name": "hello_world"},
    "POST /{Phone-Number-ID}/whatsapp_business_encryption": {
        "business_public_key": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq\n-----END PUBLIC KEY-----"
    },
}  # fmt: skip
FORMAT = {"image": "IMAGE", "video": "VIDEO", "document": "DOCUMENT", "text": "TEXT"}
HELLO = {"name": "hello_world", "language": "en_US", "components": [{"type": "BODY", "text": "Hello World"}]}


PLACEHOLDERS: tuple[tuple[str, Any], ...] = (
    (r".*Recipient.*", ONA),
    (r".*http\(s\).*", "https://example.com/file"),
    (r"language-and-locale-code", "en_US"),
    (r"<\w*OBJECT_ID>", MEDIA),
    (r"<TEMPLATE_NAME>|template-name", "template_name"),
    (r"<MSGID_OF\w*>", "wamid.HBgLMTIwMjU1NTAxMDEVAgASGBQzQUEwQTRENzE5RTg0QTQwMTQwMQA="),
    (r"<HEADER_TYPE>", "text"),
)


def _filled(value: Any) -> Any:
    """Put something real where the file says `<SOMETHING>` or `{{Something}}`."""
    if isinstance(value, dict):
        return {name: _filled(member) for name, member in value.items()}
    if isinstance(value, list):
        return list(map(_filled, value))
    found = (
        real for pattern, real in PLACEHOLDERS if isinstance(value, str) and re.fullmatch(pattern, value)
    )
    return next(found, value)


def _template_of(request: Any) -> dict[str, Any] | None:
    """Make the template that a request sends."""
    sent = request.get("template") if isinstance(request, dict) else None
    if not isinstance(sent, dict):
        return None
    components: list[dict[str, Any]] = []
    buttons: list[dict[str, Any]] = []
    body = "Hello."
    for part in sent.get("components", ()):
        first = part["parameters"][0]
        if part["type"] == "header":
            components.append({"type": "HEADER", "format": FORMAT[first["type"]]})
        elif part["type"] == "body":
            body = (
                " and ".join(f"word {{{{{index}}}}}" for index in range(1, len(part["parameters"]) + 1))
                + " here."
            )
        else:
            buttons.append({"type": part["sub_type"].upper(), "text": f"Button {len(buttons)}"})
    components.append({"type": "BODY", "text": body})
    if buttons:
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {"name": sent["name"], "language": sent["language"]["code"], "components": components}


def _scenario(request: Any, operation: Operation) -> Scenario:
    template = _template_of(request)
    known = {"hello_world": {**HELLO, "id": TEMPLATE}}
    if template is not None:
        known[template["name"]] = template
    numbers = (
        Number(phone_number_id=NUMBER, display_phone_number="+1 555-010-0100"),
        Number(phone_number_id=NEW_NUMBER, display_phone_number="+1 555-010-0101", status="UNVERIFIED"),
    )
    return Scenario(
        # The file's callbacks are nobody's.
        setup=Setup(numbers=numbers, templates=tuple(known.values()), verify_callback=False),
        habits=Habits(unknown_media="accept", us_marketing_paused=False),
        rules=Rules(reviews=False, rejects=False, marketing_sync_s=0),
        clock=ClockFacts(rate=0),
    )


def _is_about_a_new_number(operation: Operation) -> bool:
    return operation.path.endswith(("_code", "/register"))


def _ids(simulator: RunningSimulator, operation: Operation) -> dict[str, str]:
    """Make what the path names, in the state that the call wants."""
    graph, path = simulator.graph, operation.path
    number = NEW_NUMBER if _is_about_a_new_number(operation) else NUMBER
    ids = {
        "Phone-Number-ID": number,
        "WhatsApp-Account-Number-ID": number,
        "WABA-ID": WABA,
        "TEMPLATE_ID": TEMPLATE,
    }
    ids |= {"Application-ID": APP, "Business-ID": PORTFOLIO, "WhatsApp-Business-Account-ID": WABA}
    if "{Media-ID}" in path:
        made = simulator.control("POST", "media", {"mime_type": "image/jpeg", "phone_number_id": NUMBER})
        ids["Media-ID"] = made["id"]
    if "{Flow-ID}" in path:
        flow = ids["Flow-ID"] = graph("POST", f"{WABA}/flows", FORMS["POST /{WABA-ID}/flows"]).body["id"]
        graph("POST", f"{flow}/assets", FORMS["POST /{Flow-ID}/assets"])
        if "deprecate" in path:
            graph("POST", f"{flow}/publish")
    if "message_qrdls" in path:
        ids["QR-Code-ID"] = graph("POST", f"{number}/message_qrdls", {"prefilled_message": "Hi"}).body["code"]
    if "block_users" in path:
        simulator.control("POST", "people/+16505551234/write", {"text": "Hello"})
    return ids


def _code(simulator: RunningSimulator) -> dict[str, str]:
    simulator.graph("POST", f"{NEW_NUMBER}/request_code", {"code_method": "SMS", "language": "en_US"})
    return {"code": simulator.control("GET", f"numbers/{NEW_NUMBER}")["code"]}


def _ask(simulator: RunningSimulator, operation: Operation, request: Any) -> Reply:
    """Ask as the file says, once what the path names is there."""
    path, ids = operation.path.lstrip("/"), _ids(simulator, operation)
    if path.endswith("/register"):
        simulator.graph("POST", f"{NEW_NUMBER}/verify_code", _code(simulator))
    if path.endswith("/verify_code"):
        request = _code(simulator)
    if "message_qrdls" in path and isinstance(request, dict) and "code" in request:
        request = {**request, "code": ids["QR-Code-ID"]}
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    # What is not played has ids that nothing has.
    path = re.sub(r"\{[^}]*\}", "999999999999999", path)
    if operation.method == "DELETE" and operation.name in FORMS:
        path, request = f"{path}?{urlencode(request)}", None
    return simulator.graph(operation.method, path, request, version="v23.0")


def _difference(document: dict[str, Any], operation: Operation, told: Reply) -> str:
    """Tell how an answer differs from what the file says of it, "" if it does not."""
    if told.status != 200:
        error = told.body["error"]
        return f"{error['code']}: {error.get('error_data', {}).get('details') or error['message']}"
    responses = operation.facts["responses"]
    right = responses.get("200") or responses.get(200) or {}
    schema = right.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return ""
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
    problems = [
        f"{'/'.join(map(str, one.instance_path))}: {one.message}" for one in validator.iter_errors(told.body)
    ]
    return "; ".join(problem[:160] for problem in problems[:3])


def _differences(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    found = {}
    for operation in _operations(document):
        if operation.name in NOT_PLAYED:
            continue
        for name, example in _examples(operation).items():
            request = _filled(example)
            with RunningSimulator(_scenario(request, operation)) as simulator:
                difference = _difference(document, operation, _ask(simulator, operation, request))
            if difference:
                found[operation.name, name] = difference
    return found


@pytest.fixture(scope="module")
def document(samples: Path) -> dict[str, Any]:
    return _document(samples)


@pytest.fixture(scope="module")
def found(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    return _differences(document)


def it_takes_the_files_requests_and_answers_in_its_shapes_but_for_what_is_listed(
    found: dict[tuple[str, str], str],
) -> None:
    assert {name: found[name] for name in found if name not in DIFFERENCES} == {}
    assert [name for name in DIFFERENCES if name not in found] == []


def it_lists_each_path_that_it_does_not_play(
    document: dict[str, Any], found: dict[tuple[str, str], str]
) -> None:
    operations = {operation.name: operation for operation in _operations(document)}

    assert [name for name in NOT_PLAYED if name not in operations] == []
    with RunningSimulator(_scenario(None, next(iter(operations.values())))) as simulator:
        for name in NOT_PLAYED:
            told = _ask(simulator, operations[name], None)
            assert (told.status, told.code) in {(400, 100), (400, 2500)}, name
    played = len(operations) - len(NOT_PLAYED)
    print(f"\nMeta's OpenAPI file: {len(operations)} operations, {played} played.\n\nNot played:")  # noqa: T201 - the list is for reading
    for name, reason in NOT_PLAYED.items():
        print(f"  {name}: {reason}")  # noqa: T201 - the list is for reading
    print("\nDifferences:")  # noqa: T201 - the list is for reading
    for (name, example), reason in DIFFERENCES.items():
        print(f"  {name} {example and json.dumps(example)}: {reason}\n      ({found.get((name, example))})")  # noqa: T201 - the list is for reading
