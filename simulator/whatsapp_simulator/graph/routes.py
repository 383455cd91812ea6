"""Which path means what on the Graph side; everything else is told as Meta tells it."""

from collections.abc import Mapping
from dataclasses import dataclass

from whatsapp_simulator.graph import accounts, files
from whatsapp_simulator.graph.access import check_token, split_path
from whatsapp_simulator.graph.answers import Answer
from whatsapp_simulator.graph.answers import told as _told
from whatsapp_simulator.graph.errors import RefusedError, unknown_id
from whatsapp_simulator.graph.messages.post import post_message
from whatsapp_simulator.life import Endpoint, Life
from whatsapp_simulator.media import ATTACHMENTS
from whatsapp_simulator.uploads import PREFIX as UPLOAD
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
        if request.path == ATTACHMENTS:
            check_token(world.setup, request.headers, request.query)
            return files.download(world, request.query)
        parts = split_path(request.path)
        check_token(world.setup, request.headers, request.query)
        return _about_files(world, request, parts) or _routed(world, life, request, parts)
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


def takes_files(path: str) -> bool:
    """Tell whether a request to this path may be as large as the largest file."""
    return path.endswith("/media") or f"/{UPLOAD}" in path


def _about_files(world: World, request: GraphRequest, parts: list[str]) -> Answer | None:
    """Answer a call about a file; None for every other call."""
    node, *edges = parts or [""]
    act = " ".join((request.method, *edges))
    if act == "POST media" and node in world.lines:
        return files.upload(world, world.lines[node].number, request.headers, request.body)
    if act == "POST uploads" and node == world.setup.app_id:
        return files.open_session(world, request.query)
    if node.startswith(UPLOAD) and act in ("POST", "GET"):
        return files.upload_session(world, node, request.method, request.headers, request.body)
    file = world.media.find(node) if act in ("GET", "DELETE") else None
    if file is None:
        return None
    if act == "DELETE":
        return files.delete(world, file, request.query)
    return files.look_up(world, file, request.query, request.url.removesuffix(request.path))
