"""Parameters, however they are given: in the query, in a form, in JSON; the token and its proof among them."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from whatsapp_simulator.running import RunningSimulator

Starter = Callable[..., RunningSimulator]

NUMBER, WABA, ASHA = "106540352242922", "102290129340398", "+34600000001"
TOKEN = "simulated-access-token"
PROOF = hmac.new(b"simulated-app-secret", TOKEN.encode(), hashlib.sha256).hexdigest()
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=abc"

TEXT = {"messaging_product": "whatsapp", "to": ASHA, "type": "text", "text": {"body": "Hola [tothom]"}}
TEMPLATE = {
    "name": "news",
    "language": "ca",
    "category": "MARKETING",
    "components": [{"type": "BODY", "text": "Something for everybody here."}],
    "message_send_ttl_seconds": 43_200,
    "cta_url_link_tracking_opted_out": True,
}


def _texts(facts: dict[str, Any]) -> dict[str, str]:
    return {name: one if isinstance(one, str) else json.dumps(one) for name, one in facts.items()}


def _multipart(facts: dict[str, Any]) -> bytes:
    parts = [
        f'--abc\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in _texts(facts).items()
    ]
    return "".join((*parts, "--abc--\r\n")).encode()


def _post(
    simulator: RunningSimulator,
    path: str,
    body: bytes,
    kind: str,
    *,
    token: str = TOKEN,
    method: str = "POST",
) -> Any:
    headers = {"Content-Type": kind, **({"Authorization": f"Bearer {token}"} if token else {})}
    url = f"{simulator.url}/v26.0/{path}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data=body, method=method, headers=headers), timeout=60
        ) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return json.loads(refusal.read())


def _ways(facts: dict[str, Any]) -> list[tuple[str, bytes, str]]:
    """Write the same facts in every way that Graph reads: query, body, type of the body."""
    form = urlencode(_texts(facts))
    return [
        ("", json.dumps(facts).encode(), "application/json"),
        ("", json.dumps(facts).encode(), FORM),
        ("", b"\n " + json.dumps(facts).encode(), "text/plain"),
        ("", form.encode(), FORM),
        ("", form.encode(), FORM + "; charset=UTF-8"),
        ("", _multipart(facts), MULTIPART),
        (f"?{form}", b"", FORM),
    ]


def it_takes_a_message_in_every_way(simulator: RunningSimulator) -> None:
    for query, body, kind in _ways(TEXT):
        assert "messages" in _post(simulator, f"{NUMBER}/messages{query}", body, kind), (query, kind)

    chat = simulator.control("GET", f"people/{ASHA}")["chat"]
    assert [row["shown"]["body"] for row in chat] == ["Hola [tothom]"] * 7


def it_takes_a_template_in_every_way(simulator: RunningSimulator) -> None:
    for number in range(len(_ways(TEMPLATE))):
        name = f"news_{number}"
        query, body, kind = _ways({**TEMPLATE, "name": name})[number]
        assert "id" in _post(simulator, f"{WABA}/message_templates{query}", body, kind), (query, kind)
        (shown,) = simulator.graph("GET", f"{WABA}/message_templates?name={name}").body["data"]
        assert shown["components"] == TEMPLATE["components"]


def it_takes_lists_and_objects_of_other_calls_in_every_way(simulator: RunningSimulator) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    profile = {"messaging_product": "whatsapp", "websites": ["https://example.com"], "about": "{Hola"}
    users = {"messaging_product": "whatsapp", "block_users": [{"user": ASHA}]}
    settings = {"user_identity_change": {"enable_identity_key_check": True}}
    flow = {"name": "Book", "categories": ["OTHER"], "flow_json": '{"version": "7.0", "screens": [{}]}'}

    edges: dict[str, dict[str, Any]] = {
        "whatsapp_business_profile": profile,
        "block_users": users,
        "settings": settings,
    }
    for edge, facts in edges.items():
        for query, body, kind in _ways(facts):
            told = _post(simulator, f"{NUMBER}/{edge}{query}", body, kind)
            assert "error" not in told, (edge, query, kind)
    for number in range(len(_ways(flow))):
        query, body, kind = _ways({**flow, "name": f"Book {number}"})[number]
        assert _post(simulator, f"{WABA}/flows{query}", body, kind)["validation_errors"] == []


def it_takes_the_token_and_its_proof_from_the_body_too(start: Starter) -> None:
    simulator = start(setup={"require_appsecret_proof": True})

    for proof, code in ((PROOF, None), ("0", 100)):
        for query, body, kind in _ways({**TEXT, "access_token": TOKEN, "appsecret_proof": proof}):
            told = _post(simulator, f"{NUMBER}/messages{query}", body, kind, token="")
            assert told.get("error", {}).get("code") == code
    for query, body, kind in _ways({**TEXT, "access_token": "wrong", "appsecret_proof": PROOF}):
        assert _post(simulator, f"{NUMBER}/messages{query}", body, kind, token="")["error"]["code"] == 190
    assert _post(simulator, f"{NUMBER}/messages", json.dumps(TEXT).encode(), FORM)["error"]["code"] == 100


@pytest.mark.parametrize("body", [b"access_token", b'{"access_token":', b'{"access_token": 7}', b"{" * 5000])
def it_asks_for_a_token_where_the_body_cannot_be_read(simulator: RunningSimulator, body: bytes) -> None:
    told = _post(simulator, f"{NUMBER}/messages", body, "application/json", token="")

    assert told["error"]["code"] == 2500


def it_shows_no_token_of_a_form(simulator: RunningSimulator) -> None:
    _post(simulator, f"{NUMBER}/messages", b"access_token=EAAB-other&pin=123456", FORM, token="")

    (row,) = simulator.control("GET", "traffic")["data"]
    assert simulator.control("GET", f"traffic/{row['seq']}")["sent"] == "access_token=••••&pin=••••"
