"""What becomes of an accepted message: sent, delivered, read, played or failed."""

import hashlib
import time
from functools import partial
from typing import Any

import msgspec

from whatsapp_simulator import payloads
from whatsapp_simulator.answering import Answering
from whatsapp_simulator.choices import choices_of
from whatsapp_simulator.deeds import Deeds
from whatsapp_simulator.dice import between, between_log, side, throw
from whatsapp_simulator.graph.errors import told_in_webhook
from whatsapp_simulator.outgoing import (
    DELIVERED_AT,
    DELIVERED_OR_NOT,
    FAILED_TOO,
    FAILS_AT,
    LATE,
    MISSING,
    PRICED_WHERE,
    READ_AT,
    REPEATED,
    REPEATED_AT,
    REPEATED_WHICH,
    SENT_AT,
    SWAPPED,
    Failure,
    Message,
    Outgoing,
)
from whatsapp_simulator.people import Person
from whatsapp_simulator.pricing import conversation_of, price_of
from whatsapp_simulator.shown import Shown, as_text
from whatsapp_simulator.templates import QuickReply, Template
from whatsapp_simulator.undelivered import UNPAID, UNREACHABLE, failure_of
from whatsapp_simulator.world import World

_MEDIA_UNUSABLE = 131053
_FAILS_AFTER_S = (1.0, 5.0)
_REPEATED_AFTER_S = (0.5, 30.0)
_PLAYED_AFTER_S = 20.0


