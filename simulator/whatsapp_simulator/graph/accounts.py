"""Reading the account: numbers, templates and the account itself, with `fields`, filters and cursors."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.scenario import Number
from whatsapp_simulator.templates import Template
from whatsapp_simulator.world import World

_DEFAULT_LIMIT = 25
_HIGHEST_LIMIT = 1000
_HIGH_MPS = 1000
_TEMPLATE_FIELDS = (
    "name", "parameter_format", "components", "language", "status", "category", "sub_category", "id",
    "quality_score", "rejected_reason", "message_send_ttl_seconds", "previous_category", "correct_category",
    "library_template_name", "cta_url_link_tracking_opted_out",
)  # fmt: skip
_SHOWN_OF_TEMPLATE = _TEMPLATE_FIELDS[:8]
_SHOWN_OF_NUMBER = (
    "verified_name", "code_verification_status", "display_phone_number", "quality_rating", "platform_type",
    "throughput", "webhook_configuration", "id",
)  # fmt: skip
_SHOWN_OF_NUMBER_LISTED = ("verified_name", "display_phone_number", "id", "quality_rating")
_SHOWN_OF_WABA = ("id", "name", "timezone_id", "message_template_namespace")
_NESTED = re.compile(r"\{[^{}]*\}")
_CURSOR_MARK = "row:"


def show_account(world: World, query: Mapping[str, str]) -> dict[str, Any]:
    """Answer `GET /{waba}`."""
    setup = world.setup
    facts = {
        "id": setup.waba_id,
        "name": setup.waba_name,
        "timezone_id": "1",
        "currency": "EUR",
        "message_template_namespace": f"namespace_{setup.waba_id}",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "status": "ACTIVE",
        "ownership_type": "SELF",
        "marketing_messages_onboarding_status": setup.marketing_messages_onboarding_status,
        "owner_business_info": {"name": setup.waba_name, "id": setup.portfolio_id},
        "health_status": _health(world, "WABA", setup.waba_id),
    }
    return _chosen(facts, query, shown=_SHOWN_OF_WABA, node="WhatsAppBusinessAccount")


def show_number(world: World, number: Number, query: Mapping[str, str]) -> dict[str, Any]:
    """Answer `GET /{phone_number_id}`."""
    return _chosen(
        _number_facts(world, number), query, shown=_SHOWN_OF_NUMBER, node="WhatsAppBusinessPhoneNumber"
    )


def list_numbers(world: World, query: Mapping[str, str], url: str) -> dict[str, Any]:
    """Answer `GET /{waba}/phone_numbers`."""
    rows = [
        _chosen(
            _number_facts(world, number),
            query,
            shown=_SHOWN_OF_NUMBER_LISTED,
            node="WhatsAppBusinessPhoneNumber",
        )
        for number in world.setup.numbers
    ]
    return _page(rows, query, url)


def list_templates(world: World, query: Mapping[str, str], url: str) -> dict[str, Any]:
    """Answer `GET /{waba}/message_templates`; filters: name (a part of it), status, category, language."""
    rows = [
        show_template(template, query) for template in world.templates.values() if _matches(template, query)
    ]
    return _page(rows, query, url)


def show_template(template: Template, query: Mapping[str, str]) -> dict[str, Any]:
    """Answer `GET /{template_id}`, and one row of the list."""
    facts: dict[str, Any] = dict.fromkeys(_TEMPLATE_FIELDS) | template.facts
    facts["quality_score"] = facts["quality_score"] or {"score": "UNKNOWN", "date": 0}
    facts["rejected_reason"] = facts["rejected_reason"] or "NONE"
    return _chosen(facts, query, shown=_SHOWN_OF_TEMPLATE, node="WhatsAppMessageTemplate")


def _matches(template: Template, query: Mapping[str, str]) -> bool:
    return (
        query.get("name", "") in template.name
        and query.get("status", template.status).upper() == template.status
        and query.get("category", template.category).upper() == template.category
        and query.get("language", template.language) == template.language
    )


def _number_facts(world: World, number: Number) -> dict[str, Any]:
    return {
        "verified_name": number.verified_name,
        "code_verification_status": "VERIFIED",
        "display_phone_number": number.display_phone_number,
        "quality_rating": number.quality_rating,
        "platform_type": "CLOUD_API",
        "status": number.status,
        "name_status": "APPROVED",
        "throughput": {"level": "HIGH" if number.mps >= _HIGH_MPS else "STANDARD"},
        "whatsapp_business_manager_messaging_limit": number.messaging_limit,
        "is_on_biz_app": False,
        "webhook_configuration": {"application": world.setup.callback_url},
        "account_mode": "LIVE",
        "health_status": _health(world, "PHONE_NUMBER", number.phone_number_id),
        "id": number.phone_number_id,
    }


def _health(world: World, kind: str, node_id: str) -> dict[str, Any]:
    setup = world.setup
    nodes = [(kind, node_id)]
    if kind == "PHONE_NUMBER":
        nodes.append(("WABA", setup.waba_id))
    nodes += [("BUSINESS", setup.portfolio_id), ("APP", setup.app_id)]
    entities = [{"entity_type": node, "id": one, "can_send_message": "AVAILABLE"} for node, one in nodes]
    line = world.lines.get(node_id)
    if line is not None and line.number.status not in ("CONNECTED", "FLAGGED", "RATE_LIMITED"):
        entities[0]["can_send_message"] = "BLOCKED"
    return {"can_send_message": entities[0]["can_send_message"], "entities": entities}


def _chosen(
    facts: dict[str, Any], query: Mapping[str, str], *, shown: tuple[str, ...], node: str
) -> dict[str, Any]:
    asked = query.get("fields", "")
    while _NESTED.search(asked):
        asked = _NESTED.sub("", asked)
    names = tuple(name.strip() for name in asked.split(",") if name.strip()) or shown
    for name in names:
        if name not in facts:
            raise parameter(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})")
    return {name: facts[name] for name in dict.fromkeys((*names, "id")) if facts[name] is not None}


def _page(rows: list[dict[str, Any]], query: Mapping[str, str], url: str) -> dict[str, Any]:
    limit_text = query.get("limit", str(_DEFAULT_LIMIT))
    if not limit_text.isdecimal() or not 0 < int(limit_text) <= _HIGHEST_LIMIT:
        raise parameter(f"(#100) Param limit must be a number between 1 and {_HIGHEST_LIMIT}")
    limit = int(limit_text)
    start = _row_of(query["after"]) if "after" in query else 0
    if "before" in query and "after" not in query:
        start = max(_row_of(query["before"]) - 1 - limit, 0)
    page = rows[start : start + limit]
    if not page:
        return {"data": []}
    after = _cursor(start + len(page))
    paging: dict[str, Any] = {"cursors": {"before": _cursor(start + 1), "after": after}}
    if start + len(page) < len(rows):
        kept = "".join(
            f"{name}={query[name]}&" for name in ("fields", "limit", "name", "status") if name in query
        )
        paging["next"] = f"{url}?{kept}after={after}"
    return {"data": page, "paging": paging}


def _cursor(row: int) -> str:
    return base64.urlsafe_b64encode(f"{_CURSOR_MARK}{row}".encode()).decode().rstrip("=")


def _row_of(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, UnicodeDecodeError):
        text = ""
    row = text.removeprefix(_CURSOR_MARK)
    if not text.startswith(_CURSOR_MARK) or not row.isdecimal():
        raise refused(131059, "The cursor is corrupt or has expired.")
    return int(row)
