"""What a message costs, and the conversation it belongs to, as statuses tell it.

Source: DOC/pricing, DOC/pricing/non-template-messages, DOC/webhooks/reference/messages/status (read September 2026);
DOC stands for https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from whatsapp_simulator.people import Person
from whatsapp_simulator.world import Line, World

_DAY_S = 86_400.0
_SERVICE = frozenset({"service", "group_service"})
_UTILITY = frozenset({"utility", "group_utility"})


@dataclass(frozen=True, slots=True)
class Conversation:
    """What old webhooks, and all of a free entry point, say of the conversation; told with `sent` and `delivered`."""

    id: str
    origin: str
    until: float

    def told(self, status: str) -> dict[str, Any]:
        """Write it into a status; only `sent` says when it ends."""
        if status == "sent":
            return {
                "id": self.id,
                "expiration_timestamp": str(int(self.until)),
                "origin": {"type": self.origin},
            }
        return {"id": self.id, "origin": {"type": self.origin}}


def price_of(world: World, line: Line, person: Person, category: str, now: float) -> dict[str, Any]:
    """Tell what a message costs; takes it from the number's free tier where it counts there.

    That a message of the free tier is `free_customer_service` is our inference.
    """
    if _in_free_entry_point(world, line, person, now):
        return _priced("free_entry_point", "referral_conversion")
    is_charged = now >= world.limits.charged_from
    if category in _SERVICE:
        is_free = not is_charged or line.take_from_free_tier(_month(now), world.habits.free_service_messages)
    else:
        is_free = (
            category in _UTILITY and not is_charged and person.window_open(line.number.phone_number_id, now)
        )
    if not is_free:
        return _priced("regular", category)
    kind = "free_group_customer_service" if category.startswith("group_") else "free_customer_service"
    return _priced(kind, category)


def conversation_of(
    world: World, line: Line, person: Person, price: dict[str, Any], now: float
) -> Conversation | None:
    """Find the conversation a message belongs to; None where webhooks tell of none."""
    is_free_entry = price["type"] == "free_entry_point"
    if not (is_free_entry or world.setup.has_old_webhooks):
        return None
    entry = (person.free_entries or {}).get(line.number.phone_number_id)
    until = entry.until if entry and is_free_entry else (now // _DAY_S + 1) * _DAY_S
    subject = f"{world.seed}:{line.number.phone_number_id}:{person.key}:{price['category']}:{until}"
    name = hashlib.blake2b(subject.encode(), digest_size=16).hexdigest()
    return Conversation(name, price["category"], until)


def _in_free_entry_point(world: World, line: Line, person: Person, now: float) -> bool:
    """Tell whether everything is free since an ad; the first answer within a day begins it."""
    entry = (person.free_entries or {}).get(line.number.phone_number_id)
    if entry is None:
        return False
    if not entry.until and now < entry.arrived_at + _DAY_S:
        entry.until = now + world.limits.free_entry_point_s
    return now < entry.until


def _priced(kind: str, category: str) -> dict[str, Any]:
    return {"billable": kind == "regular", "pricing_model": "PMP", "type": kind, "category": category}


def _month(now: float) -> int:
    day = time.gmtime(now)
    return day.tm_year * 12 + day.tm_mon
