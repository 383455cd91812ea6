"""The simulator's own description, in OpenAPI 3.1: made from the tables by which it answers, with the ids there are.

It says which paths there are and what a body of the control plane holds.  What a body on the Graph side holds is
Meta's to say; here it is an object, and a message one of a kind.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from whatsapp_simulator import __version__
from whatsapp_simulator.control_calls import ROOT
from whatsapp_simulator.graph.access import NEWEST_VERSION
from whatsapp_simulator.graph.messages.post import KINDS
from whatsapp_simulator.graph.routes import ROUTES
from whatsapp_simulator.world import World

_PARAMETER_OF = {
    "number": "phone_number_id", "waba": "waba_id", "app": "app_id", "template": "template_id",
    "template_group": "template_group_id", "signup": "signup_id", "flow": "flow_id", "media": "media_id",
    "upload": "upload_session",
}  # fmt: skip
_ITEM = "item"
_OBJECT = {"type": "object"}
_SENDS = ("number/messages", "number/marketing_messages")
_MESSAGE = {
    "type": "object",
    "properties": {
        "messaging_product": {"const": "whatsapp"},
        "to": {"type": "string"},
        "recipient": {"type": "string"},
        "type": {"enum": list(KINDS)},
        **{kind: {"type": "array" if kind == "contacts" else "object"} for kind in KINDS},
    },
    "required": ["messaging_product"],
}
_WITH_BODY = ("POST", "PUT", "DELETE")

Body = type[msgspec.Struct] | None
"""What a call of the control plane is given; None: nothing, or an object that its act reads."""


def describe(world: World, control: Mapping[str, Mapping[str, Body]]) -> dict[str, Any]:
    """Describe both sides; control: what each path of the control plane takes, by method."""
    bodies = [body for methods in control.values() for body in methods.values() if body is not None]
    schemas, components = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    schema_of: dict[Body, Any] = {None: _OBJECT, **dict(zip(bodies, schemas, strict=True))}
    paths = {f"/{NEWEST_VERSION}/{_path(route)}": _graph(world, route) for route in ROUTES}
    for path, methods in control.items():
        paths[f"{ROOT}{path}"] = _operations(
            path, {method: schema_of[body] for method, body in methods.items()}, {}
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "whatsapp-simulator", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _path(route: str) -> str:
    node, _, edge = route.partition("/")
    parameter = _PARAMETER_OF.get(node)
    written = node if parameter is None else f"{{{parameter}}}"
    return "/".join(filter(None, (written, edge.replace("*", f"{{{_ITEM}}}"))))


def _graph(world: World, route: str) -> dict[str, Any]:
    node = route.partition("/")[0]
    ids = {_PARAMETER_OF[node]: list(_ids(world, node))} if node in _PARAMETER_OF else {}
    described = _operations(
        _path(route), dict.fromkeys(ROUTES[route], _MESSAGE if route in _SENDS else _OBJECT), ids
    )
    return {
        name: {**one, "security": [{"token": []}]} if name != "parameters" else one
        for name, one in described.items()
    }


def _operations(path: str, schema_of: Mapping[str, Any], ids: Mapping[str, list[str]]) -> dict[str, Any]:
    described: dict[str, Any] = {"parameters": [_parameter(name, ids.get(name)) for name in _names(path)]}
    for method, schema in schema_of.items():
        operation: dict[str, Any] = {
            "responses": {"200": _told("What was asked for."), "default": _told("A refusal, under `error`.")}
        }
        if method in _WITH_BODY:
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        described[method.lower()] = operation
    return described


def _names(path: str) -> Iterator[str]:
    """Find the parameters in a path."""
    return (part.partition("}")[0] for part in path.split("{")[1:])


def _parameter(name: str, ids: list[str] | None) -> dict[str, Any]:
    schema = {"type": "string", "enum": ids} if ids else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _told(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _OBJECT}}}


def _ids(world: World, node: str) -> Iterator[str]:
    """Find what is there now of a kind of node."""
    account = world.account
    match node:
        case "number":
            yield from world.lines
        case "waba":
            yield world.setup.waba_id
        case "app":
            yield world.setup.app_id
        case "template":
            yield from (standing.template_id for standing in world.catalogue)
        case "signup":
            yield from account.signups
        case "flow":
            yield from account.flows
        case "template_group":
            yield from account.template_groups
