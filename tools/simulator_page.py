"""Make pictures of the simulator's page: one for its README, or one for each width and colour scheme.

python -m tools.simulator_page simulator/docs/page.png
python -m tools.simulator_page build/simulator-page
"""

import os
import sys
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, Page, sync_playwright
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Habits, PersonFacts, Scenario, Setup

CHROMIUM: Final = "/usr/bin/chromium"
SIZES: Final = {1280: 860, 640: 900, 390: 844}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
NARROW: Final = 1000
NUMBER: Final = "106540352242922"
START: Final = 1_790_070_000.0
MARIA: Final = "+34600000001"

_NEWS: Final[dict[str, Any]] = {
    "name": "autumn_programme",
    "language": "ca",
    "category": "MARKETING",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "La tardor al {{1}}"},
        {
            "type": "BODY",
            "text": "Hola {{1}}, ja tenim el *programa de tardor*: _quinze concerts_, i el primer és gratuït. "
            "T’hi esperem!",
        },
        {"type": "FOOTER", "text": "Pots deixar de rebre’n quan vulguis"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Veure el programa", "url": "https://example.com/{{1}}"},
                {"type": "QUICK_REPLY", "text": "Reserva’m un lloc"},
                {"type": "QUICK_REPLY", "text": "No en vull més"},
            ],
        },
    ],
}
_LIST: Final[dict[str, Any]] = {
    "type": "list",
    "header": {"type": "text", "text": "Quin dia us va bé?"},
    "body": {"text": "Tria un concert i te’n guardem dues entrades."},
    "action": {
        "button": "Concerts",
        "sections": [
            {
                "title": "Octubre",
                "rows": [
                    {"id": "jazz", "title": "Jazz a la fresca", "description": "Dissabte 3, a les 21 h"},
                    {"id": "cobla", "title": "Cobla i veus", "description": "Diumenge 11, a les 12 h"},
                ],
            }
        ],
    },
}


def main() -> None:
    target = Path(sys.argv[1])
    with (
        Receiver() as receiver,
        RunningSimulator(_scenario(receiver)) as simulator,
        sync_playwright() as playwright,
    ):
        play(simulator)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        )
        if target.suffix == ".png":
            _photograph(browser, simulator.url, target, width=1280, scheme="light")
        else:
            target.mkdir(parents=True, exist_ok=True)
            for width in SIZES:
                for scheme in SCHEMES:
                    name = target / f"page-{width}-{scheme}.png"
                    _photograph(browser, simulator.url, name, width=width, scheme=scheme)
        browser.close()


def _scenario(receiver: Receiver) -> Scenario:
    people = [("Maria Puig", MARIA, "no"), ("Jordi Vila i Casadesús", "+34600000002", "no")]
    people += [("Asha Rahman", "+447700900123", "native"), ("Bilal Haddad", "+33700000004", "no")]
    return Scenario(
        setup=Setup(callback_url=receiver.url, templates=(_NEWS,)),
        habits=Habits(replies=0, leaves=0, unreachable=0, has_username=0, delivered=1, delivered_late=0,
                      receipts_off=0, reads=1, reply_s=(60, 120), read_s=(20, 60), capped=0,
                      missing_delivered=0, delivered_and_failed=0, swap=0, duplicate=0),
        people=tuple(
            PersonFacts(phone=phone, name=name, leaves=leaves)  # type: ignore[arg-type]  # one of the ways
            for name, phone, leaves in people
        ),
        clock=ClockFacts(rate=0, start=START),
    )  # fmt: skip


def play(simulator: RunningSimulator) -> None:
    """Let a small town's concert hall write to four people, and one of them answer."""
    for name, phone in (
        ("Asha", "+447700900123"),
        ("Bilal", "+33700000004"),
        ("Jordi", "+34600000002"),
        ("Maria", MARIA),
    ):
        _send(simulator, phone, "template", _news(name))
        simulator.advance(90)
    simulator.control("POST", f"people/{MARIA}/tap", {"text": "Reserva’m un lloc"})
    simulator.advance(40)
    _send(simulator, MARIA, "interactive", _LIST)
    simulator.control("POST", f"people/{MARIA}/tap", {"id": "jazz"})
    simulator.advance(120)
    _send(simulator, MARIA, "text", {"body": "Fet: *Jazz a la fresca*, dues entrades."})
    simulator.advance(60)
    simulator.control("POST", f"people/{MARIA}/react", {"emoji": "❤"})
    simulator.control("POST", f"people/{MARIA}/write", {"text": "Moltes gràcies!"})
    simulator.advance(30)
    _send(simulator, "+34600000009", "template", {"name": "winter_programme", "language": {"code": "ca"}})


def _news(name: str) -> dict[str, Any]:
    def filled(kind: str, text: str, **more: Any) -> dict[str, Any]:
        return {"type": kind, "parameters": [{"type": "text", "text": text}], **more}

    components = [
        filled("header", "Casal"),
        filled("body", name),
        filled("button", "tardor", sub_type="url", index="0"),
    ]
    return {"name": "autumn_programme", "language": {"code": "ca"}, "components": components}


def _send(simulator: RunningSimulator, to: str, kind: str, content: dict[str, Any]) -> None:
    body = {"messaging_product": "whatsapp", "to": to, "type": kind, kind: content}
    simulator.graph("POST", f"{NUMBER}/messages", body)


def _photograph(
    browser: Browser, url: str, path: Path, *, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme=scheme,
        locale="en-GB",
        timezone_id="Europe/Madrid",
    )
    page.goto(f"{url}/_page/")
    page.get_by_role("button", name="Maria Puig").click()
    page.get_by_text("Moltes gràcies!").last.wait_for()
    if width >= NARROW:
        page.locator("#traffic-list button").nth(1).click()
    page.screenshot(path=path)
    if path.parent.name != "docs":
        _every_part(page, path, width)
    page.close()


def _every_part(page: Page, path: Path, width: int) -> None:
    for view in ("people", "traffic") if width < NARROW else ():
        page.locator(f"[data-show={view}]").click()
        page.screenshot(path=path.with_stem(f"{path.stem}-{view}"))
    page.locator("#platform-toggle").click()
    page.screenshot(path=path.with_stem(f"{path.stem}-platform"))


if __name__ == "__main__":
    main()
