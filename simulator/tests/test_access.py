"""Who gets in: versions, tokens, ids; and what cannot be found."""

import hashlib
import hmac

import pytest
from whatsapp_simulator.running import RunningSimulator

WABA = "102290129340398"
NUMBER = "106540352242922"
TOKEN = "simulated-access-token"


@pytest.mark.parametrize("version", ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"])
def it_knows_the_versions_in_use(simulator: RunningSimulator, version: str) -> None:
    assert simulator.graph("GET", WABA, version=version).status == 200


@pytest.mark.parametrize("version", ["v20.0", "v27.0", "v1", "vv", "latest"])
def it_refuses_other_versions_even_without_a_token(simulator: RunningSimulator, version: str) -> None:
    answer = simulator.graph("GET", WABA, version=version, token="")

    assert (answer.status, answer.code) == (400, 2500)
    assert answer.body["error"]["message"] == f"Unknown path components: /{version}/{WABA}"


def it_asks_for_a_token(simulator: RunningSimulator) -> None:
    answer = simulator.graph("POST", f"{NUMBER}/messages", b"not json", token="")

    assert (answer.status, answer.code) == (400, 2500)
    assert answer.body["error"]["message"].startswith("An active access token must be used")


@pytest.mark.parametrize("token", ["wrong", "ünïcödé", TOKEN + "x"])
def it_refuses_a_wrong_token(simulator: RunningSimulator, token: str) -> None:
    answer = simulator.graph("GET", WABA, token=token.encode().decode("latin-1"))

    assert (answer.status, answer.code) == (401, 190)
    assert answer.body["error"] == {
        "message": "Invalid OAuth access token - Cannot parse access token",
        "type": "OAuthException",
        "code": 190,
        "fbtrace_id": answer.body["error"]["fbtrace_id"],
    }


def it_takes_the_token_from_the_query_too(simulator: RunningSimulator) -> None:
    assert simulator.graph("GET", f"{WABA}?access_token={TOKEN}", token="").status == 200


def it_checks_the_app_secret_proof_if_there_is_one(simulator: RunningSimulator) -> None:
    proof = hmac.new(b"simulated-app-secret", TOKEN.encode(), hashlib.sha256).hexdigest()

    assert simulator.graph("GET", f"{WABA}?appsecret_proof={proof}").status == 200
    assert simulator.graph("GET", f"{WABA}?appsecret_proof=0").code == 100


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "0"),
        ("GET", ""),
        ("POST", "0/messages"),
        ("POST", f"{WABA}/messages"),
        ("GET", f"{NUMBER}/messages"),
        ("POST", f"{NUMBER}/hats"),
        ("GET", f"{WABA}/message_templates/1"),
        ("DELETE", WABA),
    ],
)
def it_knows_no_other_objects(simulator: RunningSimulator, method: str, path: str) -> None:
    answer = simulator.graph(method, path, {} if method == "POST" else None)

    assert (answer.status, answer.code) == (400, 100)
    assert (answer.body["error"]["error_subcode"], answer.body["error"]["type"]) == (
        33,
        "GraphMethodException",
    )


def it_checks_the_token_before_the_id_and_the_id_before_the_body(simulator: RunningSimulator) -> None:
    assert simulator.graph("POST", "0/messages", b"not json", token="wrong").code == 190
    assert simulator.graph("POST", "0/messages", b"not json").body["error"]["error_subcode"] == 33
