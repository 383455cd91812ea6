"""The page: a tester without code plays the customer, sees what the business gets, and moves the platform."""

import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from whatsapp_simulator.page import files
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import FaultKind, Number, PersonFacts

CHROMIUM = "/usr/bin/chromium"
NUMBER = "106540352242922"
ASHA = "+34600000001"
HOSTILE = "<img src=x onerror=alert(1)> </script> {{7*7}} \u202etxt.exe"

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]
Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not shutil.which(CHROMIUM):
        missing = "Chromium is missing (on Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, who runs the tests in containers.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu", *root])
        yield browser
        browser.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Opener]:
    """Open the page of a simulator; at the end nothing may have been complained about, and nobody else asked."""
    complaints: list[str] = []
    contexts = []

    def _look(
        simulator: RunningSimulator,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        may_be_refused: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 860}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()

        def note(told: ConsoleMessage) -> None:
            if told.type in ("error", "warning") and not (may_be_refused and "Failed to load" in told.text):
                complaints.append(told.text)

        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(simulator.url) else complaints.append(asked.url),
        )
        page.goto(f"{simulator.url}/_page/")
        expect(page.locator("#phone[data-ready]")).to_be_attached()
        return page

    yield _look
    for context in contexts:
        context.close()
    assert complaints == []


def _fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    asking = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.build_opener(Stay).open(asking, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers), refusal.read().decode()


def _open(page: Page, name: str) -> None:
    page.locator("#people-list").get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def it_leads_browsers_to_the_page_and_tells_graph_clients_what_meta_tells(
    simulator: RunningSimulator,
) -> None:
    status, headers, _ = _fetch(simulator.url + "/", Accept="text/html,application/xhtml+xml")
    assert (status, headers["Location"]) == (302, "/_page/")

    status, _, told = _fetch(simulator.url + "/", Accept="application/json")
    assert (status, '"code":2500' in told) == (400, True)


def it_serves_its_own_files_and_nothing_else(simulator: RunningSimulator) -> None:
    status, headers, page = _fetch(simulator.url + "/_page/")

    assert status == 200
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    folder = Path(files.__file__).parent / "static"
    named = set(re.findall(r'(?:href|src)="([^"#]+)"', page))
    for script in folder.glob("*.js"):
        named |= set(re.findall(r'from "\./([^"]+)"', script.read_text("utf-8")))
    assert named == {file.name for file in folder.iterdir()} - {"index.html"}
    assert {_fetch(f"{simulator.url}/_page/{name}")[0] for name in named} == {200}
    wrong = ("/_page/../server.py", "/_page/%2e%2e/server.py", "/_page/files.py", "/_pages", "/_page/static/")
    assert {_fetch(simulator.url + path)[0] for path in wrong} == {404}
    assert _fetch(simulator.url + "/_page/", "DELETE")[0] == 405


def it_lets_a_tester_play_the_customer(
    simulator: RunningSimulator, receiver: Receiver, send: Sender, look: Opener
) -> None:
    page = look(simulator)
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    expect(page.locator("#people-empty code")).to_contain_text(f"{simulator.url}/v26.0/{NUMBER}/messages")

    _send_newsletter(simulator, send)
    simulator.advance(60)
    person = page.locator("#people-list button")
    expect(person).to_contain_text("unread")
    person.click()
    chat = page.get_by_role("log")
    expect(chat).to_contain_text("Hola Asha, fes servir el codi TARDOR fins diumenge.")
    expect(chat).to_contain_text("Botiga Exemple")
    expect(chat).to_contain_text("delivered")
    expect(person).not_to_contain_text("unread")

    page.get_by_role("button", name="Obre").click()
    link = page.get_by_role("status").get_by_role("link")
    expect(link).to_have_attribute("href", "https://example.com/r/1")
    expect(link).to_have_attribute("rel", "noopener noreferrer")

    page.get_by_role("button", name="Reply to").click()
    message = page.get_by_role("textbox", name="Message from")
    message.fill("Gràcies!\n*Fins diumenge*")
    message.press("Enter")
    expect(chat.locator(".mine strong")).to_have_text("Fins diumenge")
    expect(chat.locator(".mine .quote")).to_contain_text("Hola Asha")
    expect(message).to_have_value("")
    page.get_by_role("button", name="Atura promocions").click()
    expect(chat.locator(".mine")).to_have_count(2)
    page.get_by_role("button", name="Stop marketing").click()
    expect(page.get_by_role("button", name="Resume marketing")).to_be_focused()
    expect(chat).to_contain_text("stopped marketing messages")
    page.get_by_role("button", name="Block business").click()
    expect(page.locator(".facts")).to_contain_text("stopped marketing · blocks the business")

    simulator.wait_until("settled")
    written, tapped = receiver.messages
    assert (written["text"]["body"], written["context"]["id"]) == (
        "Gràcies!\n*Fins diumenge*",
        simulator.control("GET", "accepted")["data"][0]["wamid"],
    )
    assert tapped["button"] == {"text": "Atura promocions", "payload": "leave:7"}
    assert [preference["value"] for preference in receiver.preferences] == ["stop"]


