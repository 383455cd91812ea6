"""`health_status`: which of number, account, business and app keeps messages from being sent.

Source: DOC/health-status (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from typing import Any

from whatsapp_simulator.account import RESTRICTIONS
from whatsapp_simulator.scenario import Number
from whatsapp_simulator.world import World

_WORST = ("BLOCKED", "LIMITED", "AVAILABLE")
_SENDING = frozenset({"CONNECTED", "FLAGGED", "RATE_LIMITED"})
_BANNED, _RESTRICTED, _NOT_CONNECTED, _LOW_QUALITY = 141001, 141006, 141000, 141010


def of_number(world: World, number: Number) -> dict[str, Any]:
    """Tell how a number stands, and all above it."""
    entity = _entity("PHONE_NUMBER", number.phone_number_id)
    if number.status not in _SENDING:
        _mark(
            entity, "BLOCKED", _NOT_CONNECTED, f"The phone number is {number.status}.", "Register the number."
        )
    elif number.quality_rating == "RED":
        _mark(entity, "LIMITED", _LOW_QUALITY, "The quality of the phone number is low.", "Improve messages.")
    return _told([entity, *_above(world)])


def of_account(world: World) -> dict[str, Any]:
    """Tell how the account stands, and all above it."""
    return _told(_above(world))


def _above(world: World) -> list[dict[str, Any]]:
    setup, account, now = world.setup, world.account, world.clock.now()
    entity = _entity("WABA", setup.waba_id)
    if account.is_banned:
        _mark(
            entity, "BLOCKED", _BANNED, "The account has been disabled.", "Appeal in Business Support Home."
        )
    elif any(account.is_restricted(kind, now) for kind in RESTRICTIONS):
        _mark(
            entity, "LIMITED", _RESTRICTED, "The account is restricted.", "Wait until the restriction ends."
        )
    return [entity, _entity("BUSINESS", setup.portfolio_id), _entity("APP", setup.app_id)]


def _entity(kind: str, entity_id: str) -> dict[str, Any]:
    return {"entity_type": kind, "id": entity_id, "can_send_message": "AVAILABLE"}


def _mark(entity: dict[str, Any], state: str, code: int, said: str, advice: str) -> None:
    entity["can_send_message"] = state
    entity["errors"] = [{"error_code": code, "error_description": said, "possible_solution": advice}]


def _told(entities: list[dict[str, Any]]) -> dict[str, Any]:
    states = [entity["can_send_message"] for entity in entities]
    return {"can_send_message": min(states, key=_WORST.index), "entities": entities}
