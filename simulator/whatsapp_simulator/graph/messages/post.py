"""The way of a message through Meta's checks, in Meta's order, to its acceptance.

The order: token and ids before this module, then JSON, registration, pair rate, throughput, template and its
status, parameters, route, who may be written to, identity, block list.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from whatsapp_simulator.graph.answers import Answer
from whatsapp_simulator.graph.errors import parameter, problem, refused
from whatsapp_simulator.graph.messages.contacts import read_contacts
from whatsapp_simulator.graph.messages.envelope import Envelope, check_product, read_envelope
from whatsapp_simulator.graph.messages.interactive import read_interactive
from whatsapp_simulator.graph.messages.members import required_object
from whatsapp_simulator.graph.messages.plain import read_location, read_media, read_reaction, read_text
from whatsapp_simulator.graph.messages.receipts import mark_as_read
from whatsapp_simulator.graph.messages.templates import check_route, find_template, read_name
from whatsapp_simulator.life import Life
from whatsapp_simulator.outgoing import Endpoint, Outgoing
from whatsapp_simulator.people import Address, Person
from whatsapp_simulator.rendering import Attach
from whatsapp_simulator.scenario import Fault
from whatsapp_simulator.shown import Shown
from whatsapp_simulator.templates import Template
from whatsapp_simulator.world import Line, World

_NOT_REGISTERED = frozenset({"PENDING", "DISCONNECTED", "MIGRATED", "DELETED", "UNVERIFIED"})
_LOCKED = frozenset({"BANNED", "RESTRICTED"})
_READ: dict[str, Callable[[dict[str, Any], Attach], Shown]] = {
    "text": read_text,
    "location": read_location,
    "reaction": read_reaction,
    "interactive": read_interactive,
    **{kind: partial(read_media, kind) for kind in ("image", "video", "document", "audio", "sticker")},
}
KINDS = (*_READ, "contacts", "template")


def post_message(world: World, life: Life, line: Line, endpoint: Endpoint, written: dict[str, Any]) -> Answer:
    """Answer a send or a read receipt; raises RefusedError with Meta's words."""
    check_product(written)
    if "status" in written and "type" not in written:
        return mark_as_read(world, written, endpoint)
    envelope = read_envelope(world, line, endpoint, written)
    content = _read(world, envelope, written)
    people = _people(world, envelope)
    person, where = people[0], line.number.phone_number_id
    before = world.faults.strikes("error_before", person=person, phone_number_id=where)
    if before is not None:
        return _broken(before)
    refusing = world.faults.strikes("refuse", person=person, phone_number_id=where)
    if refusing is not None and refusing.code is not None:
        told = problem(refusing.code, http_status=refusing.http_status)
        world.counts.refused[str(told.code)] += 1
        world.counts.second(world.real_time()).refused += 1
        return Answer(told.http_status, told.body())
    _check_number(world, line, envelope, person)
    template = None
    if not isinstance(content, Shown):
        template = find_template(world, content)
        shown = template.form.fill(content.get("components"), world.media.attach)
        check_route(world, template, endpoint, envelope.address, written)
    else:
        shown = content
    _check_person(world, line, envelope, person)
    if envelope.context:
        shown = _quoting(world, person, shown, envelope.context)
    standing = None if template is None else world.catalogue.of(template.name, template.language)
    is_held = standing is not None and world.lifecycle.holds(standing)
    wamid = life.accept(
        Outgoing(
            line, envelope.address, person, endpoint, envelope.token, template, shown,
            group=envelope.group, people=people, direct=envelope.direct, is_held=is_held,
        )
    )  # fmt: skip
    line.pairs.take(_pair(envelope, person), world.clock.now())
    return _met_by_faults(world, line, person, _accepted(envelope, wamid, template, is_held=is_held))


def _read(world: World, envelope: Envelope, written: dict[str, Any]) -> Shown | dict[str, Any]:
    """Read the content, all of it but for a template's, which is read against its form later."""
    kind = envelope.kind
    if kind == "template":
        content = required_object(written, "template")
        read_name(content)
        return content
    if not isinstance(kind, str):
        raise parameter("(#100) Param type must be a string.")
    if kind == "contacts":
        return read_contacts(written.get("contacts"))
    read = _READ.get(kind)
    if read is None:
        raise refused(131051, f"Messages of type {kind} are not supported.")
    return read(required_object(written, kind), world.media.attach)


def _people(world: World, envelope: Envelope) -> tuple[Person, ...]:
    if envelope.group is None:
        return (world.population.meet(envelope.address),)
    return tuple(
        world.population.meet(Address(phone=phone.removeprefix("+"))) for phone in envelope.group.participants
    )


def _pair(envelope: Envelope, person: Person) -> str:
    return person.key if envelope.group is None else envelope.group.group_id


def _check_number(world: World, line: Line, envelope: Envelope, person: Person) -> None:
    if line.number.status in _NOT_REGISTERED:
        raise refused(133010)
    if line.number.status in _LOCKED:
        raise refused(131031)
    restricted = world.account.refusal(is_template=envelope.kind == "template", now=world.clock.now())
    if restricted is not None:
        raise refused(restricted)
    if not line.pairs.has_room(_pair(envelope, person), world.clock.now()):
        raise refused(131056)
    # In real seconds even when the clock runs fast: the sender lives in real time.
    if not line.throughput.has_room(time.monotonic()):
        raise refused(130429)


def _check_person(world: World, line: Line, envelope: Envelope, person: Person) -> None:
    if envelope.group is not None:
        return
    allowed = world.setup.allowed_recipients
    if allowed is not None and f"+{person.phone}" not in allowed and person.user_id not in allowed:
        raise refused(131030)
    told = envelope.identity_key_hash
    if told and line.checks_identity and told != person.identity_key_hash:
        raise refused(137000)
    if person.blocked_by_us and person.key in line.particulars.blocked:
        raise refused(130403)


def _quoting(world: World, person: Person, shown: Shown, context: str) -> Shown:
    """Quote an earlier message; Meta silently drops the quote of one that it does not know."""
    if world.line_of_chat(person, context) is None:
        return shown
    return msgspec.structs.replace(shown, context=context)


def _accepted(envelope: Envelope, wamid: str, template: Template | None, *, is_held: bool) -> Answer:
    contact, message = {"input": envelope.written_address}, {"id": wamid}
    if envelope.group is not None:
        message["group_id"] = envelope.group.group_id
    elif envelope.address.phone:
        contact["wa_id"] = envelope.address.phone
    else:
        contact["user_id"] = envelope.address.user_id or ""
    if template is not None:
        message["message_status"] = "held_for_quality_assessment" if is_held else "accepted"
    answer = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
    return Answer(200, msgspec.json.encode(answer))


def _met_by_faults(world: World, line: Line, person: Person, answer: Answer) -> Answer:
    where = line.number.phone_number_id
    slow = world.faults.strikes("slow", person=person, phone_number_id=where)
    after = world.faults.strikes("error_after", person=person, phone_number_id=where)
    if after is not None:
        answer = _broken(after)
    lost = world.faults.strikes("lose_answer", person=person, phone_number_id=where)
    if slow is None and lost is None:
        return answer
    wait_s = 0.0 if slow is None else slow.seconds or 0.0
    return Answer(answer.status, answer.body, wait_s=wait_s, connection_lost=lost is not None)


def _broken(fault: Fault) -> Answer:
    told = problem(fault.code or 131000, http_status=fault.http_status or 500)
    return Answer(told.http_status, told.body())
