"""The control plane, `/_control/…`: set up, push, break, wait and count; never under a Graph path.

Its shape is documented in docs/reference.md and relied upon by others: add to it, do not change it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from whatsapp_simulator import __version__
from whatsapp_simulator.control_calls import ROOT, ControlRequest, NotFoundError, Told
from whatsapp_simulator.control_management import ManagementControl
from whatsapp_simulator.control_numbers import NumberActs
from whatsapp_simulator.control_people import PeopleActs
from whatsapp_simulator.crowd import gather
from whatsapp_simulator.description import Body, describe
from whatsapp_simulator.journal import Journal
from whatsapp_simulator.life import Life
from whatsapp_simulator.looks import Looks, traits, whole_number
from whatsapp_simulator.people import Person, read_phone, read_user_id
from whatsapp_simulator.samples import sample
from whatsapp_simulator.scenario import (
    Crowd,
    Fault,
    Habits,
    Identifier,
    Limits,
    MessagingStep,
    PersonFacts,
    ScenarioError,
    Setup,
    decode,
)
from whatsapp_simulator.subscriptions import Callback
from whatsapp_simulator.webhooks import HandshakeError
from whatsapp_simulator.world import World

_ROWS, _MOST_ROWS = 1000, 10_000
_Rate = Annotated[float, Meta(ge=0, le=1_000_000)]


class _Closed(Struct, kw_only=True, forbid_unknown_fields=True):
    """A body without unknown members."""


class _Faults(_Closed):
    faults: tuple[Fault, ...]


class _People(_Closed):
    people: tuple[PersonFacts, ...]


class _ClockSetting(_Closed):
    rate: _Rate


class _Advance(_Closed):
    seconds: Annotated[float, Meta(ge=0, le=3.2e9)]


class _MessagingLimit(_Closed):
    step: MessagingStep


class _File(_Closed):
    mime_type: Annotated[str, Meta(pattern=r"^[a-z]+/[A-Za-z0-9.+-]+(;.*)?$")]
    content: bytes = b""
    """In Base64; left out: a tiny sample of the type."""
    id: Identifier | None = None
    phone_number_id: str | None = None
    """The number it counts as uploaded on; left out: a file that a person sent."""


# What each call is given; the others read nothing, or what their act needs.
_BODIES: Mapping[tuple[str, str], type[Struct]] = {
    ("PUT", "setup"): Setup,
    ("PUT", "habits"): Habits,
    ("PUT", "limits"): Limits,
    ("PUT", "messaging-limit"): _MessagingLimit,
    ("PUT", "faults"): _Faults,
    ("PUT", "clock"): _ClockSetting,
    ("POST", "clock/advance"): _Advance,
    ("POST", "people"): _People,
    ("POST", "crowd"): Crowd,
    ("POST", "media"): _File,
}


class Control:
    """The acts of the control plane over one world."""

    def __init__(self, world: World, life: Life) -> None:
        self._world = world
        self._life = life
        self._management = ManagementControl(world)
        self._acts: dict[str, dict[str, Callable[[ControlRequest], Awaitable[object]]]] = {
            "health": {"GET": self._health},
            "setup": {"GET": self._get_setup, "PUT": self._put_setup},
            "habits": {"GET": self._get_habits, "PUT": self._put_habits},
            "limits": {"GET": self._get_limits, "PUT": self._put_limits},
            "messaging-limit": {"GET": self._get_messaging_limit, "PUT": self._put_messaging_limit},
            "people": {"GET": self._list_people, "POST": self._add_people},
            "crowd": {"POST": self._gather},
            "faults": {"GET": self._get_faults, "PUT": self._put_faults},
            "clock": {"GET": self._get_clock, "PUT": self._put_clock},
            "clock/advance": {"POST": self._advance},
            "counts": {"GET": self._get_counts},
            "counts/per-second": {"GET": self._get_seconds},
            "accepted": {"GET": self._list_accepted},
            "inbound": {"GET": self._list_inbound},
            "idle": {"GET": self._get_idle},
            "phones": {"GET": self._list_phones},
            "traffic": {"GET": self._list_traffic},
            "media": {"POST": self._add_file},
            "reset": {"POST": self._reset},
            "openapi.json": {"GET": self._describe},
        }
        self._looks = Looks(world)
        self._people_acts = PeopleActs(world, life.deeds)
        self._number_acts = NumberActs(world, line=self._people_acts.line, meet=self._meet)
        for path in self._number_acts.by_path:
            self._acts[path] = {"POST": self._act_on_number}

    async def answer(self, request: ControlRequest) -> Told:
        """Answer a request; mistakes are told in a sentence under `error.message`."""
        try:
            if request.path.startswith("media/"):
                return self._file(request)
            if request.path.startswith("people/"):
                answered = self._person(request)
            elif request.path.startswith("phones/"):
                answered = self._show_phone(request)
            elif request.path.startswith("traffic/"):
                answered = self._show_entry(request)
            elif self._management.knows(request.path):
                answered = self._management.answer(request)
            else:
                answered = await self._act(request)(request)
        except NotFoundError as problem:
            return _mistake(404, str(problem))
        except (ScenarioError, HandshakeError) as problem:
            return _mistake(400, str(problem))
        return Told(200, answered if isinstance(answered, bytes) else msgspec.json.encode(answered))

    def _act(self, request: ControlRequest) -> Callable[[ControlRequest], Awaitable[object]]:
        methods = self._acts.get(request.path)
        if methods is None:
            raise NotFoundError(
                f"There is no {ROOT}{request.path}; see {ROOT}openapi.json for what there is."
            )
        if request.method not in methods:
            raise NotFoundError(f"{ROOT}{request.path} takes {' and '.join(methods)}, not {request.method}.")
        return methods[request.method]

    async def _describe(self, _request: ControlRequest) -> object:
        acts: dict[str, dict[str, Body]] = {
            path: {method: _BODIES.get((method, path)) for method in methods}
            for path, methods in self._acts.items()
        }
        acts |= {f"people/{{address}}/{name}": {"POST": None} for name in self._people_acts.by_name}
        acts |= {
            path: {"GET": None}
            for path in ("people/{address}", "phones/{address}", "traffic/{number}", "media/{id}")
        }
        return describe(self._world, acts | self._management.bodies())

    async def _health(self, _request: ControlRequest) -> object:
        world = self._world
        return {
            "status": "ok",
            "version": __version__,
            "seed": world.seed,
            "callback_verified": world.outbox.is_verified,
            "broken_events": world.schedule.broken,
        }

    async def _get_setup(self, _request: ControlRequest) -> object:
        return self._world.setup

    async def _put_setup(self, request: ControlRequest) -> object:
        setup, world = decode(request.body, Setup), self._world
        old = world.setup
        is_same = (setup.callback_url, setup.verify_token) == (old.callback_url, old.verify_token)
        if setup.callback_url and setup.verify_callback and not (is_same and world.outbox.is_verified):
            await world.outbox.shake_hands(Callback(setup.callback_url, setup.verify_token))
        world.replace_setup(setup, verified=True)
        return world.setup

    async def _get_habits(self, _request: ControlRequest) -> object:
        return self._world.habits

    async def _put_habits(self, request: ControlRequest) -> object:
        self._world.replace_habits(decode(request.body, Habits))
        return self._world.habits

    async def _get_limits(self, _request: ControlRequest) -> object:
        return self._world.limits

    async def _put_limits(self, request: ControlRequest) -> object:
        self._world.replace_limits(decode(request.body, Limits))
        return self._world.limits

    async def _get_messaging_limit(self, _request: ControlRequest) -> object:
        portfolio = self._world.portfolio
        used = portfolio.used(self._world.clock.now())
        return {"step": portfolio.step, "most": portfolio.most, "used": used}

    async def _put_messaging_limit(self, request: ControlRequest) -> object:
        self._world.portfolio.change(decode(request.body, _MessagingLimit).step)
        return await self._get_messaging_limit(request)

    async def _list_people(self, request: ControlRequest) -> object:
        limit = whole_number(request.query, "limit", _ROWS, most=_MOST_ROWS)
        people = self._world.population.listed(after=request.query.get("after"), limit=limit)
        return {
            "data": [traits(person) for person in people],
            "after": people[-1].key if people else None,
            "total": len(self._world.population),
        }

    async def _add_people(self, request: ControlRequest) -> object:
        added = self._world.population.add(decode(request.body, _People).people)
        return {"people": [traits(person) for person in added]}

    async def _gather(self, request: ControlRequest) -> object:
        crowd = decode(request.body, Crowd)
        gathered = gather(self._world.population, crowd, seed=self._world.seed)
        return {"people": len(gathered), "total": len(self._world.population)}

    async def _get_faults(self, _request: ControlRequest) -> object:
        return self._faults()

    async def _put_faults(self, request: ControlRequest) -> object:
        self._world.replace_faults(decode(request.body, _Faults).faults)
        return self._faults()

    def _faults(self) -> object:
        return {
            "faults": [
                {**msgspec.to_builtins(fault), "struck": struck}
                for fault, struck in self._world.faults.listed()
            ]
        }

    async def _get_clock(self, _request: ControlRequest) -> object:
        return self._clock()

    async def _put_clock(self, request: ControlRequest) -> object:
        self._world.clock.set_rate(decode(request.body, _ClockSetting).rate)
        self._world.schedule.clock_changed()
        return self._clock()

    async def _advance(self, request: ControlRequest) -> object:
        ahead = decode(request.body, _Advance).seconds
        # A file that is being fetched belongs to the time before.
        await self._world.links.finish()
        self._world.clock.advance(ahead)
        self._world.schedule.clock_changed()
        # When the answer comes, all that fell due has happened; only webhooks may still be on their way.
        await self._world.schedule.play_due()
        return self._clock()

    def _clock(self) -> object:
        return {
            "now": self._world.clock.now(),
            "rate": self._world.clock.rate,
            "real_now": self._world.real_time(),
        }

    async def _get_counts(self, _request: ControlRequest) -> object:
        world = self._world
        return {
            **world.counts.totals(),
            "faults": dict(world.faults.by_kind),
            "people": len(world.population),
            "webhooks_pending": world.outbox.pending,
        }

    async def _get_seconds(self, _request: ControlRequest) -> object:
        return {
            "data": [
                {
                    "second": row.second,
                    "accepted": row.accepted,
                    "refused": row.refused,
                    "inbound": row.inbound,
                }
                for row in self._world.counts.seconds
            ]
        }

    async def _list_accepted(self, request: ControlRequest) -> object:
        return _rows(self._world.accepted, request.query)

    async def _list_inbound(self, request: ControlRequest) -> object:
        return _rows(self._world.inbound, request.query)

    async def _get_idle(self, _request: ControlRequest) -> object:
        world = self._world
        # A message whose file is still being fetched has everything before it.
        events = len(world.schedule) - world.outbox.waiting_for_retry + world.links.pending
        due = world.schedule.next_due
        next_due_s = None if due is None else due - world.clock.now()
        return {
            "idle": events == 0 and world.outbox.pending == 0,
            "settled": not world.outbox.pending
            and not world.links.pending
            and (next_due_s is None or next_due_s > 0),
            "pending_events": events,
            "pending_webhooks": world.outbox.pending,
            "next_due_s": None if next_due_s is None else max(next_due_s, 0.0),
        }

    async def _reset(self, _request: ControlRequest) -> object:
        self._world.reset()
        return {"status": "ok"}

    async def _add_file(self, request: ControlRequest) -> object:
        written = decode(request.body, _File)
        content = written.content or sample(written.mime_type)
        if content is None:
            raise ScenarioError(f"There is no sample of {written.mime_type}; give the `content` in Base64.")
        if written.phone_number_id is not None and written.phone_number_id not in self._world.lines:
            raise ScenarioError(f"The setup has no number with the id {written.phone_number_id}.")
        file = self._world.media.store(
            content, written.mime_type, phone_number_id=written.phone_number_id or "", media_id=written.id
        )
        return {"id": file.id, "mime_type": file.mime_type, "sha256": file.sha256, "file_size": len(content)}

    def _file(self, request: ControlRequest) -> Told:
        file = self._world.media.find(request.path.removeprefix("media/"))
        if file is None or request.method != "GET":
            raise NotFoundError(f"There is no {request.method} {ROOT}{request.path}.")
        return Told(200, file.content, file.mime_type)

    async def _act_on_number(self, request: ControlRequest) -> object:
        return self._number_acts.by_path[request.path](request.body)

    def _person(self, request: ControlRequest) -> object:
        address, _, act = request.path.removeprefix("people/").partition("/")
        if not act:
            person = self._world.population.find(address)
            if person is None:
                raise NotFoundError(f"Nobody with the address {address} was met yet.")
            if request.method != "GET":
                raise NotFoundError(f"{ROOT}people/{{address}} takes GET; acts stand below it.")
            return self._whole_person(person)
        acts = self._people_acts.by_name
        if act not in acts or request.method != "POST":
            raise NotFoundError(f"People can {', '.join(acts)} (POST), not {request.method} {act}.")
        person = self._meet(address)
        acts[act](person, request.body)
        return self._whole_person(person)

    def _meet(self, text: str) -> Person:
        known = self._world.population.find(text)
        if known is not None:
            return known
        address = read_phone(text if text.startswith("+") else f"+{text}") or read_user_id(text)
        if address is None:
            raise NotFoundError(
                f"{text} is neither a person's key nor a phone with country code nor a BSUID."
            )
        return self._world.population.meet(address)

    def _whole_person(self, person: Person) -> object:
        return self._looks.person(person)

    async def _list_phones(self, request: ControlRequest) -> object:
        return self._looks.phones(request.query)

    def _show_phone(self, request: ControlRequest) -> object:
        address = request.path.removeprefix("phones/")
        person = self._world.population.find(address)
        if person is None or request.method != "GET":
            raise NotFoundError(f"Nobody with the address {address} was met yet.")
        return self._looks.phone(person, request.query)

    async def _list_traffic(self, request: ControlRequest) -> object:
        return await self._looks.traffic(request.query)

    def _show_entry(self, request: ControlRequest) -> object:
        number = request.path.removeprefix("traffic/")
        entry = self._looks.entry(number) if request.method == "GET" else None
        if entry is None:
            raise NotFoundError(f"There is no entry {number} in the traffic (any more).")
        return entry


def _rows(journal: Journal, query: Mapping[str, str]) -> bytes:
    after = whole_number(query, "after", 0, most=len(journal))
    rows = journal.rows(after=after, limit=whole_number(query, "limit", _ROWS, most=_MOST_ROWS))
    return b'{"data":[%b],"after":%d,"total":%d}' % (b",".join(rows), after + len(rows), len(journal))


def _mistake(status: int, sentence: str) -> Told:
    return Told(status, msgspec.json.encode({"error": {"message": sentence}}))
