"""Which path means what on the Graph side; everything else is told as Meta tells it."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from whatsapp_simulator.graph import accounts
from whatsapp_simulator.graph.access import check_token, split_path
from whatsapp_simulator.graph.errors import RefusedError, unknown_id
from whatsapp_simulator.graph.messages import Answer, post_message
from whatsapp_simulator.life import Endpoint, Life
from whatsapp_simulator.world import World

_EDGE = 2
_ENDPOINTS: dict[str, Endpoint] = {"messages": "messages", "marketing_messages": "marketing_messages"}


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """What the server read: url is the address without its query."""

    method: str
    path: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


def answer(world: World, life: Life, request: GraphRequest) -> Answer:
    """Answer a Graph request; a refusal is an answer too."""
    counts = world.counts
    counts.requests += 1
    try:
        parts = split_path(request.path)
        check_token(world.setup, request.headers, request.query)
        return _routed(world, life, request, parts)
    except RefusedError as refusal:
        counts.refused[str(refusal.problem.code)] += 1
        counts.second(world.real_time()).refused += 1
        return Answer(refusal.problem.http_status, refusal.problem.body())


def _routed(world: World, life: Life, request: GraphRequest, parts: list[str]) -> Answer:
    node = parts[0] if parts else ""
    edge = parts[1] if len(parts) == _EDGE else ""
    line = world.lines.get(node)
    if len(parts) <= _EDGE and line is not None:
        endpoint = _ENDPOINTS.get(edge)
        if request.method == "POST" and endpoint is not None:
            return post_message(world, life, line, endpoint, request.body)
        if request.method == "GET" and not edge:
            return _told(accounts.show_number(world, line.number, request.query))
    elif len(parts) <= _EDGE and node == world.setup.waba_id and request.method == "GET":
        if not edge:
            return _told(accounts.show_account(world, request.query))
        if edge == "message_templates":
            return _told(accounts.list_templates(world, request.query, request.url))
        if edge == "phone_numbers":
            return _told(accounts.list_numbers(world, request.query, request.url))
    elif request.method == "GET" and not edge:
        for template in world.templates.values():
            if template.facts["id"] == node:
                return _told(accounts.show_template(template, request.query))
    raise unknown_id(node, request.method)


def _told(facts: object) -> Answer:
    return Answer(200, msgspec.json.encode(facts))
