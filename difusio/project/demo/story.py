"""The demo's story: a shop's history in, consent, segment, campaign, statuses, replies, leavings, report.

Nothing is faked: platform, engines and simulator are separate processes that speak HTTP.  Only people, phone numbers
and consent are made up, and marked so; a demo workspace can never be pointed at the real Meta.
"""

import csv
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen
from zoneinfo import ZoneInfo

from django.db import connection

from difusio.accounts.first_run import make_owner
from difusio.campaigns.launch import launch
from difusio.campaigns.models import CampaignKind
from difusio.campaigns.plan import Message, plan
from difusio.campaigns.preflight import preflight
from difusio.campaigns.running import batch_ids
from difusio.common.clock import now
from difusio.common.sentences import SentenceError
from difusio.consent.export import export as export_ledger
from difusio.consent.models import Standing, Topic, TopicKind
from difusio.consent.topics import add_topic
from difusio.contacts.models import Contact, Event
from difusio.imports.orders import import_orders
from difusio.imports.people import import_people
from difusio.message_templates.rates import import_rate_card
from difusio.message_templates.sync import sync
from difusio.numbers.add import NewNumber, add
from difusio.numbers.refresh import refresh
from difusio.outbox.export import export as export_audience
from difusio.outbox.models import Delivery, Tally
from difusio.project.commands.common import write_lines
from difusio.project.demo import messages, simulator
from difusio.project.demo.people import write_people
from difusio.project.demo.segment import DEMO_SEGMENT, DEMO_SEGMENT_NAME, DEMO_TOPIC
from difusio.project.demo.shop import write_orders
from difusio.project.demo.simulator import Simulator
from difusio.reports.funnel import funnel
from difusio.segments.count import count
from difusio.segments.models import Segment
from difusio.segments.tree import parse

EMAIL: Final = "owner@demo.example"
_ZONE: Final = ZoneInfo("Europe/Madrid")
_ENGINES_S: Final = 180.0
_STORY_S: Final = 600.0
_QUIET_ROUNDS: Final = 4
_BLOCKED: Final = 10

Say = Callable[[str], None]


class DemoError(SentenceError):
    """The demo cannot go on."""


class EnginesMissing(DemoError):
    """The engines did not start in three minutes: look at the log that is named."""


class StoryTooLong(DemoError):
    """The story did not come to its end in ten minutes: the machine is too busy, or something hangs; see the log."""


@dataclass(frozen=True, slots=True)
class Plot:
    """What is told.  orders: a CSV of orders, or None for a shop that is made up."""

    home: Path
    seed: int
    orders: Path | None
    port: int
    receive_port: int


@dataclass(slots=True)
class Stage:
    """What is running while the story is told."""

    plot: Plot
    say: Say
    simulator: Simulator | None = None
    engines: "subprocess.Popen[bytes] | None" = None
    password: str = field(default="", repr=False)
    workspace_id: int = 0
    number_id: int = 0
    campaign_id: int = 0
    files: dict[str, Path] = field(default_factory=dict)
    shift: timedelta = timedelta(0)
    holds: bool = False

    @property
    def folder(self) -> Path:
        """Where the demo's files are."""
        return self.plot.home / "files"

    def close(self) -> None:
        """End the processes of the story."""
        if self.engines is not None and self.engines.poll() is None:
            self.engines.terminate()
            try:
                self.engines.wait(30)
            except subprocess.TimeoutExpired:
                self.engines.kill()
                self.engines.wait()
        if self.simulator is not None:
            self.simulator.stop()


def tell(stage: Stage) -> dict[str, object]:
    """Tell the story from the first file to the report; give its figures.  Raises DemoError and what its acts raise."""
    began = time.monotonic()
    stage.folder.mkdir(parents=True, exist_ok=True)
    _open_shop(stage)
    _import(stage)
    _ask(stage)
    _write(stage)
    _check(stage)
    _start_engines(stage)
    _launch(stage)
    _hear(stage)
    figures = _see(stage)
    figures["seconds"] = round(time.monotonic() - began, 1)
    return figures