def _send_newsletter(simulator: RunningSimulator, send: Sender, name: str = "Asha") -> None:
    def filled(kind: str, *texts: str, **more: Any) -> dict[str, Any]:
        return {"type": kind, "parameters": [{"type": "text", "text": text} for text in texts], **more}

    payload = {"type": "button", "sub_type": "quick_reply", "index": "1",
               "parameters": [{"type": "payload", "payload": "leave:7"}]}  # fmt: skip
    body = filled("body", name, "TARDOR")
    url = filled("button", "r/1", sub_type="url", index="0")
    send(simulator, ASHA, "autumn_newsletter", components=[body, url, payload])


def it_shows_files_lists_cards_and_reactions_and_lets_the_person_answer_them(
    simulator: RunningSimulator, receiver: Receiver, look: Opener, tmp_path: Path
) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    picture = simulator.control("POST", "media", {"mime_type": "image/png", "phone_number_id": NUMBER})["id"]
    rows = [
        {"id": "jazz", "title": "Jazz", "description": "Dissabte, 21 h"},
        {"id": "cobla", "title": "Cobla"},
    ]
    choices = {"button": "Concerts", "sections": [{"title": "Octubre", "rows": rows}]}
    _say(simulator, "image", {"id": picture, "caption": "El cartell"})
    _say(simulator, "interactive", {"type": "list", "body": {"text": "Quin dia?"}, "action": choices})
    _say(simulator, "location", {"latitude": 41.38, "longitude": 2.17, "name": "Teatre"})
    card = {"name": {"formatted_name": "Taquilla", "first_name": "T"}, "phones": [{"phone": "+34931234567"}]}
    _say(simulator, "contacts", [card])
    simulator.advance(60)

    page = look(simulator)
    page.locator("#people-list button").click()
    chat = page.get_by_role("log")
    expect(chat.get_by_role("img")).to_be_visible()
    assert page.evaluate("document.querySelector('#phone img').naturalWidth") == 16
    expect(chat).to_contain_text("Teatre 41.38, 2.17")
    expect(chat).to_contain_text("Taquilla +34931234567")
    chat.get_by_text("Concerts").click()
    chat.get_by_role("button", name="Jazz Dissabte").click()
    expect(chat.locator(".mine").last).to_contain_text("chosen")
    chat.locator(".theirs").first.get_by_text("React", exact=True).click()
    chat.get_by_role("button", name="React with 👍").first.click()
    expect(chat.locator(".theirs").first.locator(".reactions")).to_contain_text("👍")
    page.get_by_label("Send a file").click()
    page.get_by_role("button", name="Sample document").click()
    expect(chat.locator(".mine").last).to_contain_text("Document")
    note = tmp_path / "entrades.html"
    note.write_text("<script>alert(1)</script>")
    page.get_by_label("File to send").set_input_files(note)
    expect(chat.locator(".mine").last).to_contain_text("entrades.html")
    address = chat.locator(".mine").last.get_by_role("link").get_attribute("href") or ""
    headers = _fetch(urljoin(page.url, address))[1]
    assert headers["Content-Security-Policy"].startswith("sandbox")

    simulator.wait_until("settled")
    kinds = [message["type"] for message in receiver.messages]
    assert kinds == ["text", "interactive", "reaction", "document", "document"]
    chosen, reacted = receiver.messages[1:3]
    assert chosen["interactive"]["list_reply"] == rows[0]
    assert reacted["reaction"]["emoji"] == "👍"

    said = {"messaging_product": "whatsapp", "status": "read", "message_id": receiver.messages[-1]["id"]}
    simulator.graph("POST", f"{NUMBER}/messages", {**said, "typing_indicator": {"type": "text"}})
    expect(chat).to_contain_text("The business is typing …")
    expect(chat.locator(".mine").first).to_contain_text("read by the business")