class Life:
    """The course of events; every step schedules the next one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.deeds = Deeds(world)
        self.answering = Answering(world, self.deeds)

    def accept(self, out: Outgoing) -> str:
        """Take a message in: count it, write it down, and let its life begin; answers its wamid."""
        world, person = self._world, out.person
        now, real_now = world.clock.now(), world.real_time()
        wamid = payloads.outbound_id(person.wa_digits, world.nonce())
        monotonic = time.monotonic()
        out.line.count_accepted(monotonic, since=world.wakefulness.since(monotonic))
        world.counts.accepted += 1
        world.counts.second(real_now).accepted += 1
        row = self._write_down(out, wamid, now, real_now)
        for one in out.people:
            one.chat.append(row)
            one.last_at = now
        files = out.files
        if world.habits.fetch_links and any(file.link for file in files):
            world.links.check(files, then=partial(self._begin_all, out, wamid, row))
        else:
            self._begin_all(out, wamid, row, next(filter(None, map(world.media.trouble, files)), ""))
        return wamid

    def _begin_all(self, out: Outgoing, wamid: str, row: int, trouble: str) -> None:
        """Let the message set out for everybody it is meant for; trouble: what is wrong with its files."""
        failure = Failure(_MEDIA_UNUSABLE, trouble) if trouble else None
        now = self._world.clock.now()
        for person in out.people:
            self._begin(out, person, wamid, row, now, failure)

    def _begin(
        self, out: Outgoing, person: Person, wamid: str, row: int, now: float, failure: Failure | None
    ) -> None:
        world, shown = self._world, out.shown
        person.received += 1
        person.typing_until = 0.0
        quick_replies = _quick_replies(shown)
        if quick_replies:
            person.quick_replies = (wamid, quick_replies)
        if out.template is None and out.line.number.has_business_agent:
            person.taken_over |= {out.line.number.phone_number_id}
        if out.template is None and person.has_left:
            person.confirmed = True
            world.counts.confirmations += 1
        fault = world.faults.strikes(
            "withhold_status", person=person, phone_number_id=out.line.number.phone_number_id
        )
        message = Message(
            wamid=wamid,
            row=row,
            person=person,
            line=out.line,
            token=out.token,
            address=out.address,
            dice=throw(world.seed, "message", person.key, person.received),
            category=out.category(onboarded=world.setup.marketing_messages_onboarding_status == "ONBOARDED"),
            language=out.template.language if out.template else "",
            is_marketing=out.is_marketing,
            withheld=None if fault is None else fault.statuses,
            counted=out.counted_for(person, now),
            group_id=out.group.group_id if out.group else "",
            is_reaction=shown.reaction is not None,
            is_voice=shown.media is not None and shown.media.voice,
            choices=choices_of(shown) if person.taps else (),
            lives_s=out.lives_s,
        )
        failure = failure_of(world, out, message, now) or failure
        if out.is_held and out.template is not None:
            self._hold(message, out.template, failure)
        else:
            self._set_out(message, failure, now)

    def _hold(self, message: Message, template: Template, failure: Failure | None) -> None:
        standing = self._world.catalogue.of(template.name, template.language)
        if standing is not None:
            self._world.lifecycle.hold(standing, partial(self._go_on, message, failure))

    def _go_on(self, message: Message, failure: Failure | None, code: int | None, at: float) -> None:
        self._set_out(message, failure if code is None else Failure(code), at)

    def _set_out(self, message: Message, failure: Failure | None, now: float) -> None:
        world, person = self._world, message.person
        if failure is None:
            price = message.pricing = message.price = price_of(
                world, message.line, person, message.category, now
            )
            message.conversation = conversation_of(world, message.line, person, price, now)
            if price["billable"] and not world.setup.has_payment_method:
                failure = UNPAID
        if failure is not None:
            at = now + between(*_FAILS_AFTER_S, side(message.dice, FAILS_AT))
            world.schedule.at(at, self._fail, (message, failure))
            return
        at = now + between(*world.habits.sent_s, side(message.dice, SENT_AT))
        world.schedule.at(at, self._send, message)

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

    def _send(self, due: float, message: Message) -> None:
        habits, dice = self._world.habits, message.dice
        self._world.tallies.sent(message.counted, due)
        self._world.progress.reach(message.row, "sent")
        chance = side(dice, DELIVERED_OR_NOT)
        arrives = not message.person.blocks_us and chance < habits.delivered + habits.delivered_late
        # Of a reaction Meta tells nothing but that it was sent.
        arrives = arrives and not message.is_reaction
        status = self._status(message, "sent", due, priced=side(dice, PRICED_WHERE) < 0.5 or not arrives)  # noqa: PLR2004  # one half
        if arrives and side(dice, SWAPPED) < habits.swap:
            message.held = status
        else:
            self._emit(message, status, due)
        if not arrives:
            return
        if chance < habits.delivered:
            later = between(*habits.delivered_s, side(dice, DELIVERED_AT))
        else:
            later = between(*habits.late_s, side(dice, LATE))
        if later <= message.lives_s:
            self._world.schedule.at(due + later, self._deliver, message)

    def _deliver(self, due: float, message: Message) -> None:
        habits, dice, person = self._world.habits, message.dice, message.person
        self._count_delivery(message, due)
        self._world.progress.reach(message.row, "delivered")
        will_tell_reading = person.reads and person.read_receipts
        if not (will_tell_reading and side(dice, MISSING) < habits.missing_delivered):
            self._emit(message, self._status(message, "delivered", due, priced=True), due)
        if message.held is not None:
            self._emit(message, message.held, due)
            message.held = None
        if side(dice, FAILED_TOO) < habits.delivered_and_failed:
            self._fail(due, (message, UNREACHABLE))
        if person.reads:
            later = between_log(
                max(habits.read_s[0], 0.001), max(habits.read_s[1], 0.001), side(dice, READ_AT)
            )
            self._world.schedule.at(due + later, self._read, message)

    def _count_delivery(self, message: Message, at: float) -> None:
        world, priced = self._world, message.price or {}
        price = world.rules.prices.get(message.category, 0.0) if priced.get("billable") else 0.0
        kind = str(priced.get("type", ""))
        if world.tallies.delivered(message.counted, at, price=price, pricing_type=kind):
            world.lifecycle.judge(message.counted.template_id, at)

    def _read(self, due: float, message: Message) -> None:
        self._world.progress.reach(message.row, "read")
        if message.person.read_receipts:
            self._world.tallies.read(message.counted, due)
            self._emit(message, self._status(message, "read", due, priced=True), due)
            if message.is_voice:
                self._world.schedule.at(due + _PLAYED_AFTER_S, self._play, message)
        self.answering.after_reading(message, due)

    def _play(self, due: float, message: Message) -> None:
        self._emit(message, self._status(message, "played", due, priced=False), due)

    def _fail(self, due: float, failing: tuple[Message, Failure]) -> None:
        message, failure = failing
        self._world.counts.failed_later[str(failure.code)] += 1
        self._world.progress.fail(message.row, failure.code)
        status = self._status(message, "failed", due, priced=False)
        status["errors"] = [told_in_webhook(failure.code, failure.details)]
        self._emit(message, status, due)

    def _status(self, message: Message, name: str, at: float, *, priced: bool) -> dict[str, Any]:
        person = message.person
        status: dict[str, Any] = {"id": message.wamid, "status": name, "timestamp": str(int(at))}
        if message.group_id:
            status |= {"recipient_id": message.group_id, "recipient_type": "group"}
            status["recipient_participant_id"] = person.phone
            status["recipient_participant_user_id"] = person.user_id
        elif person.phone_known and person.phone:
            status["recipient_id"] = person.phone
        # Never on failed for a send by phone, and in old webhooks only where there is nothing else.
        hidden = "recipient_id" in status and self._world.setup.has_old_webhooks
        if not hidden and (name != "failed" or message.address.phone is None):
            status["recipient_user_id"] = person.user_id
        if message.token is not None:
            status["biz_opaque_callback_data"] = message.token
        if priced and message.pricing is not None:
            status["pricing"], message.pricing = message.pricing, None
        if message.conversation is not None and name in ("sent", "delivered"):
            status["conversation"] = message.conversation.told(name)
        return status

    def _emit(self, message: Message, status: dict[str, Any], at: float) -> None:
        name, world = status["status"], self._world
        if message.withheld is not None and (not message.withheld or name in message.withheld):
            world.counts.statuses["withheld"] += 1
            return
        world.outbox.status(message.line.number, message.person, status)
        if side(message.dice, REPEATED) < world.habits.duplicate and _is_the_one(message, name):
            later = at + between(*_REPEATED_AFTER_S, side(message.dice, REPEATED_AT))
            world.schedule.at(later, self._repeat, (message, status))

    def _repeat(self, _due: float, repeated: tuple[Message, dict[str, Any]]) -> None:
        message, status = repeated
        self._world.outbox.status(message.line.number, message.person, status)
        self._world.counts.statuses["repeated"] += 1


def _quick_replies(shown: Shown) -> tuple[QuickReply, ...]:
    """Find what can be tapped and comes back as a `button`: of the message itself, else of its cards."""
    if not shown.buttons and not shown.cards:
        return ()
    buttons = (*shown.buttons, *(button for card in shown.cards for button in card.buttons))
    return tuple([QuickReply(one.title, one.id) for one in buttons if one.kind == "quick_reply"])


def _is_the_one(message: Message, name: str) -> bool:
    """Choose which of a message's statuses is the one that comes twice."""
    return name == ("sent", "delivered", "read")[int(side(message.dice, REPEATED_WHICH) * 3)]
