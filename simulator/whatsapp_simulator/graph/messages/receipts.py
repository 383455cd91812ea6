"""Marking what people wrote as read, and showing that the business is typing."""

from typing import Any

from whatsapp_simulator.graph.answers import SUCCESS, Answer
from whatsapp_simulator.graph.errors import refused
from whatsapp_simulator.graph.messages.members import missing, required_object, wrong
from whatsapp_simulator.outgoing import Endpoint
from whatsapp_simulator.payloads import digits_of_inbound_id
from whatsapp_simulator.people import Person
from whatsapp_simulator.world import World

_TYPING_S = 25.0
_MARKED_WITHIN_S = 30 * 86_400.0


def mark_as_read(world: World, written: dict[str, Any], endpoint: Endpoint) -> Answer:
    """Answer a read receipt; with it, all that the person wrote before counts as read."""
    if endpoint != "messages":
        raise refused(131055)
    if written["status"] != "read":
        raise wrong("Parameter status must be read.")
    message_id = written.get("message_id")
    if message_id is None:
        raise refused(131008, "Parameter message_id is required.")
    digits = digits_of_inbound_id(message_id) if isinstance(message_id, str) else None
    if digits is None:
        raise wrong("Parameter message_id is not the id of a message you received.")
    is_typing = written.get("typing_indicator") is not None
    if is_typing:
        kind = required_object(written, "typing_indicator").get("type")
        if kind is None:
            raise missing("type", "typing_indicator")
        if kind != "text":
            raise wrong("Parameter type must be text in typing_indicator.")
    now, found = world.clock.now(), _writer(world, digits, message_id)
    if found is None:
        return SUCCESS
    person, said = found
    if said["at"] + _MARKED_WITHIN_S < now:
        raise wrong("Parameter message_id is older than 30 days.")
    person.read_up_to = max(person.read_up_to, said["seq"])
    if is_typing:
        person.typing_until = now + _TYPING_S
    return SUCCESS


def _writer(world: World, digits: str, message_id: str) -> tuple[Person, dict[str, Any]] | None:
    """Find who wrote a message, and its row; None where nobody's chat holds it (any more)."""
    for person in world.population.with_digits(digits):
        said = world.line_of_chat(person, message_id)
        if said is not None:
            return person, said
    return None
