"""Flows: made, filled with a JSON file, published, deprecated, deleted; what happens inside them is not played.

Source: DOC/flows/reference/flowsapi (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import json
from datetime import UTC, datetime
from typing import Any

from whatsapp_simulator.graph.calls import DONE, Call, listed, one_of, text_of
from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.fields import asked, chosen, page

_CATEGORIES = (
    "SIGN_UP", "SIGN_IN", "APPOINTMENT_BOOKING", "LEAD_GENERATION", "CONTACT_US", "CUSTOMER_SUPPORT", "SURVEY",
    "OTHER",
)  # fmt: skip
_SHOWN = ("id", "name", "status", "categories", "validation_errors")
_LISTED = ("id", "name", "status", "categories", "validation_errors")
_NOT_PUBLISHED, _NOT_UPDATED, _NOT_DEPRECATED, _NOT_DELETED = 139002, 139001, 139003, 139004
_LARGEST_FILE = 10 * 1024 * 1024


def listing(call: Call) -> object:
    """Answer `GET /{waba}/flows`."""
    rows = [_shown(flow, call, _LISTED) for flow in call.world.account.flows.values()]
    return page(rows, call.query, call.request.url)


def create(call: Call) -> object:
    """Answer `POST /{waba}/flows`; `flow_json` fills it and `publish` publishes it at once."""
    params, flows = call.params(), call.world.account.flows
    name = text_of(params, "name")
    most = call.world.rules.most_flows
    if len(flows) >= most:
        raise parameter(f"(#100) This account already has {most} Flows.")
    if any(flow["name"] == name for flow in flows.values()):
        raise parameter("(#100) A Flow with this name exists already.")
    flow: dict[str, Any] = {"id": call.world.new_id(), "status": "DRAFT", "validation_errors": []}
    flow |= {"name": name, "categories": _categories(params.get("categories"))}
    flow |= {"endpoint_uri": params.get("endpoint_uri") or None, "json": False}
    _touch(call, flow)
    source = flows.get(str(params.get("clone_flow_id", "")))
    if source is not None:
        flow["json"] = source["json"]
    if params.get("flow_json"):
        _fill(flow, str(params["flow_json"]))
    if str(params.get("publish", "")).lower() == "true":
        _check_publishable(flow)
        flow["status"] = "PUBLISHED"
    flows[flow["id"]] = flow
    return {"id": flow["id"], **DONE, "validation_errors": flow["validation_errors"]}


def show(call: Call) -> object:
    """Answer `GET /{flow}`."""
    return _shown(_flow(call), call, _SHOWN)


def change(call: Call) -> object:
    """Answer `POST /{flow}`: name, categories, endpoint."""
    params, flow = call.params(), _flow(call)
    if params.get("name"):
        flow["name"] = text_of(params, "name")
    if params.get("categories"):
        flow["categories"] = _categories(params["categories"])
    if "endpoint_uri" in params:
        flow["endpoint_uri"] = params["endpoint_uri"] or None
    _touch(call, flow)
    return DONE


def delete(call: Call) -> object:
    """Answer `DELETE /{flow}`; only a draft can be deleted."""
    if _flow(call)["status"] != "DRAFT":
        raise refused(_NOT_DELETED, "Only a Flow that is a draft can be deleted.")
    del call.world.account.flows[call.node]
    return DONE


def list_assets(call: Call) -> object:
    """Answer `GET /{flow}/assets`."""
    url = f"https://scontent.xx.fbcdn.net/flows/{call.node}/flow.json"
    asset = {"name": "flow.json", "asset_type": "FLOW_JSON", "download_url": url}
    return page([asset] if _flow(call)["json"] else [], call.query, call.request.url)


def upload(call: Call) -> object:
    """Answer `POST /{flow}/assets`: the Flow's JSON; what is wrong with it is told, and keeps it from going out."""
    params, flow = call.params(), _flow(call)
    if params.get("asset_type") != "FLOW_JSON" or params.get("name") != "flow.json":
        raise parameter("(#100) Params name and asset_type must be flow.json and FLOW_JSON.")
    file = params.get("file")
    if not isinstance(file, (bytes, str)) or not file:
        raise parameter("(#100) The parameter file is required.")
    if len(file) > _LARGEST_FILE:
        raise parameter("(#100) The file is too large.")
    if flow["status"] != "DRAFT":
        raise refused(_NOT_UPDATED, "A Flow that was published can't be changed.")
    _fill(flow, file.decode("utf-8", "replace") if isinstance(file, bytes) else file)
    return {**DONE, "validation_errors": flow["validation_errors"]}


