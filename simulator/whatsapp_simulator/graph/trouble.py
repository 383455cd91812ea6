"""Faults that meet a call on its way, before anybody reads it: no answer, no service, no valid token, a slow lane."""

from dataclasses import replace

from whatsapp_simulator.graph.answers import JSON, Answer
from whatsapp_simulator.graph.calls import GraphRequest
from whatsapp_simulator.graph.errors import Problem, problem
from whatsapp_simulator.scenario import Fault
from whatsapp_simulator.world import World

_EXPIRED = Problem(190, 401, "Error validating access token: Session has expired.", subcode=463)
_OUTAGE, _OUTAGE_STATUS, _TOO_FAST = 2, 503, 130429
_BROKEN, _BROKEN_STATUS = 131000, 500
_SENDING = frozenset({"messages", "marketing_messages"})


def trouble(world: World, request: GraphRequest) -> Answer | None:
    """Tell what the call gets instead of its answer; None if it gets through."""
    faults = world.faults
    if not faults.meet_calls:
        return None
    number, edge = _number_and_edge(world, request)
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
    elif edge not in _SENDING and (
        broken := faults.strikes("error_before", is_send=False, phone_number_id=number)
    ):
        told = _broken(broken)
    else:
        return None
    world.counts.requests += 1
    world.counts.refused[str(told.code)] += 1
    world.counts.second(world.real_time()).refused += 1
    return Answer(told.http_status, told.body())


def met_by_faults(world: World, request: GraphRequest, answer: Answer) -> Answer:
    """Let what is done get lost, late or wrong on its way back; sends see to that themselves."""
    number, edge = _number_and_edge(world, request)
    if edge in _SENDING:
        return answer
    slow, after, lost = (
        world.faults.strikes(kind, is_send=False, phone_number_id=number)
        for kind in ("slow", "error_after", "lose_answer")
    )
    if after is not None:
        told = _broken(after)
        answer = replace(answer, status=told.http_status, body=told.body(), content_type=JSON)
    wait_s = answer.wait_s if slow is None else slow.seconds or 0.0
    return replace(answer, wait_s=wait_s, connection_lost=answer.connection_lost or lost is not None)


def _number_and_edge(world: World, request: GraphRequest) -> tuple[str, str]:
    """Give the number that a call is about, "" if none, and the last part of its path."""
    parts = [part for part in request.path.split("/") if part]
    return next((part for part in parts if part in world.lines), ""), parts[-1] if parts else ""


def _broken(fault: Fault) -> Problem:
    return problem(fault.code or _BROKEN, http_status=fault.http_status or _BROKEN_STATUS)