def _open_shop(stage: Stage) -> None:
    at = now()
    # Nobody could guess it, and it is shown on this terminal only.
    stage.password = secrets.token_urlsafe(12)
    owner = make_owner(
        email=EMAIL,
        password=stage.password,
        workspace_name=simulator.BUSINESS,
        language="ca",
        time_zone=str(_ZONE),
        country="ES",
        at=at,
        is_demo=True,
    )
    stage.workspace_id = owner.workspace_id
    token, app_secret, verify_token = (secrets.token_urlsafe(24) for _ in range(3))
    stage.simulator = Simulator(
        stage.folder,
        seed=stage.plot.seed,
        access_token=token,
        app_secret=app_secret,
        verify_token=verify_token,
    )
    stage.simulator.start()
    number = add(
        NewNumber(
            waba_id=simulator.WABA_ID,
            phone_number_id=simulator.PHONE_NUMBER_ID,
            display_phone=simulator.DISPLAY_PHONE,
            verified_name=simulator.BUSINESS,
            access_token=token,
            app_id=simulator.APP_ID,
            app_secret=app_secret,
            verify_token=verify_token,
            api_url=stage.simulator.url,
            pace_per_s=simulator.PACE_PER_S,
            messaging_limit=None,
        ),
        workspace_id=stage.workspace_id,
        at=at,
    )
    stage.number_id = number.pk
    add_topic(stage.workspace_id, key=DEMO_TOPIC, name="Ofertes", kind=TopicKind.MARKETING, by="demo", at=at)


def _import(stage: Stage) -> None:
    at, plot = now(), stage.plot
    orders = plot.orders
    if orders is None:
        orders = stage.folder / "orders.csv"
        write_orders(orders, seed=plot.seed, yesterday=at.astimezone(_ZONE).date() - timedelta(days=1))
    made_up = write_people(orders, stage.folder, seed=plot.seed, at=at, zone=_ZONE)
    shift = made_up.shift
    stage.shift = shift
    stage.files.update(orders=orders, people=made_up.people_file, consents=made_up.consents_file)
    whose = "A made-up shop" if plot.orders is None else f"{orders.name}"
    moved = (
        f", its dates moved by {shift.days} days so that the last order was yesterday" if shift.days else ""
    )
    stage.say(f"1 Import   {whose}{moved}.")
    people = import_people(made_up.people_file, workspace_id=stage.workspace_id, by="demo", at=at)
    bought = import_orders(
        orders,
        workspace_id=stage.workspace_id,
        by="demo",
        at=at,
        shift=shift,
        refused_to=stage.folder / "refused-orders.csv",
    )
    stage.say(
        f"           {people.contacts_new} people, {bought.events_new} orders and returns; "
        f"refused rows: {bought.refused}."
    )
    if bought.refused_file is not None:
        stage.say(f"           Each with its line and reason in {bought.refused_file}.")
    stage.say("           Names, phone numbers and consent are made up for this demo, and marked as such.")
    agreed = import_people(made_up.consents_file, workspace_id=stage.workspace_id, by="demo", at=at)
    stage.say(
        f"2 Consent  {agreed.entries} entries in the ledger: {made_up.granted} agreed, {made_up.withdrew} of them "
        f"withdrew, {made_up.never_agreed} never agreed."
    )


def _ask(stage: Stage) -> None:
    segment = Segment.objects.create(
        workspace_id=stage.workspace_id, name=DEMO_SEGMENT_NAME, tree=DEMO_SEGMENT, created_at=now()
    )
    people = count(parse(segment.tree), workspace_id=stage.workspace_id, at=now())
    stage.say(f"3 Ask      “{segment.name}”: {people} people.")


def _write(stage: Stage) -> None:
    synced = sync(workspace_id=stage.workspace_id, number_id=stage.number_id, at=now())
    refresh(stage.number_id)
    card = import_rate_card(
        Path(__file__).with_name("rates.csv"),
        workspace_id=stage.workspace_id,
        name="Demo rates (made up)",
        currency="EUR",
        valid_from=date(2026, 1, 1),
        source="made up for the demo",
        is_made_up=True,
        at=now(),
    )
    segment = Segment.objects.get(workspace_id=stage.workspace_id)
    campaign = plan(
        workspace_id=stage.workspace_id,
        name="Ofertes de tardor",
        kind=CampaignKind.OFFER,
        topic_id=Topic.objects.get(workspace_id=stage.workspace_id, key=DEMO_TOPIC).pk,
        segment_id=segment.pk,
        number_id=stage.number_id,
        message=Message(template_name=messages.TEMPLATE_NAME, language="ca", values=messages.VALUES),
        by="demo",
        at=now(),
    )
    stage.campaign_id = campaign.pk
    stage.say(
        f"4 Write    {synced.new} templates from the platform, {card.rates} prices; “{campaign.name}” in ca, es and en."
    )


