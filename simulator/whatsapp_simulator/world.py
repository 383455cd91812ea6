"""One simulated platform: account, numbers, templates, people, clock, and all that was counted."""

import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from whatsapp_simulator.account import Account, Particulars
from whatsapp_simulator.catalogue import Catalogue, Standing, compile_all
from whatsapp_simulator.clock import Clock
from whatsapp_simulator.counts import Counts, Pace
from whatsapp_simulator.crowd import gather
from whatsapp_simulator.faults import FaultBox
from whatsapp_simulator.graph.errors import ERRORS
from whatsapp_simulator.journal import Journal
from whatsapp_simulator.lifecycle import Lifecycle
from whatsapp_simulator.limits import MarketingMeasure, PairRate, Throughput
from whatsapp_simulator.links import LinkFetcher
from whatsapp_simulator.media import MediaStore, UnknownMedia
from whatsapp_simulator.notices import date_in_words
from whatsapp_simulator.people import Person, Population
from whatsapp_simulator.portfolio import Portfolio, capability, highest
from whatsapp_simulator.progress import Progress
from whatsapp_simulator.quota import Quota
from whatsapp_simulator.scenario import (
    Fault,
    Habits,
    Limits,
    MessagingStep,
    Number,
    Rules,
    Scenario,
    ScenarioError,
    Setup,
)
from whatsapp_simulator.schedule import Schedule
from whatsapp_simulator.subscriptions import Callback, Subscriptions
from whatsapp_simulator.tallies import Tallies
from whatsapp_simulator.traffic import Traffic
from whatsapp_simulator.uploads import UploadDesk
from whatsapp_simulator.wakefulness import Wakefulness
from whatsapp_simulator.webhooks import Outbox

_LINES_LOOKED_AT = 1000


class Line:
    """A business number at work: its limits and what passed over it."""

    def __init__(self, number: Number, pace: Pace, limits: Callable[[], Limits]) -> None:
        self.number = number
        self.pace = pace
        mps = min(number.mps, limits().shared_number_mps) if number.is_on_biz_app else number.mps
        self.throughput = Throughput(per_second=mps, burst_s=number.burst_s)
        self.pairs = PairRate(limits)
        self.service_month = 0
        self.service_messages = 0
        self.particulars = Particulars(is_verified=number.status != "UNVERIFIED")

    def move(self, seconds: float) -> None:
        """Let so many real seconds not have been."""
        for counted in (self.throughput, self.pace.accepted, self.pace.passed):
            counted.move(seconds)

    def take_from_free_tier(self, month: int, most: int) -> bool:
        """Tell whether a service message is among the free ones of its calendar month, and count it."""
        if self.service_month != month:
            self.service_month, self.service_messages = month, 0
        self.service_messages += 1
        return self.service_messages <= most

    @property
    def checks_identity(self) -> bool:
        """Tell whether a message with another identity key hash than the person's is refused."""
        told = self.particulars.settings.get("user_identity_change", {}).get("enable_identity_key_check")
        return self.number.identity_key_check if told is None else str(told).lower() in ("true", "1")

    def count_accepted(self, monotonic: float, *, since: float) -> None:
        """Count a message to a person that came in at some moment since; real seconds."""
        self.throughput.take()
        self.pace.accepted_total += 1
        self.pace.accepted.count(monotonic, since=since)
        self.pace.passed.count(monotonic, since=since)

    def count_inbound(self, monotonic: float) -> None:
        """Count a message from a person."""
        self.throughput.has_room(monotonic)
        self.throughput.take()
        self.pace.inbound_total += 1
        self.pace.passed.count(monotonic)


