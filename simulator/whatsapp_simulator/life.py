"""What becomes of an accepted message: sent, delivered, read, answered or failed; and what people do."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from whatsapp_simulator import payloads
from whatsapp_simulator.countries import is_in_the_us
from whatsapp_simulator.deeds import WINDOW_S, Deeds
from whatsapp_simulator.dice import between, between_log, side, throw
from whatsapp_simulator.graph.errors import told_in_webhook
from whatsapp_simulator.people import Address, Person
from whatsapp_simulator.scenario import Group
from whatsapp_simulator.shown import Media, Reaction, Shown, as_text
from whatsapp_simulator.tallies import Counted
from whatsapp_simulator.templates import QuickReply, Template
from whatsapp_simulator.words import LEAVING, REPLIES, label_means_leaving, language_of
from whatsapp_simulator.world import Line, World

_UNREACHABLE, _EXPERIMENT, _WINDOW_CLOSED, _CAPPED, _STOPPED = 131026, 130472, 131047, 131049, 131050
_INVALID, _MEDIA_UNUSABLE = 131009, 131053
_REACTED_WITHIN_S = 30 * WINDOW_S
_FAILS_AFTER_S = (1.0, 5.0)
_REPEATED_AFTER_S = (0.5, 30.0)

# Which side of a message's dice decides what.
(
    _SENT_AT, _DELIVERED_OR_NOT, _DELIVERED_AT, _READ_AT, _PRICED_WHERE, _REPEATED, _SWAPPED, _MISSING,
    _FAILED_TOO,
    _REPLY_AT, _REPLY_TEXT, _REPEATED_AT, _FAILS_AT, _REPEATED_WHICH, _LATE,
) = range(15)  # fmt: skip

Endpoint = Literal["messages", "marketing_messages"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that passed all checks."""

    line: Line
    address: Address
    person: Person
    endpoint: Endpoint
    token: str | None
    """`biz_opaque_callback_data`."""
    template: Template | None
    shown: Shown
    """What the person sees."""
    people: tuple[Person, ...]
    """Whom it reaches: the person, or everybody in the group."""
    group: Group | None = None
    direct: bool = False
    """Sent as Direct Send, which counts as a utility template."""
    is_held: bool = False
    """Kept back until the template's quality is known."""

    @property
    def needs_window(self) -> bool:
        """Tell whether it may be sent in the 24 hours after the person wrote only."""
        return self.template is None and not self.direct


