"""A number shared with the Business app on a phone: what is typed there by hand, its history and its contacts.

Source: DOC/embedded-signup/onboarding-business-app-users, DOC/webhooks/reference (read September 2026); DOC stands
for https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from whatsapp_simulator import payloads
from whatsapp_simulator.people import Person
from whatsapp_simulator.scenario import ScenarioError
from whatsapp_simulator.webhooks import APP_STATE, ECHOES, HISTORY, Kind
from whatsapp_simulator.world import Line, World

_DAY_S = 86_400.0
_HISTORY_DAYS = 180
# The history comes in three phases by age, each in chunks.
_PHASES = ((0, 0, 1), (1, 1, 90), (2, 90, _HISTORY_DAYS))
_THREADS_PER_CHUNK = 100
_DECLINED = {
    "code": 2593109,
    "title": "History sync is turned off by the business from the WhatsApp Business App",
    "message": "History sync is turned off by the business from the WhatsApp Business App",
    "error_data": {"details": "History sharing is turned off by the business"},
}


def echo(world: World, line: Line, person: Person, text: str) -> None:
    """Let somebody in the shop write by hand; it is free and opens nothing."""
    _check(line)
    _tell(world, ECHOES, line, echo_of(world, line, person, text, at=world.clock.now()))


def echo_of(world: World, line: Line, person: Person, text: str, *, at: float) -> dict[str, Any]:
    """Write a message of the number that did not come over the API."""
    told: dict[str, Any] = {"from": line.number.digits}
    if person.phone_known and person.phone:
        told["to"] = person.phone
    return told | {
        "to_user_id": person.user_id,
        "id": payloads.outbound_id(person.wa_digits, world.nonce()),
        "timestamp": str(int(at)),
        "type": "text",
        "text": {"body": text},
    }


def sync_contacts(world: World, line: Line, contacts: Sequence[Mapping[str, str]], *, action: str) -> None:
    """Tell of contacts in the phone's book; action: add or remove."""
    _check(line)
    at = str(int(world.clock.now()))
    for contact in contacts:
        row = {"type": "contact", "contact": contact, "action": action, "metadata": {"timestamp": at}}
        _tell(world, APP_STATE, line, row)


def sync_history(world: World, line: Line) -> int:
    """Tell of all chats of the last 180 days, by phase and in chunks; answers how many chunks there were."""
    _check(line)
    chunks = [
        (phase, threads)
        for phase, youngest, oldest in _PHASES
        for threads in _chunks(world, line, youngest * _DAY_S, oldest * _DAY_S)
    ]
    for number, (phase, threads) in enumerate(chunks, 1):
        metadata = {"phase": phase, "chunk_order": number, "progress": 100 * number // len(chunks)}
        _tell(world, HISTORY, line, {"metadata": metadata, "threads": threads})
    return len(chunks)


def decline_history(world: World, line: Line) -> None:
    """Tell that the business does not share its history."""
    _check(line)
    _tell(world, HISTORY, line, {"errors": [_DECLINED]})


def _chunks(world: World, line: Line, youngest_s: float, oldest_s: float) -> Iterator[list[dict[str, Any]]]:
    now, after, threads = world.clock.now(), None, list[dict[str, Any]]()
    while people := world.population.listed(after=after, limit=1000):
        after = people[-1].key
        for person in people:
            rows = [] if person.phone is None else _messages(world, line, person)
            messages = [row for at, row in rows if youngest_s <= now - at < oldest_s]
            if messages:
                threads.append({"id": person.phone, "messages": messages})
            if len(threads) == _THREADS_PER_CHUNK:
                yield threads
                threads = []
    if threads:
        yield threads


def _messages(world: World, line: Line, person: Person) -> Iterator[tuple[float, dict[str, Any]]]:
    """Read a chat as the history has it; the simulator keeps no status, so that readers have read everything."""
    status = {"history_context": {"status": "READ" if person.reads else "DELIVERED"}}
    for number in person.chat:
        journal = world.accepted if number > 0 else world.inbound
        row = msgspec.json.decode(journal.row(abs(number)))
        if row["phone_number_id"] != line.number.phone_number_id or not row["wamid"]:
            continue
        if number < 0:
            yield row["at"], {**row["message"], **status}
            continue
        told = {
            "from": line.number.digits,
            "to": person.phone,
            "id": row["wamid"],
            "timestamp": str(int(row["at"])),
            "type": "text",
            "text": {"body": row["content"]},
        }
        yield row["at"], {**told, **status}


def _tell(world: World, kind: Kind, line: Line, told: Mapping[str, Any]) -> None:
    world.outbox.send(kind, line.number, None, msgspec.Raw(msgspec.json.encode(told)))


def _check(line: Line) -> None:
    if not line.number.is_on_biz_app:
        raise ScenarioError(
            "The number is not shared with the Business app; say `is_on_biz_app` in the setup."
        )
