"""Faults that meet a call on its way, before anybody reads it: no answer, no service, no valid token, a slow lane."""

from whatsapp_simulator.graph.answers import Answer
from whatsapp_simulator.graph.calls import GraphRequest
from whatsapp_simulator.graph.errors import Problem, problem
from whatsapp_simulator.world import World

_EXPIRED = Problem(190, 401, "Error validating access token: Session has expired.", subcode=463)
_OUTAGE, _OUTAGE_STATUS, _TOO_FAST = 2, 503, 130429
_SENDING = frozenset({"messages", "marketing_messages"})


def trouble(world: World, request: GraphRequest) -> Answer | None:
    """Tell what the call gets instead of its answer; None if it gets through."""
    faults = world.faults
    if not faults.meet_calls:
        return None
    parts = [part for part in request.path.split("/") if part]
    number, edge = next((part for part in parts if part in world.lines), ""), parts[-1] if parts else ""
    if faults.strikes("close_connection", phone_number_id=number):
        return Answer(_OUTAGE_STATUS, b"", connection_lost=True)
    outage = faults.strikes("outage", phone_number_id=number)
    if outage is not None and outage.seconds is not None:
        return Answer(_OUTAGE_STATUS, b"", wait_s=outage.seconds, connection_lost=True)
    if outage is not None:
        told = problem(outage.code or _OUTAGE, http_status=outage.http_status or _OUTAGE_STATUS)
    elif faults.strikes("expired_token", phone_number_id=number):
        told = _EXPIRED
    elif edge in _SENDING and faults.strikes("throttle", phone_number_id=number):
        told = problem(_TOO_FAST)
    else:
        return None
    world.counts.requests += 1
    world.counts.refused[str(told.code)] += 1
    world.counts.second(world.real_time()).refused += 1
    return Answer(told.http_status, told.body())