class World:
    """The state all parts share; made inside a running event loop."""

    RUNTIME = frozenset(
        {"clock", "schedule", "outbox", "links", "traffic", "accepted", "inbound", "base_url", "wakefulness"}
    )
    """What a snapshot does not hold as it stands: state.py keeps what is in it, or it begins anew."""

    def __init__(self, scenario: Scenario) -> None:
        self.seed = scenario.seed
        self.habits = scenario.habits
        self.replace_limits(scenario.limits)
        self.clock = Clock(start=scenario.clock.start, rate=scenario.clock.rate)
        self.schedule = Schedule(self.clock)
        self.counts = Counts()
        self.wakefulness = Wakefulness()
        self.faults = FaultBox(seed=scenario.seed, faults=scenario.faults, now=self.clock.now)
        self.population = Population(seed=scenario.seed, habits=scenario.habits)
        self.replace_rules(scenario.rules)
        self.accepted = Journal()
        self.inbound = Journal()
        self.progress = Progress()
        self.traffic = Traffic()
        self.media = MediaStore(self.clock, unknown=self._unknown_media)
        self.uploads = UploadDesk()
        self.links = LinkFetcher(self.clock)
        self.outbox = Outbox(
            setup=lambda: self.setup,
            subscriptions=lambda: self.subscriptions,
            habits=lambda: self.habits,
            clock=self.clock,
            schedule=self.schedule,
            faults=lambda: self.faults,
            counts=lambda: self.counts,
            traffic=self.traffic,
        )
        self.catalogue = Catalogue()
        self.templates = self.catalogue.templates
        self.tallies = Tallies()
        self.lifecycle = Lifecycle(
            seed=scenario.seed,
            catalogue=self.catalogue,
            tallies=self.tallies,
            rules=self._current_rules,
            clock=self.clock,
            schedule=self.schedule,
            tell=self.outbox.management,
        )
        self.quota = Quota(self.clock)
        self.marketing = MarketingMeasure(self._current_limits)
        self.portfolio = Portfolio(
            limits=self._current_limits,
            schedule=self.schedule,
            is_healthy=self._is_healthy,
            changed=self._tell_messaging_limit,
        )
        self.base_url = ""
        """Scheme and host of this simulator, once it listens."""
        self._run = secrets.token_hex(4).upper()
        self._ids = 0
        self.replace_setup(scenario.setup, verified=not scenario.setup.verify_callback)
        self._plan_deeds()
        self.population.add(scenario.people)
        if scenario.crowd is not None:
            gather(self.population, scenario.crowd, seed=self.seed)

    def replace_setup(self, setup: Setup, *, verified: bool) -> None:
        """Put another account in place; raises ScenarioError, and changes nothing, if it makes no sense."""
        templates = compile_all(setup.templates)
        ids = [number.phone_number_id for number in setup.numbers]
        if len({*ids, setup.waba_id}) <= len(ids):
            raise ScenarioError("The ids of `numbers` and `waba_id` must all differ.", path="$.setup.numbers")
        self.setup = setup
        self.catalogue.fill(templates, at=self.clock.now())
        self._open_account()
        self.outbox.setup_changed(verified=verified)

    def change_setup(self, **changes: Any) -> None:
        """Let the account itself change a part of its setup over the API."""
        self.setup = replace(self.setup, **changes)

    def change_number(self, line: Line, **changes: Any) -> None:
        """Let something about a number become otherwise."""
        line.number = replace(line.number, **changes)
        known = line.number.phone_number_id
        numbers = self.setup.numbers
        self.change_setup(
            numbers=tuple(line.number if one.phone_number_id == known else one for one in numbers)
        )

    def add_number(self, number: Number) -> Line:
        """Put another number into the account."""
        self.change_setup(numbers=(*self.setup.numbers, number))
        line = self.lines[number.phone_number_id] = Line(
            number, self.counts.pace(number.phone_number_id), self._current_limits
        )
        return line

    def template_sent_to(self, person: Person, *, wamid: str | None = None) -> Standing | None:
        """Find the template of a message to a person, or of the last one they got."""
        for row in reversed(person.chat):
            if row > 0:
                sent = msgspec.json.decode(self.accepted.row(row))
                if sent["template"] and wamid in (None, sent["wamid"]):
                    return self.catalogue.of(sent["template"], sent["language"])
        return None

    def replace_habits(self, habits: Habits) -> None:
        """Let people met from now on have other habits."""
        self.habits = habits
        self.population.habits = habits

    def replace_limits(self, limits: Limits) -> None:
        """Let the platform let through more or less from now on; raises ScenarioError if that makes no sense."""
        if limits.over_messaging_limit not in ERRORS:
            raise ScenarioError(
                f"{limits.over_messaging_limit} is not a documented error code.",
                path="$.limits.over_messaging_limit",
            )
        self.limits = limits

    def replace_rules(self, rules: Rules) -> None:
        """Let the platform go by other rules from now on."""
        self.rules = rules
        self.population.reads_international = rules.digits_without_plus == "international"

    def replace_faults(self, faults: Iterable[Fault]) -> None:
        """Put other faults in force; raises ScenarioError if one cannot work as told."""
        self.faults.replace(faults)
        self.schedule.drop(self._do_deed)
        self.schedule.drop(self._undo_ban)
        self._plan_deeds()

    def _plan_deeds(self) -> None:
        now = self.clock.now()
        for deed in self.faults.deeds():
            self.schedule.at(now + (deed.from_s or 0.0), self._do_deed, deed)
            if deed.until_s is not None:
                self.schedule.at(now + deed.until_s, self._undo_ban, deed)

    def _do_deed(self, _due: float, deed: Fault) -> None:
        """Let Meta do what a fault says; what is about a template that is not there does not happen."""
        if deed.kind == "ban":
            self.ban()
        elif deed.kind == "rate_number":
            for line in self.lines.values():
                if deed.phone_number_id in (None, line.number.phone_number_id):
                    self.change_number(line, quality_rating=deed.score)
        else:
            standings = self.catalogue.named(deed.template or "")
            if not standings:
                return
            for standing in standings:
                if deed.kind == "pause_template":
                    self.lifecycle.pause(standing)
                else:
                    self.lifecycle.rate(standing, deed.score or "UNKNOWN")
        self.faults.count(deed)

    def _undo_ban(self, _due: float, _deed: Fault) -> None:
        self.reinstate()

    def ban(self) -> None:
        """Disable the account: it can send nothing."""
        self.account.is_banned = True
        self.tell_ban("DISABLE")

    def reinstate(self) -> None:
        """Let the account send again, without any restriction."""
        self.account.is_banned = False
        self.account.restrictions.clear()
        self.tell_ban("REINSTATE")

    def tell_ban(self, state: str) -> None:
        """Tell by webhook that the account is banned, will be, or no longer is."""
        info = {"waba_ban_state": state, "waba_ban_date": date_in_words(self.clock.now())}
        self.outbox.management("account_update", {"event": "DISABLED_UPDATE", "ban_info": info})

    def reset(self) -> None:
        """Forget people, faults, counts and all that was on its way; account, habits and clock stay."""
        self.counts = Counts()
        self.schedule.clear()
        self.outbox.forget()
        self.faults.replace(())
        self.faults.by_kind.clear()
        self.population.forget()
        self.accepted.clear()
        self.inbound.clear()
        self.progress.clear()
        self.traffic.clear()
        self.catalogue.fill(compile_all(self.setup.templates), at=self.clock.now())
        self._open_account()

    def _open_account(self) -> None:
        self.account = Account()
        self.subscriptions = Subscriptions(Callback(self.setup.callback_url, self.setup.verify_token))
        self.tallies.forget()
        self.quota.forget()
        self.marketing = MarketingMeasure(self._current_limits)
        self.portfolio.begin(highest(self.setup.numbers))
        self.lines = {
            number.phone_number_id: Line(
                number, self.counts.pace(number.phone_number_id), self._current_limits
            )
            for number in self.setup.numbers
        }

    # Methods, not lambdas: what holds them can be written into a snapshot.
    def _current_limits(self) -> Limits:
        return self.limits

    def _current_rules(self) -> Rules:
        return self.rules

    def _unknown_media(self) -> UnknownMedia:
        return self.habits.unknown_media

    def _is_healthy(self) -> bool:
        return all(line.number.quality_rating == "GREEN" for line in self.lines.values())

    def _tell_messaging_limit(self, step: MessagingStep) -> None:
        for line in self.lines.values():
            self.change_number(line, messaging_limit=step)
        self.outbox.management("business_capability_update", capability(step))

    def line_of_chat(self, person: Person, wamid: str) -> dict[str, Any] | None:
        """Find the row of a message among the last of a person's chat, sent or written."""
        mark = b'"wamid":' + msgspec.json.encode(wamid)
        for number in reversed(person.chat[-_LINES_LOOKED_AT:]):
            row = (self.accepted if number > 0 else self.inbound).row(abs(number))
            if mark in row:
                found: dict[str, Any] = msgspec.json.decode(row)
                return found
        return None

    def nonce(self) -> str:
        """Make eighteen hexadecimal digits that were never used before."""
        self._ids += 1
        return f"{self._run}{self._ids:010X}"

    def new_id(self) -> str:
        """Make an id as Graph gives them, sixteen digits that were never used before."""
        self._ids += 1
        return str(9_000_000_000_000_000 + int(self._run, 16) % 900_000 * 1_000_000_000 + self._ids)

    def close(self) -> None:
        """Give the journals back."""
        self.accepted.close()
        self.inbound.close()

    @staticmethod
    def real_time() -> float:
        """Tell the real time, in seconds since 1970."""
        return time.time()