@dataclass(slots=True)
class _Message:
    """A message on its way."""

    wamid: str
    row: int
    """In the accepted journal."""
    person: Person
    line: Line
    token: str | None
    address: Address
    dice: bytes
    category: str
    language: str
    is_marketing: bool
    pricing: dict[str, Any] | None
    withheld: tuple[str, ...] | None
    counted: Counted
    group_id: str = ""
    is_reaction: bool = False
    held: dict[str, Any] | None = None
    price: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a message fails after all; details: empty for the documented ones."""

    code: int
    details: str = ""


class Life:
    """The course of events; every step schedules the next one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.deeds = Deeds(world)

    def accept(self, out: Outgoing) -> str:
        """Take a message in: count it, write it down, and let its life begin; answers its wamid."""
        world, person = self._world, out.person
        now, real_now = world.clock.now(), world.real_time()
        wamid = payloads.outbound_id(person.wa_digits, world.nonce())
        out.line.count_accepted(time.monotonic())
        world.counts.accepted += 1
        world.counts.second(real_now).accepted += 1
        row = self._write_down(out, wamid, now, real_now)
        for one in out.people:
            one.chat.append(row)
            one.last_at = now
        files = _files(out.shown)
        if world.habits.fetch_links and any(file.link for file in files):
            world.links.check(files, then=lambda trouble: self._begin_all(out, wamid, row, trouble))
        else:
            self._begin_all(out, wamid, row, next(filter(None, map(world.media.trouble, files)), ""))
        return wamid

    def _begin_all(self, out: Outgoing, wamid: str, row: int, trouble: str) -> None:
        """Let the message set out for everybody it is meant for; trouble: what is wrong with its files."""
        failure = _Failure(_MEDIA_UNUSABLE, trouble) if trouble else None
        now = self._world.clock.now()
        for person in out.people:
            self._begin(out, person, wamid, row, now, failure)

    def _begin(
        self, out: Outgoing, person: Person, wamid: str, row: int, now: float, failure: _Failure | None
    ) -> None:
        world = self._world
        person.received += 1
        person.typing_until = 0.0
        is_marketing = out.template is not None and out.template.category == "MARKETING"
        quick_replies = _quick_replies(out.shown)
        if quick_replies:
            person.quick_replies = (wamid, quick_replies)
        if out.template is None and person.has_left:
            person.confirmed = True
            world.counts.confirmations += 1
        fault = world.faults.strikes(
            "withhold_status", person=person, phone_number_id=out.line.number.phone_number_id
        )
        message = _Message(
            wamid=wamid,
            row=row,
            person=person,
            line=out.line,
            token=out.token,
            address=out.address,
            dice=throw(world.seed, "message", person.key, person.received),
            category=_category(
                out, onboarded=world.setup.marketing_messages_onboarding_status == "ONBOARDED"
            ),
            language=out.template.language if out.template else "",
            is_marketing=is_marketing,
            pricing=None,
            withheld=None if fault is None else fault.statuses,
            counted=_counted(out, person, now),
            group_id=out.group.group_id if out.group else "",
            is_reaction=out.shown.reaction is not None,
        )
        failure = self._failure(out, person, now, is_marketing=is_marketing) or failure
        if out.is_held and out.template is not None:
            self._hold(message, out.template, failure)
        else:
            self._set_out(message, failure)

    def _hold(self, message: _Message, template: Template, failure: _Failure | None) -> None:
        def go_on(code: int | None) -> None:
            self._set_out(message, _Failure(code) if code is not None else failure)

        standing = self._world.catalogue.of(template.name, template.language)
        if standing is not None:
            self._world.lifecycle.hold(standing, go_on)

    def _set_out(self, message: _Message, failure: _Failure | None) -> None:
        world, now = self._world, self._world.clock.now()
        if failure is not None:
            at = now + between(*_FAILS_AFTER_S, side(message.dice, _FAILS_AT))
            world.schedule.at(at, self._fail, (message, failure))
            return
        message.pricing = message.price = self._pricing(message, now)
        world.schedule.at(
            now + between(*world.habits.sent_s, side(message.dice, _SENT_AT)), self._send, message
        )

    def _write_down(self, out: Outgoing, wamid: str, now: float, real_now: float) -> int:
        template, shown = out.template, out.shown
        name, language, category = (
            (None, None, None) if template is None else (template.name, template.language, template.category)
        )
        content = as_text(shown)
        subject = f"{shown.type}\0{name or ''}\0{language or ''}\0{content}".encode("utf-8", "surrogatepass")
        if template is None and (shown.type != "text" or shown.context):
            # Here the text is not all there is.
            subject += msgspec.json.encode(shown)
        row = {
            "seq": len(self._world.accepted) + 1,
            "at": now,
            "real_at": real_now,
            "wamid": wamid,
            "phone_number_id": out.line.number.phone_number_id,
            "token": out.token,
            "address": out.group.group_id if out.group else str(out.address),
            "person": out.group.group_id if out.group else out.person.key,
            "type": shown.type,
            "template": name,
            "language": language,
            "category": category,
            "content": content,
            "content_hash": hashlib.blake2b(subject, digest_size=16).hexdigest(),
            "endpoint": out.endpoint,
            "shown": shown,
        }
        self._world.progress.begin()
        return self._world.accepted.append(msgspec.json.encode(row))

    def _failure(self, out: Outgoing, person: Person, now: float, *, is_marketing: bool) -> _Failure | None:
        """Decide whether the message will fail later, and with which code."""
        number_id = out.line.number.phone_number_id
        if out.needs_window and not any(one.window_open(number_id, now) for one in out.people):
            return _Failure(_WINDOW_CLOSED)
        if person.unreachable:
            return _Failure(_UNREACHABLE)
        if out.shown.reaction is not None and not self._can_be_reacted_to(person, out.shown.reaction, now):
            return _Failure(_INVALID, "The message that was reacted to is unknown or older than 30 days.")
        return self._failure_of_marketing(person) if is_marketing else None

    def _failure_of_marketing(self, person: Person) -> _Failure | None:
        if person.stopped_natively:
            return _Failure(_STOPPED)
        in_the_us = self._world.habits.us_marketing_paused and is_in_the_us(person.phone or "")
        if person.capped or in_the_us:
            return _Failure(_CAPPED)
        return _Failure(_EXPERIMENT) if person.experiment else None

    def _can_be_reacted_to(self, person: Person, reaction: Reaction, now: float) -> bool:
        row = self._world.line_of_chat(person, reaction.message_id)
        return row is not None and row["at"] + _REACTED_WITHIN_S >= now

    def _pricing(self, message: _Message, now: float) -> dict[str, Any]:
        """Say what the message costs, by the rules from 2026-10-01.

        Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing (read
        September 2026); that messages of the free tier are `free_customer_service` is our inference.
        """
        is_free = False
        if message.category == "service":
            line, month = message.line, int(now // (30 * WINDOW_S))
            if line.service_month != month:
                line.service_month, line.service_messages = month, 0
            line.service_messages += 1
            is_free = line.service_messages <= self._world.habits.free_service_messages
        kind = "free_customer_service" if is_free else "regular"
        return {"billable": not is_free, "pricing_model": "PMP", "type": kind, "category": message.category}

    def _send(self, due: float, message: _Message) -> None:
        habits, dice = self._world.habits, message.dice
        self._world.progress.reach(message.row, "sent")
        self._world.tallies.sent(message.counted, due)
        chance = side(dice, _DELIVERED_OR_NOT)
        arrives = not message.person.blocks_us and chance < habits.delivered + habits.delivered_late
        # Of a reaction Meta tells nothing but that it was sent.
        arrives = arrives and not message.is_reaction
        status = self._status(message, "sent", due, priced=side(dice, _PRICED_WHERE) < 0.5 or not arrives)  # noqa: PLR2004  # one half
        if arrives and side(dice, _SWAPPED) < habits.swap:
            message.held = status
        else:
            self._emit(message, status, due)
        if not arrives:
            return
        if chance < habits.delivered:
            later = between(*habits.delivered_s, side(dice, _DELIVERED_AT))
        else:
            later = between(*habits.late_s, side(dice, _LATE))
        self._world.schedule.at(due + later, self._deliver, message)

    def _deliver(self, due: float, message: _Message) -> None:
        habits, dice, person = self._world.habits, message.dice, message.person
        self._world.progress.reach(message.row, "delivered")
        self._count_delivery(message, due)
        will_tell_reading = person.reads and person.read_receipts
        if not (will_tell_reading and side(dice, _MISSING) < habits.missing_delivered):
            self._emit(message, self._status(message, "delivered", due, priced=True), due)
        if message.held is not None:
            self._emit(message, message.held, due)
            message.held = None
        if side(dice, _FAILED_TOO) < habits.delivered_and_failed:
            self._fail(due, (message, _Failure(_UNREACHABLE)))
        if person.reads:
            later = between_log(
                max(habits.read_s[0], 0.001), max(habits.read_s[1], 0.001), side(dice, _READ_AT)
            )
            self._world.schedule.at(due + later, self._read, message)

    def _count_delivery(self, message: _Message, at: float) -> None:
        world, priced = self._world, message.price or {}
        price = world.rules.prices.get(message.category, 0.0) if priced.get("billable") else 0.0
        kind = str(priced.get("type", ""))
        if world.tallies.delivered(message.counted, at, price=price, pricing_type=kind):
            world.lifecycle.judge(message.counted.template_id, at)

    def _read(self, due: float, message: _Message) -> None:
        person, habits = message.person, self._world.habits
        self._world.progress.reach(message.row, "read")
        if person.read_receipts:
            self._world.tallies.read(message.counted, due)
            self._emit(message, self._status(message, "read", due, priced=True), due)
        # Only marketing moves people to write: an answer to an answer would never end.
        if not message.is_marketing or person.has_left or not (person.replies or person.leaves != "no"):
            return
        later = between(*habits.reply_s, side(message.dice, _REPLY_AT))
        self._world.schedule.at(due + later, self._react, message)

    def _react(self, due: float, message: _Message) -> None:
        person = message.person
        line = self._world.lines.get(message.line.number.phone_number_id)
        if person.has_left or line is None:
            return
        language = person.language or language_of(message.language)
        chance = side(message.dice, _REPLY_TEXT)
        if person.leaves == "no":
            texts = REPLIES[language]
            text = person.reply_text or texts[int(chance * len(texts))]
            self.deeds.write(person, line, text, at=due, context=message.wamid)
            return
        if person.leaves == "native":
            self.deeds.prefer(person, line, "stop", at=due)
            return
        wamid, quick_replies = person.quick_replies or ("", ())
        button = next((reply for reply in quick_replies if label_means_leaving(reply.text)), None)
        if person.leaves == "button" and button is not None:
            self.deeds.tap(person, line, button, at=due, context=wamid)
            return
        texts = LEAVING[language]
        self.deeds.write(person, line, person.leaving_text or texts[int(chance * len(texts))], at=due)
        self.deeds.leave(person, "word")

    def _fail(self, due: float, failing: tuple[_Message, _Failure]) -> None:
        message, failure = failing
        self._world.counts.failed_later[str(failure.code)] += 1
        self._world.progress.fail(message.row, failure.code)
        status = self._status(message, "failed", due, priced=False)
        status["errors"] = [told_in_webhook(failure.code, failure.details)]
        self._emit(message, status, due)

    def _status(self, message: _Message, name: str, at: float, *, priced: bool) -> dict[str, Any]:
        person = message.person
        status: dict[str, Any] = {"id": message.wamid, "status": name, "timestamp": str(int(at))}
        if message.group_id:
            status |= {"recipient_id": message.group_id, "recipient_type": "group"}
            status["recipient_participant_id"] = person.phone
            status["recipient_participant_user_id"] = person.user_id
        elif person.phone_known and person.phone:
            status["recipient_id"] = person.phone
        # Never on failed for a send by phone.
        if name != "failed" or message.address.phone is None:
            status["recipient_user_id"] = person.user_id
        if message.token is not None:
            status["biz_opaque_callback_data"] = message.token
        if priced and message.pricing is not None:
            status["pricing"], message.pricing = message.pricing, None
        return status

    def _emit(self, message: _Message, status: dict[str, Any], at: float) -> None:
        name, world = status["status"], self._world
        if message.withheld is not None and (not message.withheld or name in message.withheld):
            world.counts.statuses["withheld"] += 1
            return
        world.outbox.status(message.line.number, message.person, status)
        if side(message.dice, _REPEATED) < world.habits.duplicate and _is_the_one(message, name):
            later = at + between(*_REPEATED_AFTER_S, side(message.dice, _REPEATED_AT))
            world.schedule.at(later, self._repeat, (message, status))

    def _repeat(self, _due: float, repeated: tuple[_Message, dict[str, Any]]) -> None:
        message, status = repeated
        self._world.outbox.status(message.line.number, message.person, status)
        self._world.counts.statuses["repeated"] += 1


def _quick_replies(shown: Shown) -> tuple[QuickReply, ...]:
    """Find what can be tapped and comes back as a `button`: of the message itself, else of its cards."""
    if not shown.buttons and not shown.cards:
        return ()
    buttons = (*shown.buttons, *(button for card in shown.cards for button in card.buttons))
    return tuple([QuickReply(one.title, one.id) for one in buttons if one.kind == "quick_reply"])


def _files(shown: Shown) -> tuple[Media, ...]:
    """Find the files a message carries."""
    headers = (shown.header, *[card.header for card in shown.cards])
    found = (shown.media, *[header.media for header in headers if header is not None])
    return tuple([media for media in found if media is not None])


def _category(out: Outgoing, *, onboarded: bool) -> str:
    if out.group is not None:
        return f"group_{'service' if out.template is None else out.template.category.lower()}"
    if out.template is None:
        return "utility" if out.direct else "service"
    if out.endpoint == "marketing_messages" and onboarded:
        return "marketing_lite"
    return out.template.category.lower()


def _counted(out: Outgoing, person: Person, now: float) -> Counted:
    template_id = "" if out.template is None else str(out.template.facts["id"])
    category = "SERVICE" if out.template is None else out.template.category
    where = person.country
    return Counted(template_id, out.line.number.digits, where, category, now)


def _is_the_one(message: _Message, name: str) -> bool:
    """Choose which of a message's statuses is the one that comes twice."""
    return name == ("sent", "delivered", "read")[int(side(message.dice, _REPEATED_WHICH) * 3)]