def publish(call: Call) -> object:
    """Answer `POST /{flow}/publish`."""
    flow = _flow(call)
    if flow["status"] != "DRAFT":
        raise refused(_NOT_PUBLISHED, "Only a Flow that is a draft can be published.")
    _check_publishable(flow)
    flow["status"] = "PUBLISHED"
    return DONE


def deprecate(call: Call) -> object:
    """Answer `POST /{flow}/deprecate`."""
    flow = _flow(call)
    if flow["status"] != "PUBLISHED":
        raise refused(_NOT_DEPRECATED, "Only a published Flow can be deprecated.")
    flow["status"] = "DEPRECATED"
    return DONE


def _touch(call: Call, flow: dict[str, Any]) -> None:
    flow["updated_at"] = datetime.fromtimestamp(call.now, UTC).strftime("%Y-%m-%dT%H:%M:%S%z")


def _flow(call: Call) -> dict[str, Any]:
    return call.world.account.flows[call.node]


def _categories(given: object) -> list[str]:
    categories = [one_of(one, "categories", _CATEGORIES) for one in listed(given or [], "categories")]
    if not categories:
        raise parameter("(#100) The parameter categories is required.")
    return categories


def _fill(flow: dict[str, Any], text: str) -> None:
    # That there is one is kept, and not the megabytes: nobody ever reads them again.
    flow["json"], flow["validation_errors"] = True, []
    try:
        written = json.loads(text)
    # A plain ValueError: a number of thousands of digits.
    except (ValueError, RecursionError) as problem:
        line, column = getattr(problem, "lineno", 1), getattr(problem, "colno", 1)
        flow["validation_errors"] = [_mistake("INVALID_JSON", "The file is not valid JSON.", line, column)]
        return
    for name in ("version", "screens"):
        if not isinstance(written, dict) or not written.get(name):
            flow["validation_errors"].append(
                _mistake("REQUIRED_PROPERTY_MISSING", f'Required property "{name}" is missing.', 1, 1)
            )


def _mistake(error: str, message: str, line: int, column: int) -> dict[str, Any]:
    where = {"line_start": line, "line_end": line, "column_start": column, "column_end": column}
    return {"error": error, "error_type": "FLOW_JSON_ERROR", "message": message, **where}


def _check_publishable(flow: dict[str, Any]) -> None:
    if not flow["json"] or flow["validation_errors"]:
        raise refused(_NOT_PUBLISHED, "The Flow has no JSON, or there are mistakes in it.")


def _shown(flow: dict[str, Any], call: Call, shown: tuple[str, ...]) -> dict[str, Any]:
    facts = {name: value for name, value in flow.items() if name != "json"}
    facts |= {"json_version": None, "data_api_version": None, "data_channel_uri": flow["endpoint_uri"]}
    facts |= {"application": None, "health_status": None}
    setup = call.world.setup
    facts["whatsapp_business_account"] = {"id": setup.waba_id, "name": setup.waba_name, "timezone_id": "1"}
    facts["preview"] = {
        "preview_url": f"https://business.facebook.com/wa/manage/flows/{flow['id']}/preview",
        "expires_at": "2030-01-01T00:00:00+0000",
    }
    return chosen(facts, asked(call.query.get("fields", "")), shown=shown, node="WhatsAppFlow")