def _say(simulator: RunningSimulator, kind: str, content: Any) -> None:
    body = {"messaging_product": "whatsapp", "to": ASHA, "type": kind, kind: content}
    assert simulator.graph("POST", f"{NUMBER}/messages", body).status == 200


def it_keeps_hostile_text_as_text(start: Starter, send: Sender, write_text: Sender, look: Opener) -> None:
    number = Number(phone_number_id=NUMBER, display_phone_number="+1 555-010-0100", verified_name=HOSTILE)
    simulator = start(people=(PersonFacts(phone=ASHA, name=HOSTILE),), setup={"numbers": (number,)})
    simulator.control("POST", f"people/{ASHA}/write", {"text": HOSTILE})
    write_text(simulator, ASHA, f"*{HOSTILE}* _{HOSTILE}_ ```{HOSTILE}``` > x\n> {HOSTILE}")
    _send_newsletter(simulator, send, HOSTILE)
    simulator.graph("POST", f"{NUMBER}/messages", {HOSTILE: HOSTILE, "type": HOSTILE})
    simulator.advance(60)

    page = look(simulator)
    page.locator("#people-list button").click()
    page.get_by_role("button", name="Platform").click()
    entries = page.locator("#traffic-list .entry-head")
    expect(entries).to_have_count(len(simulator.control("GET", "traffic")["data"]))
    for entry in entries.all():
        entry.click()
        expect(entry).to_have_attribute("aria-expanded", "true")

    expect(page.locator("#phone .mine .text")).to_have_text(HOSTILE)
    expect(page.locator("#phone .theirs").first).to_contain_text(HOSTILE)
    expect(page.locator("#numbers")).to_contain_text(HOSTILE)
    expect(page.locator("#traffic-list")).to_contain_text("onerror=alert(1)")
    assert page.locator("img[src=x], #people-list img, #traffic img").count() == 0


def it_formats_as_whatsapp_does(simulator: RunningSimulator, write_text: Sender, look: Opener) -> None:
    text = "*bold* _it *both* al_ ~no~ ```a*b*c``` `x` 2*3*4 snake_case_name * not * https://a.example/_x_\n> said"
    simulator.control("POST", f"people/{ASHA}/write", {"text": text})

    page = look(simulator)
    page.locator("#people-list button").click()
    shown = page.locator("#phone .mine .text")

    expect(shown.locator("strong")).to_have_text(["bold", "both"])
    assert shown.locator("em").all_inner_texts() == ["it both al"]
    assert shown.locator("s").all_inner_texts() == ["no"]
    assert shown.locator("code").all_inner_texts() == ["a*b*c", "x"]
    assert shown.locator("blockquote").all_inner_texts() == ["said"]
    assert shown.locator(".address").all_inner_texts() == ["https://a.example/_x_"]
    expect(shown).to_contain_text("2*3*4 snake_case_name * not *")