def _check(stage: Stage) -> None:
    checked = preflight(stage.campaign_id, at=now())
    skips = ", ".join(f"{n} {reason}" for reason, n in checked.skipped.items())
    stage.say(f"5 Check    {checked.eligible} of {checked.audience} will get it; skipped: {skips}.")
    cost = checked.cost
    if cost is None:
        price = "cost unknown (no rate card)"
    else:
        unpriced = f", {cost.unpriced} people without a price" if cost.unpriced else ""
        price = f"about {cost.amount_micros / 1e6:.2f} {cost.currency} by a made-up rate card{unpriced}"
    lasts = (checked.finish_at - checked.at).total_seconds()
    latest = " at the latest" if checked.canary else ""
    stage.say(f"           At {checked.pace_per_s} a second done in {lasts:.0f} s{latest}; {price}.")
    for finding in checked.findings:
        stage.say(f"           {finding.level}: {finding.text}")


def _start_engines(stage: Stage) -> None:
    plot = stage.plot
    log_file = stage.folder / "engines.log"
    with log_file.open("ab") as log:
        stage.engines = subprocess.Popen(
            [
                *(sys.executable, "-m", "difusio", "up"),
                *("--port", str(plot.port), "--receive-port", str(plot.receive_port)),
                *("--parent", str(os.getpid())),
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + _ENGINES_S
    for url in (f"http://127.0.0.1:{plot.receive_port}/healthz", f"http://127.0.0.1:{plot.port}/sign-in/"):
        while not _answers(url):
            if stage.engines.poll() is not None or time.monotonic() > deadline:
                raise EnginesMissing(f"{EnginesMissing.__doc__} ({log_file})")
            time.sleep(0.1)
    if stage.simulator is not None:
        stage.simulator.block(_troublesome(stage.files["people"]))
        stage.simulator.subscribe(f"http://127.0.0.1:{plot.receive_port}/webhooks/whatsapp")


def _troublesome(people: Path) -> list[str]:
    """Choose a few people whom the shop has blocked, so that refusals are seen too: every so many-th in the file."""
    with people.open(encoding="utf-8", newline="") as file:
        phones = [row["phone"] for row in csv.DictReader(file) if row["phone"]]
    return phones[:: max(1, len(phones) // _BLOCKED)]


def _launch(stage: Stage) -> None:
    launched = launch(stage.campaign_id, by="demo", at=now())
    stage.say(f"6 Launch   {launched.queued} messages are queued. Watch them:")
    stage.say(f"           http://127.0.0.1:{stage.plot.port}/  sign in as {EMAIL} with {stage.password}")
    until = time.monotonic() + _STORY_S
    told = -1
    while True:
        seen = funnel(stage.campaign_id)
        if seen.accepted // 500 != told:
            told = seen.accepted // 500
            stage.say(
                f"           {seen.accepted} accepted, {seen.step('delivered').n} delivered, {seen.step('read').n} read"
            )
        if seen.is_finished:
            return
        if time.monotonic() > until:
            raise StoryTooLong(f"{StoryTooLong.__doc__} ({stage.folder / 'engines.log'})")
        time.sleep(0.5)


def _hear(stage: Stage) -> None:
    """Let the simulated day pass until everybody has read, answered or left, and all of it is folded in."""
    assert stage.simulator is not None  # noqa: S101  # a promise to the type checker
    stage.say("7 Hear     The people's day passes quickly: statuses, replies and leavings come in.")
    until = time.monotonic() + _STORY_S
    quiet = 0
    while quiet < _QUIET_ROUNDS:
        idle = stage.simulator.control("GET", "idle")
        if idle["settled"] and not idle["idle"] and _is_drained():
            # Nothing is under way before the next event: jump to it.
            stage.simulator.control(
                "POST", "clock/advance", {"seconds": float(idle["next_due_s"] or 0) + 60.0}
            )
        quiet = quiet + 1 if idle["idle"] and _is_drained() else 0
        if time.monotonic() > until:
            raise StoryTooLong(f"{StoryTooLong.__doc__} ({stage.folder / 'engines.log'})")
        time.sleep(0.1)


def _is_drained() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM log_post WHERE folded_at IS NULL AND quarantined_reason = '')"
        )
        unread = bool(cursor.fetchone()[0])
    under_way = Delivery.objects.filter(state__in=["queued", "claimed", "sending", "in_doubt"]).exists()
    return not unread and not under_way


def _see(stage: Stage) -> dict[str, object]:
    assert stage.simulator is not None  # noqa: S101  # a promise to the type checker
    counts = _tallies(stage.campaign_id)
    audience_file, ledger_file, segment_file = (
        stage.folder / name for name in ("audience.jsonl", "ledger.jsonl", "segment.json")
    )
    write_lines(audience_file, export_audience(batch_ids(stage.campaign_id)))
    write_lines(ledger_file, export_ledger(stage.workspace_id))
    segment_file.write_text(json.dumps(DEMO_SEGMENT), "utf-8")
    verdict = _checker(stage, audience_file, ledger_file, segment_file)
    confirmed = Delivery.objects.filter(confirms__isnull=False, accepted_at__isnull=False).count()
    figures: dict[str, object] = {
        "contacts": Contact.objects.filter(workspace_id=stage.workspace_id).count(),
        "events": Event.objects.filter(workspace_id=stage.workspace_id).count(),
        "consented": Standing.objects.filter(workspace_id=stage.workspace_id, may_write=True).count(),
        "audience": counts["audience"].get("", 0),
        "skipped": counts["skipped"],
        "refused": counts["refused"],
        "accepted": counts["accepted"].get("", 0),
        "delivered": counts["delivered"].get("", 0),
        "read": counts["read"].get("", 0),
        "replied": counts["replied"].get("", 0),
        "opted_out": counts["left"].get("", 0),
        "confirmed": confirmed,
        "failed": counts["failed"],
        "in_doubt": counts["in_doubt"].get("", 0),
        "parked": counts["parked"].get("", 0),
        "lost": verdict["lost"],
        "sent_twice": verdict["sent_twice"],
    }
    stage.say(
        f"8 See      {figures['accepted']} accepted, {figures['delivered']} delivered, {figures['read']} read, "
        f"{figures['replied']} replied, {figures['opted_out']} left."
    )
    stage.say(
        f"           Counted from outside: of {verdict['expected']} who should have got it {verdict['lost']} lost, "
        f"{verdict['sent_twice']} sent twice, {verdict['without_consent']} without consent; of {verdict['leavings']} "
        f"leavings {verdict['confirmed_once']} confirmed once, {verdict['unconfirmed']} wrote and were not."
    )
    return figures


def _tallies(campaign_id: int) -> Mapping[str, dict[str, int]]:
    measures = ("audience", "skipped", "refused", "accepted", "delivered", "read", "replied", "left")
    counts: dict[str, dict[str, int]] = {name: {} for name in (*measures, "failed", "in_doubt", "parked")}
    tallies = Tally.objects.filter(batch__round_batch__round__campaign_id=campaign_id)
    for measure, detail, n in tallies.values_list("measure", "detail", "n"):
        if measure in counts and n:
            counts[measure][detail] = counts[measure].get(detail, 0) + n
    return counts


def _checker(stage: Stage, audience: Path, ledger: Path, segment: Path) -> dict[str, Any]:
    """Let the checker, which imports nothing of ours, count in a process of its own."""
    assert stage.simulator is not None  # noqa: S101  # a promise to the type checker
    command = [
        *(sys.executable, "-m", "difusio_checker"),
        *("--orders", str(stage.files["orders"]), "--people", str(stage.files["people"])),
        *("--consents", str(stage.files["consents"]), "--audience", str(audience), "--ledger", str(ledger)),
        *("--segment", str(segment), "--shift-days", str(stage.shift.days)),
        *("--simulator", stage.simulator.url, "--json"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    (stage.folder / "checker.log").write_text(run.stdout + run.stderr, "utf-8")
    try:
        result: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        raise DemoError(f"The checker could not count: {run.stderr.strip()[-500:]}") from None
    stage.holds = run.returncode == 0 and result["holds"]
    if not stage.holds:
        stage.say(f"           The checker finds faults; see {stage.folder / 'checker.log'}")
    return result


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310  # our own address on this machine
            return bool(response.status == 200)  # noqa: PLR2004  # HTTP's own number
    except (URLError, OSError):
        return False
