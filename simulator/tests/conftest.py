"""A simulator with quiet habits and a clock that stands still: a test moves it and knows what follows."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Habits, Number, Scenario, Setup

NUMBER = "106540352242922"
START = 1_790_000_000.0

NEWSLETTER = {
    "name": "autumn_newsletter",
    "language": "ca",
    "status": "APPROVED",
    "category": "MARKETING",
    "parameter_format": "POSITIONAL",
    "components": [
        {"type": "BODY", "text": "Hola {{1}}, fes servir el codi {{2}} fins diumenge."},
        {"type": "FOOTER", "text": "Botiga Exemple"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Obre", "url": "https://example.com/{{1}}"},
                {"type": "QUICK_REPLY", "text": "Atura promocions"},
            ],
        },
    ],
    "id": "1689556908129832",
}


def _plain(name: str, *, language: str = "en", category: str = "MARKETING", **more: Any) -> dict[str, Any]:
    components = [{"type": "BODY", "text": "Something for you."}]
    return {"name": name, "language": language, "category": category, "components": components, **more}


TEMPLATES = (
    NEWSLETTER,
    _plain("plain_ca", language="ca"),
    _plain("plain_es", language="es"),
    _plain("plain_en", language="en_US"),
    _plain("plain_utility", category="UTILITY"),
    _plain("plain_code", category="AUTHENTICATION"),
    _plain("paused", status="PAUSED"),
    _plain("disabled", status="DISABLED"),
    _plain("pending", status="PENDING"),
    _plain(
        "named",
        parameter_format="NAMED",
        components=[{"type": "BODY", "text": "Dear {{first_name}}, your code is {{code}}."}],
    ),
    _plain(
        "with_image",
        components=[{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look at this."}],
    ),
    _plain(
        "with_header",
        components=[
            {"type": "HEADER", "format": "TEXT", "text": "For {{1}}"},
            {"type": "BODY", "text": "Pay {{1}} until {{2}}."},
        ],
    ),
)

NOBODY_DOES_ANYTHING = Habits(
    reads=0,
    replies=0,
    leaves=0,
    unreachable=0,
    capped=0,
    has_username=0,
    receipts_off=0,
    delivered=1,
    delivered_late=0,
    duplicate=0,
    swap=0,
    missing_delivered=0,
    delivered_and_failed=0,
    webhook_flush_s=0.005,
    # Webhooks come in the order in which they were made.
    webhook_connections=1,
)

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]


@pytest.fixture(scope="session")
def samples() -> Path:
    """Name the folder with Meta's own samples, which are not part of this repository."""
    folder = os.environ.get("DIFUSIO_CLOUD_API_EXAMPLES")
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must set DIFUSIO_CLOUD_API_EXAMPLES to the folder with Meta's samples.")
        pytest.skip("DIFUSIO_CLOUD_API_EXAMPLES does not name the folder with Meta's samples.")
    return Path(folder)


@pytest.fixture
def receiver(whatsapp_receiver: Receiver) -> Receiver:
    return whatsapp_receiver


@pytest.fixture
def start(receiver: Receiver) -> Iterator[Starter]:
    """Start a simulator; keywords replace parts of the quiet scenario, `habits` single habits of it."""
    with ExitStack() as running:

        def _start(
            *, habits: dict[str, Any] | None = None, setup: dict[str, Any] | None = None, **parts: Any
        ) -> RunningSimulator:
            number = Number(phone_number_id=NUMBER, display_phone_number="+1 555-010-0100", mps=1000)
            account = Setup(callback_url=receiver.url, numbers=(number,), templates=TEMPLATES)
            scenario = Scenario(
                setup=replace(account, **(setup or {})),
                habits=replace(NOBODY_DOES_ANYTHING, **(habits or {})),
                clock=ClockFacts(rate=0, start=START),
            )
            return running.enter_context(RunningSimulator(replace(scenario, **parts)))

        yield _start


@pytest.fixture
def simulator(start: Starter) -> RunningSimulator:
    return start()


@pytest.fixture
def send() -> Sender:
    """Send a template, or what the keywords make of the body; a keyword that is None takes a member away."""

    def _send(
        simulator: RunningSimulator,
        to: str | None = "+34600000001",
        name: str = "plain_ca",
        *,
        language: str | None = None,
        components: Any = None,
        endpoint: str = "messages",
        **members: Any,
    ) -> Reply:
        languages = {known["name"]: known["language"] for known in TEMPLATES}
        content: dict[str, Any] = {"name": name, "language": {"code": language or languages.get(name, "ca")}}
        if components is not None:
            content["components"] = components
        body = {"messaging_product": "whatsapp", "to": to, "type": "template", "template": content, **members}
        body = {name: value for name, value in body.items() if value is not None}
        return simulator.graph("POST", f"{NUMBER}/{endpoint}", body)

    return _send


@pytest.fixture
def write_text() -> Sender:
    """Send a text."""

    def _write(
        simulator: RunningSimulator, to: str = "+34600000001", text: str = "Hola", **members: Any
    ) -> Reply:
        body = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}, **members}
        return simulator.graph("POST", f"{NUMBER}/messages", body)

    return _write
