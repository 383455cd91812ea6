"""What the page looks at besides counts: phones with their chats, and the traffic."""

from collections.abc import Mapping
from typing import Any

import msgspec

from whatsapp_simulator.people import Person
from whatsapp_simulator.reading import HIGHEST, whole
from whatsapp_simulator.scenario import ScenarioError
from whatsapp_simulator.traffic import MOST_ENTRIES, told, told_whole
from whatsapp_simulator.world import World

_PHONES, _MOST_PHONES = 100, 1000
_LONGEST_WAIT_S = 30

Query = Mapping[str, str]


class Looks:
    """Looks into one world; nothing is changed by looking."""

    def __init__(self, world: World) -> None:
        self._world = world

    def person(self, person: Person) -> dict[str, Any]:
        """Show somebody with their whole chat."""
        return {**traits(person), "chat": [self._chat_row(row) for row in person.chat]}

    def phone(self, person: Person, query: Query) -> dict[str, Any]:
        """Show somebody with the last rows of their chat."""
        limit = whole_number(query, "limit", _PHONES, most=_MOST_PHONES)
        rows = person.chat[-limit:] if limit else []
        return {
            **traits(person),
            "chat": [self._chat_row(row) for row in rows],
            "chat_total": len(person.chat),
        }

    def phones(self, query: Query) -> dict[str, Any]:
        """List people, those whose chat moved last first, each with its last row."""
        limit = whole_number(query, "limit", _PHONES, most=_MOST_PHONES)
        people = self._world.population.recent(search=query.get("search", ""), limit=limit)
        data = [
            {
                **traits(person),
                "last_at": person.last_at or None,
                "last": self._chat_row(person.chat[-1]) if person.chat else None,
            }
            for person in people
        ]
        return {"data": data, "total": len(self._world.population)}

    async def traffic(self, query: Query) -> dict[str, Any]:
        """List calls and webhooks after a number, at once or when there are some."""
        traffic = self._world.traffic
        after = whole_number(query, "after", 0, most=HIGHEST)
        if after > traffic.last:
            # A number of the simulator that ran here before: its asker has seen nothing of this one.
            after = 0
        else:
            await traffic.wait(after=after, seconds=whole_number(query, "wait", 0, most=_LONGEST_WAIT_S))
        entries = traffic.after(after, limit=whole_number(query, "limit", MOST_ENTRIES, most=MOST_ENTRIES))
        return {
            "data": [told(entry, secrets=self._secrets) for entry in entries],
            "after": traffic.last,
            "left_out": traffic.left_out,
        }

    def entry(self, number: str) -> dict[str, Any] | None:
        """Show one call or webhook whole; None if it is not kept (any more)."""
        entry = self._world.traffic.find(whole(number) or 0)
        return None if entry is None else told_whole(entry, secrets=self._secrets)

    def _chat_row(self, row: int) -> dict[str, Any]:
        if row < 0:
            return {"from": "person", **msgspec.json.decode(self._world.inbound.row(-row))}
        stage, code = self._world.progress.told(row)
        written = msgspec.json.decode(self._world.accepted.row(row))
        return {"from": "business", **written, "stage": stage, "failed_with": code}

    @property
    def _secrets(self) -> tuple[str, ...]:
        setup = self._world.setup
        return setup.access_token, setup.app_secret, setup.verify_token


def traits(person: Person) -> dict[str, Any]:
    """Write somebody down, without their chat."""
    return {
        "key": person.key,
        "address": person.address,
        "phone": f"+{person.phone}" if person.phone else None,
        "user_id": person.user_id,
        "name": person.name,
        "username": person.username,
        "language": person.language,
        "reads": person.reads,
        "read_receipts": person.read_receipts,
        "replies": person.replies,
        "leaves": person.leaves,
        "unreachable": person.unreachable,
        "capped": person.capped,
        "experiment": person.experiment,
        "taps": person.taps,
        "blocks": person.blocks,
        "changes_number": person.changes_number,
        "country": person.country,
        "phone_known": person.phone_known,
        "has_left": person.has_left,
        "confirmed": person.confirmed,
        "stopped_natively": person.stopped_natively,
        "blocks_business": person.blocks_us,
        "blocked_by_business": person.blocked_by_us,
        "received": person.received,
        "read_up_to": person.read_up_to,
        "typing_until": person.typing_until,
        "identity_key_hash": person.identity_key_hash,
        "quick_replies": [
            {"text": reply.text, "payload": reply.payload}
            for reply in (person.quick_replies[1] if person.quick_replies else ())
        ],
    }


def whole_number(query: Query, name: str, default: int, *, most: int) -> int:
    """Read a number from a query; raises ScenarioError if it is none."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise ScenarioError(f"`{name}` must be a whole number, not {text!r}.")
    number = whole(text, most=most)
    return most if number is None else number
