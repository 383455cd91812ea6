"""Templates: found in their language, filled in, and sent where their category belongs."""

from typing import Any

from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.messages.members import missing
from whatsapp_simulator.outgoing import Endpoint
from whatsapp_simulator.people import Address
from whatsapp_simulator.templates import Template
from whatsapp_simulator.world import World

_STATUS_CODES = {"PAUSED": 132015, "DISABLED": 132016}


def find_template(world: World, content: dict[str, Any]) -> Template:
    """Find the template that `template` names; raises RefusedError unless it may be sent."""
    name, code = read_name(content)
    template = world.templates.get((name, code))
    if template is None or template.status not in ("APPROVED", *_STATUS_CODES):
        raise refused(132001, f"template name ({name}) does not exist in {code}")
    if template.status in _STATUS_CODES:
        raise refused(_STATUS_CODES[template.status])
    return template


def read_name(content: dict[str, Any]) -> tuple[str, str]:
    """Read name and language; there is no falling back to another one, whatever `policy` says."""
    name, language = content.get("name"), content.get("language")
    if not isinstance(name, str) or not name:
        raise missing("name", "template")
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(code, str) or not code:
        raise missing("language.code", "template")
    return name, code


def check_route(
    world: World, template: Template, endpoint: Endpoint, address: Address, written: dict[str, Any]
) -> None:
    """Send each category where Meta wants it."""
    setup = world.setup
    has_bid = "optimization_spec" in template.facts
    if endpoint == "marketing_messages":
        if template.category != "MARKETING":
            raise refused(134100)
        is_strict = written.get("product_policy") == "STRICT"
        if is_strict and setup.marketing_messages_onboarding_status != "ONBOARDED":
            raise refused(134102, "The account is not onboarded to the Marketing Messages API.")
        standing = world.catalogue.of(template.name, template.language)
        if standing is not None and world.lifecycle.is_syncing(standing):
            raise refused(134101)
        if "bid_spec" in written and not has_bid:
            raise parameter("(#100) Invalid parameter", "The template has no max price to multiply.")
    else:
        # Switching marketing off bites on accounts that have the other endpoint.
        is_off = setup.disable_marketing_messages_on_cloud_api
        if (
            template.category == "MARKETING"
            and is_off
            and setup.marketing_messages_onboarding_status == "ONBOARDED"
        ):
            raise refused(131063)
        if has_bid:
            raise refused(131061)
        if template.form.header_format == "GIF":
            raise refused(132012, "header: GIF can be sent with marketing_messages only")
    if address.user_id is not None and (template.category == "AUTHENTICATION" or has_bid):
        raise refused(131062)