def it_shows_calls_and_webhooks_with_their_json(
    simulator: RunningSimulator, send: Sender, look: Opener
) -> None:
    page = look(simulator)
    expect(
        page.get_by_text("Calls to the Graph API and webhooks to your callback appear here")
    ).to_be_visible()
    send(simulator)
    simulator.advance(60)
    send(simulator, name="nothing_called_so")
    entries = page.locator("#traffic-list > li")
    expect(entries.first).to_contain_text("404")
    expect(entries.last).to_contain_text("template plain_ca")

    page.get_by_label("only what went wrong").check()
    expect(entries).to_have_count(1)
    entries.first.get_by_role("button").click()
    expect(entries.locator(".json").first).to_contain_text('"name": "nothing_called_so"')
    expect(entries.locator(".json").last).to_contain_text("132001")
    expect(entries).to_contain_text("Bearer ••••")
    page.get_by_role("button", name="Copy: Request").click()
    expect(page.get_by_role("button", name="Copy: Request")).to_have_text("Copied")
    assert '"nothing_called_so"' in page.evaluate("navigator.clipboard.readText()")

    page.get_by_label("only what went wrong").uncheck()
    page.get_by_label("Show").select_option("webhook")
    expect(entries.first).to_contain_text("← webhook")
    expect(page.locator("#traffic-list")).not_to_contain_text("→ call")

    page.get_by_label("Show").select_option("everything")
    page.get_by_role("button", name="Pause").click()
    send(simulator, name="another_one")
    expect(page.locator("#figures")).to_contain_text(re.compile(r"2\s*refused|refused\s*2"))
    expect(page.locator("#traffic-list")).not_to_contain_text("another_one")
    page.get_by_role("button", name="Pause").click()
    expect(entries.first).to_contain_text("another_one")


def it_moves_the_platform(simulator: RunningSimulator, send: Sender, look: Opener) -> None:
    send(simulator)
    page = look(simulator, may_be_refused=True)
    began = simulator.control("GET", "clock")["now"]
    page.get_by_role("button", name="+ 1 day").click()
    page.get_by_role("button", name="+ 1 hour").click()
    expect(page.locator("#now")).to_have_attribute("datetime", re.compile("2026-09-22T15:13:20"))
    assert simulator.control("GET", "clock")["now"] - began == 90_000
    page.get_by_label("Speed of the clock").select_option("1 min a second")
    expect(page.locator("#traffic-list")).to_contain_text("delivered")
    assert simulator.control("GET", "clock")["rate"] == 60

    page.get_by_role("button", name="Platform").click()
    kinds = page.get_by_label("What goes wrong").locator("option")
    # What Meta does at a moment has buttons of its own; only a scenario says when.
    by_themselves = {"pause_template", "rate_template", "rate_number", "ban"}
    assert {kind.get_attribute("value") for kind in kinds.all()} == set(get_args(FaultKind)) - by_themselves
    page.get_by_label("What goes wrong").select_option("refuse with Meta’s code")
    page.get_by_label("Meta's code").fill("131")
    page.get_by_role("button", name="Add fault").click()
    expect(page.get_by_role("status")).to_contain_text("131 is not a documented error code")
    page.get_by_label("Meta's code").fill("130429")
    page.get_by_label("At most so often").fill("2")
    page.get_by_role("button", name="Add fault").click()
    expect(page.locator("#faults")).to_contain_text(
        "refuse with Meta’s code 130429, 100 %, at most 2 · struck 0"
    )
    assert send(simulator).code == 130429
    expect(page.locator("#faults")).to_contain_text("struck 1")
    expect(page.locator("#counts")).to_contain_text(re.compile(r"refused 130429\s*1"))
    page.get_by_role("button", name="End: refuse").click()
    expect(page.locator("#faults")).to_contain_text("Nothing goes wrong on purpose.")

    page.get_by_role("button", name="Reset…").click()
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.get_by_role("button", name="Forget all").click()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    assert simulator.control("GET", "counts")["accepted"] == 0


