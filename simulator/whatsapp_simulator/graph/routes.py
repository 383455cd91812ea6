"""Which path means what on the Graph side; everything else is told as Meta tells it.

A path is a node (an id) and an edge.  The table names the kind of node, and the edge behind a slash; `*` stands
for whatever ends the path.
"""

from collections.abc import Mapping

from whatsapp_simulator.graph import accounts, files
from whatsapp_simulator.graph.access import ROOT_EDGES, check_token, split_path
from whatsapp_simulator.graph.answers import Answer
from whatsapp_simulator.graph.calls import Call, GraphRequest, Handler, told
from whatsapp_simulator.graph.errors import RefusedError, unknown_id
from whatsapp_simulator.graph.messages import post_message
from whatsapp_simulator.life import Endpoint, Life
from whatsapp_simulator.media import ATTACHMENTS
from whatsapp_simulator.uploads import PREFIX as UPLOAD
from whatsapp_simulator.world import World

_LONGEST_PATH = 3


def _sends(endpoint: Endpoint) -> Handler:
    return lambda call: post_message(call.world, call.life, call.line, endpoint, call.request.body)


ROUTES: Mapping[str, Mapping[str, Handler]] = {
    "number": {"GET": accounts.show_number},
    "number/messages": {"POST": _sends("messages")},
    "number/marketing_messages": {"POST": _sends("marketing_messages")},
    "number/media": {"POST": files.upload},
    "media": {"GET": files.look_up, "DELETE": files.delete},
    "app/uploads": {"POST": files.open_session},
    "upload": {"GET": files.show_session, "POST": files.resume},
    "template": {"GET": accounts.show_template},
    "waba": {"GET": accounts.show_account},
    "waba/message_templates": {"GET": accounts.list_templates},
    "waba/phone_numbers": {"GET": accounts.list_numbers},
}


def answer(world: World, life: Life, request: GraphRequest) -> Answer:
    """Answer a Graph request; a refusal is an answer too."""
    counts = world.counts
    counts.requests += 1
    try:
        if request.path == ATTACHMENTS:
            check_token(world.setup, request.headers, request.query)
            return files.download(world, request.query)
        version, parts = split_path(request.path)
        check_token(world.setup, request.headers, request.query)
        handler, call = _routed(world, life, request, version, parts)
        said = handler(call)
        return said if isinstance(said, Answer) else told(said)
    except RefusedError as refusal:
        counts.refused[str(refusal.problem.code)] += 1
        counts.second(world.real_time()).refused += 1
        return Answer(refusal.problem.http_status, refusal.problem.body())


def _routed(
    world: World, life: Life, request: GraphRequest, version: str, parts: list[str]
) -> tuple[Handler, Call]:
    node = parts[0] if parts else ""
    route = "/".join((_kind(world, node), *parts[1:]))
    item = ""
    if route not in ROUTES and 1 < len(parts) <= _LONGEST_PATH:
        route, _, item = route.rpartition("/")
        route += "/*"
    handler = ROUTES.get(route, {}).get(request.method)
    if handler is None:
        raise unknown_id(node, request.method)
    return handler, Call(world, life, request, version, node, item)


def _kind(world: World, node: str) -> str:
    if node in world.lines:
        return "number"
    if node == world.setup.waba_id:
        return "waba"
    if node == world.setup.app_id:
        return "app"
    if node in ROOT_EDGES:
        return node
    return _kind_of_rarer_node(world, node)


def _kind_of_rarer_node(world: World, node: str) -> str:
    if node.startswith(UPLOAD):
        return "upload"
    if world.media.find(node) is not None:
        return "media"
    return "template" if world.template_of_id(node) is not None else "unknown"


def takes_files(path: str) -> bool:
    """Tell whether a request to this path may be as large as the largest file."""
    return path.endswith("/media") or f"/{UPLOAD}" in path
