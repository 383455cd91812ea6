"""Which path means what on the Graph side; everything else is told as Meta tells it.

A path is a node (an id) and an edge.  The table names the kind of node, and the edge behind a slash; `*` stands
for whatever ends the path.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from inspect import isawaitable

from whatsapp_simulator.graph import (
    accounts,
    analytics,
    block_list,
    conversation,
    files,
    flows,
    numbers,
    signups,
    subscriptions,
    template_groups,
    templates,
    tokens,
)  # fmt: skip
from whatsapp_simulator.graph.access import ROOT_EDGES, WITHOUT_TOKEN, check_token, head_token, split_path
from whatsapp_simulator.graph.answers import Answer, told
from whatsapp_simulator.graph.calls import Call, GraphRequest, Handler
from whatsapp_simulator.graph.errors import RefusedError, refused, unknown_id
from whatsapp_simulator.graph.messages.post import post_message
from whatsapp_simulator.life import Life
from whatsapp_simulator.media import ATTACHMENTS
from whatsapp_simulator.outgoing import Endpoint
from whatsapp_simulator.uploads import PREFIX as UPLOAD
from whatsapp_simulator.world import World

_LONGEST_PATH = 3


def _sends(endpoint: Endpoint) -> Handler:
    return lambda call: post_message(call.world, call.life, call.line, endpoint, call.params())


# What people get: it counts for no management quota.
_SENDS: Mapping[str, Mapping[str, Handler]] = {
    "number/messages": {"POST": _sends("messages")},
    "number/marketing_messages": {"POST": _sends("marketing_messages")},
}
# Counted per account and hour; everything else counts for the app.
# Source: DOC/about-the-platform (rate limits).
_MANAGEMENT: Mapping[str, Mapping[str, Handler]] = {
    "waba": {"GET": accounts.show, "POST": accounts.change},
    "waba/message_templates": {
        "GET": templates.listing, "POST": templates.create, "DELETE": templates.delete,
    },
    "waba/message_templates/archive": {"POST": templates.archive},
    "waba/message_templates/unarchive": {"POST": templates.unarchive},
    "waba/upsert_message_templates": {"POST": templates.upsert},
    "waba/phone_numbers": {"GET": numbers.listing, "POST": numbers.add},
    "waba/subscribed_apps": {
        "GET": subscriptions.listing, "POST": subscriptions.subscribe, "DELETE": subscriptions.unsubscribe,
    },
}  # fmt: skip
_OTHERS: Mapping[str, Mapping[str, Handler]] = {
    "waba/template_analytics": {"GET": analytics.templates},
    "waba/template_group_analytics": {"GET": analytics.groups},
    "waba/template_groups": {"GET": template_groups.listing, "POST": template_groups.create},
    "waba/signups": {"GET": signups.listing, "POST": signups.create},
    "waba/flows": {"GET": flows.listing, "POST": flows.create},
    "template": {"GET": templates.show, "POST": templates.edit},
    "template/unpause": {"POST": templates.unpause},
    "template/compare": {"GET": templates.compare},
    "template_group": {
        "GET": template_groups.show, "POST": template_groups.change, "DELETE": template_groups.delete,
    },
    "number": {"GET": numbers.show, "POST": numbers.change},
    "number/register": {"POST": numbers.register},
    "number/deregister": {"POST": numbers.deregister},
    "number/request_code": {"POST": numbers.request_code},
    "number/verify_code": {"POST": numbers.verify_code},
    "number/settings": {"GET": numbers.show_settings, "POST": numbers.change_settings},
    "number/whatsapp_business_profile": {"GET": numbers.show_profile, "POST": numbers.change_profile},
    "number/whatsapp_business_encryption": {"GET": conversation.show_key, "POST": conversation.change_key},
    "number/message_qrdls": {"GET": conversation.list_codes, "POST": conversation.write_code},
    "number/message_qrdls/*": {"GET": conversation.show_code, "DELETE": conversation.delete_code},
    "number/conversational_automation": {"POST": conversation.change_automation},
    "number/username": {
        "GET": conversation.show_username, "POST": conversation.take_username,
        "DELETE": conversation.drop_username,
    },
    "number/username_suggestions": {"GET": conversation.suggest_usernames},
    "number/block_users": {
        "GET": block_list.listing, "POST": block_list.block, "DELETE": block_list.unblock,
    },
    "signup": {"GET": signups.show, "POST": signups.change},
    "signups/*": {"GET": signups.show, "POST": signups.change},
    "flow": {"GET": flows.show, "POST": flows.change, "DELETE": flows.delete},
    "flow/assets": {"GET": flows.list_assets, "POST": flows.upload},
    "flow/publish": {"POST": flows.publish},
    "flow/deprecate": {"POST": flows.deprecate},
    "app/subscriptions": {
        "GET": subscriptions.show_fields, "POST": subscriptions.subscribe_fields,
        "DELETE": subscriptions.unsubscribe_fields,
    },
    "number/media": {"POST": files.upload},
    "media": {"GET": files.look_up, "DELETE": files.delete},
    "app/uploads": {"POST": files.open_session},
    "upload": {"GET": files.session_standing, "POST": files.upload_part},
    "message_template_library": {"GET": templates.library},
    "debug_token": {"GET": tokens.debug},
    "oauth/access_token": {"GET": tokens.issue},
}  # fmt: skip
ROUTES = {**_SENDS, **_MANAGEMENT, **_OTHERS}


def answer(world: World, life: Life, request: GraphRequest) -> Answer | Awaitable[Answer]:
    """Answer a Graph request; a refusal is an answer too.

    Only what asks a callback for the challenge has to be awaited.
    """
    world.counts.requests += 1
    headers: tuple[tuple[str, str], ...] = ()
    try:
        if request.path == ATTACHMENTS:
            # Who follows the address that a look-up told adds nothing to it.
            check_token(world.setup, request, wants_proof=False)
            return files.download(world, request.query)
        version, parts = split_path(request.path)
        if parts[:1] != [WITHOUT_TOKEN]:
            check_token(world.setup, request)
        route, handler, call = _routed(world, life, request, version, parts)
        if route not in _SENDS:
            code, header = world.quota.count(world.setup, world.rules, is_management=route in _MANAGEMENT)
            headers = (header,)
            if code is not None:
                raise refused(code)
        said = handler(call)
        # Nearly everything is a send, and answered at once: ask for that first.
        if not isinstance(said, Answer) and isawaitable(said):
            return _later(world, said, headers)
    except RefusedError as refusal:
        return _refused(world, refusal, headers)
    return _told(said, headers)


async def _later(world: World, said: Awaitable[object], headers: tuple[tuple[str, str], ...]) -> Answer:
    try:
        return _told(await said, headers)
    except RefusedError as refusal:
        return _refused(world, refusal, headers)


def _told(said: object, headers: tuple[tuple[str, str], ...]) -> Answer:
    answer = said if isinstance(said, Answer) else told(said)
    return replace(answer, headers=headers) if headers else answer


def _refused(world: World, refusal: RefusedError, headers: tuple[tuple[str, str], ...]) -> Answer:
    counts, problem = world.counts, refusal.problem
    counts.refused[str(problem.code)] += 1
    counts.second(world.real_time()).refused += 1
    return Answer(problem.http_status, problem.body(), headers=headers)


def _routed(
    world: World, life: Life, request: GraphRequest, version: str, parts: list[str]
) -> tuple[str, Handler, Call]:
    node = parts[0] if parts else ""
    route = "/".join((_kind(world, node), *parts[1:]))
    item = ""
    if route not in ROUTES and 1 < len(parts) <= _LONGEST_PATH:
        route, _, item = route.rpartition("/")
        route += "/*"
    handler = ROUTES.get(route, {}).get(request.method)
    if handler is None:
        raise unknown_id(node, request.method)
    return route, handler, Call(world, life, request, version, node, item)


def _kind(world: World, node: str) -> str:
    if node in world.lines:
        return "number"
    if node in ROOT_EDGES:
        return node
    account = world.account
    kinds = {
        "waba": node == world.setup.waba_id,
        "app": node == world.setup.app_id,
        "upload": node.startswith(UPLOAD),
        "template": world.catalogue.of_id(node) is not None,
        "media": world.media.find(node) is not None,
        "signup": node in account.signups,
        "flow": node in account.flows,
        "template_group": node in account.template_groups,
    }
    return next((kind for kind, is_it in kinds.items() if is_it), "unknown")


def may_send(world: World, life: Life, request: GraphRequest) -> bool:
    """Tell by the head alone whether a request may bring its body: version, token and id are right.

    A token may stand in a form as well, but not in the bytes of a resumable upload.
    """
    try:
        version, parts = split_path(request.path)
        if head_token(request) or parts[0].startswith(UPLOAD):
            check_token(world.setup, request, wants_proof=False)
        _routed(world, life, request, version, parts)
    except RefusedError:
        return False
    return True


def takes_files(path: str) -> bool:
    """Tell whether a request to this path may be as large as the largest file."""
    return path.rstrip("/").endswith(("/media", "/assets")) or f"/{UPLOAD}" in path
