"""Meta's own SDK for Node, the npm package `whatsapp`, against the simulator.

Its version is 0.0.5-Alpha: what npm calls 1.0.0 of that name is an empty package.
"""

import datetime as dt
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Habits, Rules, Scenario, Setup

HERE = Path(__file__).parent / "node"
PLAIN = {
    "name": "plain",
    "language": "ca",
    "category": "MARKETING",
    "components": [{"type": "BODY", "text": "Hola, bon dia."}],
}
SETUP = Setup(templates=(PLAIN,))
NUMBER = SETUP.numbers[0].phone_number_id
SCENARIO = Scenario(
    setup=SETUP,
    clock=ClockFacts(rate=0),
    rules=Rules(reviews=False),
    habits=Habits(
        reads=1,
        receipts_off=0,
        replies=0,
        leaves=0,
        unreachable=0,
        delivered=1,
        delivered_late=0,
        unknown_media="accept",
        webhook_batch=10,  # the SDK closes what is longer than a megabyte
    ),
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the packages of the lock file into a folder of its own, beside the script."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs Node 20 and npm.")
        pytest.skip(f"{missing[0]} is not installed.")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "metas_sdk.cjs"):
        shutil.copy(HERE / name, folder)
    installed = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr
    return folder


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Make a key and a certificate for localhost, as the variables of the script that name them."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "certificate.pem").write_bytes(signed.public_bytes(pem))
    certified = str(folder / "certificate.pem")
    return {
        "TLS_KEY": str(folder / "key.pem"),
        "TLS_CERTIFICATE": certified,
        "NODE_EXTRA_CA_CERTS": certified,
    }


def _run(node: Path, certificate: dict[str, str], simulator: RunningSimulator) -> Any:
    told = subprocess.run(
        ["node", "metas_sdk.cjs"],
        cwd=node,
        env={
            "PATH": os.environ["PATH"],
            # Otherwise it looks for dotenv, which it does not depend on.
            "NODE_ENV": "production",
            **certificate,
            "SIMULATOR": simulator.url,
            "WA_BASE_URL": "localhost",
            "WA_PHONE_NUMBER_ID": NUMBER,
            "WA_BUSINESS_ACCOUNT_ID": SETUP.waba_id,
            "M4D_APP_ID": SETUP.app_id,
            "M4D_APP_SECRET": SETUP.app_secret,
            "CLOUD_API_VERSION": "v26.0",
            "CLOUD_API_ACCESS_TOKEN": SETUP.access_token,
            "WEBHOOK_ENDPOINT": "webhook",
            "WEBHOOK_VERIFICATION_TOKEN": SETUP.verify_token,
        },
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    return json.loads(told.stdout.splitlines()[-1])


def it_plays_meta_to_metas_own_sdk(node: Path, certificate: dict[str, str]) -> None:
    with RunningSimulator(replace(SCENARIO)) as simulator:
        told = _run(node, certificate, simulator)
        rows = simulator.control("GET", "accepted")["data"]

    answers = told["answers"]
    refused = answers.pop("no such template")
    assert {name: answer["status"] for name, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert (refused["status"], refused["body"]["error"]["code"]) == (404, 132001)
    assert [row["type"] for row in rows] == [
        "text", "text", "image", "image", "audio", "document", "sticker", "video", "contacts", "location",
        "interactive", "interactive", "interactive", "interactive", "template",
    ]  # fmt: skip
    assert {row["address"] for row in rows} == {"+34600000001"}
    assert answers["read"]["body"] == answers["pin"]["body"] == {"success": True}

    # The SDK checks each signature itself, and tells 401 where it does not hold.
    webhooks = told["webhooks"]
    assert {(webhook["status"], webhook.get("error")) for webhook in webhooks} == {(200, None)}
    values = [change["value"] for webhook in webhooks for change in webhook["body"]["entry"][0]["changes"]]
    written = [message for value in values for message in value.get("messages", [])]
    assert [message["type"] for message in written] == ["text", "interactive"]
    assert written[0]["text"]["body"] == "Hola 🌱"
    told_of = {
        status["id"] for value in values for status in value.get("statuses", []) if status["status"] == "read"
    }
    assert told_of == {row["wamid"] for row in rows}
