"""Reading the account: numbers, templates and the account itself, with `fields`, filters and cursors."""

from collections.abc import Mapping
from typing import Any

from whatsapp_simulator.graph.calls import Call
from whatsapp_simulator.graph.errors import unknown_id
from whatsapp_simulator.graph.fields import asked, chosen, page
from whatsapp_simulator.scenario import Number
from whatsapp_simulator.templates import Template
from whatsapp_simulator.world import World

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


def show_account(call: Call) -> dict[str, Any]:
    """Answer `GET /{waba}`."""
    world, setup = call.world, call.world.setup
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
    return _chosen(facts, call.query, shown=_SHOWN_OF_WABA, node="WhatsAppBusinessAccount")


def show_number(call: Call) -> dict[str, Any]:
    """Answer `GET /{phone_number_id}`."""
    return _chosen(
        _number_facts(call.world, call.line.number),
        call.query,
        shown=_SHOWN_OF_NUMBER,
        node="WhatsAppBusinessPhoneNumber",
    )


def list_numbers(call: Call) -> dict[str, Any]:
    """Answer `GET /{waba}/phone_numbers`."""
    rows = [
        _chosen(
            _number_facts(call.world, number),
            call.query,
            shown=_SHOWN_OF_NUMBER_LISTED,
            node="WhatsAppBusinessPhoneNumber",
        )
        for number in call.world.setup.numbers
    ]
    return page(rows, call.query, call.request.url)


def list_templates(call: Call) -> dict[str, Any]:
    """Answer `GET /{waba}/message_templates`; filters: name (a part of it), status, category, language."""
    templates = call.world.templates.values()
    rows = [_template_row(template, call.query) for template in templates if _matches(template, call.query)]
    return page(rows, call.query, call.request.url)


def show_template(call: Call) -> dict[str, Any]:
    """Answer `GET /{template_id}`."""
    template = call.world.template_of_id(call.node)
    if template is None:
        raise unknown_id(call.node, "GET")
    return _template_row(template, call.query)


def _template_row(template: Template, query: Mapping[str, str]) -> dict[str, Any]:
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
    return chosen(facts, asked(query.get("fields", "")), shown=shown, node=node)