def it_adds_and_finds_people(simulator: RunningSimulator, write_text: Sender, look: Opener) -> None:
    page = look(simulator, may_be_refused=True)
    page.get_by_role("button", name="New person").click()
    expect(page.get_by_label("Phone with country code, or username")).to_be_focused()
    page.get_by_label("Phone with country code, or username").fill("@chen.wu")
    page.get_by_label("Name", exact=True).fill("Chen Wu")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Chen Wu")).to_be_visible()
    expect(page.locator(".facts")).to_have_text("@chen.wu")

    page.get_by_role("button", name="New person").click()
    page.get_by_label("Phone with country code, or username").fill(ASHA)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".facts")).to_contain_text(ASHA)
    page.get_by_label("Find by name or phone").fill("chen")
    expect(page.locator("#people-list button")).to_have_count(1)
    page.get_by_label("Find by name or phone").fill("nobody at all")
    expect(page.get_by_text("Nobody is called that.")).to_be_visible()
    page.get_by_label("Find by name or phone").fill("")
    page.get_by_role("button", name="New person").click()
    page.get_by_label("Phone with country code, or username").fill(ASHA)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("is there already")

    page.reload()
    expect(page.locator(".facts")).to_contain_text(ASHA)


def it_lets_the_person_choose_the_number_they_write_to(
    start: Starter, receiver: Receiver, look: Opener
) -> None:
    numbers = (
        Number(phone_number_id=NUMBER, display_phone_number="+1 555-010-0100"),
        Number(phone_number_id="2", display_phone_number="+34 931 234 567", verified_name="Teatre"),
    )
    simulator = start(people=(PersonFacts(phone=ASHA),), setup={"numbers": numbers})

    page = look(simulator)
    page.locator("#people-list button").click()
    page.get_by_label("To which number").select_option("Teatre +34 931 234 567")
    page.get_by_role("textbox", name="Message from").fill("Hola")
    page.get_by_role("button", name="Send").click()

    expect(page.locator("#phone .mine")).to_contain_text("Hola")
    simulator.wait_until("settled")
    value = receiver.webhooks[0].changes[0]["value"]
    assert value["metadata"]["phone_number_id"] == "2"


def it_says_when_the_simulator_is_gone_and_goes_on_with_the_next(look: Opener, write_text: Sender) -> None:
    with RunningSimulator() as first:
        write_text(first, ASHA, "The first")
        page = look(first, may_be_refused=True)
        page.locator("#people-list button").click()
        expect(page.locator("#traffic-list li")).to_have_count(1)
    expect(page.get_by_role("status")).to_contain_text("The simulator does not answer.")

    with RunningSimulator(port=int(first.url.rsplit(":", 1)[1])) as second:
        expect(page.get_by_role("status")).to_contain_text("The simulator answers again.")
        expect(page.get_by_text("Nobody yet.")).to_be_visible()
        expect(page.get_by_text("Choose somebody")).to_be_visible()
        write_text(second, "+34600000002", "The second")
        expect(page.locator("#traffic-list li")).to_have_count(1)


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (640, "light"), (390, "light"), (390, "dark")]
)
def it_is_open_to_everybody(
    start: Starter,
    send: Sender,
    look: Opener,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    people = (PersonFacts(phone=ASHA, name="Maria del Remei Puigdollers i Casadesús de la Vall d’Hebron"),)
    simulator = start(people=people, faults=())
    _send_newsletter(simulator, send, "Maria del Remei")
    simulator.advance(60)
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Una-paraula-molt-llarga-sense-espais" * 5})
    send(simulator, name="nothing_called_so")

    page = look(simulator, width=width, scheme=scheme)
    seen = [_violations(page)]
    page.locator("#people-list button").click()
    expect(page.get_by_role("log")).to_contain_text("Una-paraula")
    seen.append(_violations(page))
    if width < 1000:
        page.get_by_role("button", name="Traffic").click()
    page.locator("#traffic-list button").first.click()
    page.get_by_role("button", name="Platform").click()
    seen.append(_violations(page))

    assert seen == [[], [], []]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def _violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]


def it_can_be_used_with_the_keyboard_alone(
    simulator: RunningSimulator, write_text: Sender, look: Opener
) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    write_text(simulator, ASHA, "Bon dia")
    simulator.advance(60)
    page = look(simulator)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the phone")).to_be_focused()
    page.get_by_label("Find by name or phone").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#phone")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("log")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Reply to")).to_be_focused()
    # What comes meanwhile does not take the focus away.
    write_text(simulator, ASHA, "Encara hi ets?")
    expect(page.get_by_role("log")).to_contain_text("Encara hi ets?")
    expect(page.get_by_role("button", name="Reply to").first).to_be_focused()
