"""The account itself: read with its fields and edges, and what it can switch on and off.

Source: DOC/whatsapp-business-accounts, DOC/marketing-messages/get-started, DOC/analytics (read 2026-11-22); DOC
stands for https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from typing import Any

from whatsapp_simulator.graph import analytics, health, numbers, subscriptions, templates
from whatsapp_simulator.graph.calls import DONE, Call, flag_of
from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.fields import asked, chosen, page

_SHOWN = ("id", "name", "timezone_id", "message_template_namespace")
_SWITCHES = ("disable_marketing_messages_on_cloud_api", "is_enabled_for_insights")
_STAYS_ON = 200006


def show(call: Call) -> object:
    """Answer `GET /{waba}`, with analytics and the lists of numbers and templates as fields."""
    world, setup, account = call.world, call.world.setup, call.world.account
    facts: dict[str, Any] = {
        "id": setup.waba_id,
        "name": setup.waba_name,
        "timezone_id": "1",
        "currency": "EUR",
        "message_template_namespace": f"namespace_{setup.waba_id}",
        "account_review_status": account.review_status,
        "business_verification_status": "verified",
        "status": "DISABLED" if account.is_banned else "ACTIVE",
        "ownership_type": "SELF",
        "country": "ES",
        "on_behalf_of_business_info": None,
        "subscribed_apps": lambda _field: subscriptions.listing(call),
        "marketing_messages_lite_api_status": setup.marketing_messages_onboarding_status,
        "marketing_messages_onboarding_status": setup.marketing_messages_onboarding_status,
        "disable_marketing_messages_on_cloud_api": setup.disable_marketing_messages_on_cloud_api,
        "is_enabled_for_insights": account.has_insights,
        "whatsapp_business_manager_messaging_limit": world.portfolio.step,
        "owner_business_info": {"name": setup.waba_name, "id": setup.portfolio_id},
        "health_status": health.of_account(world),
        "analytics": lambda field: analytics.messages(world, field),
        "conversation_analytics": lambda field: analytics.conversations(world, field),
        "pricing_analytics": lambda field: analytics.prices(world, field),
        "phone_numbers": lambda field: page(
            numbers.rows(world, field.fields or ()), field.arguments, f"{call.request.url}/phone_numbers"
        ),
        "message_templates": lambda field: page(
            templates.rows(world, field.arguments, field.fields or ()),
            field.arguments,
            f"{call.request.url}/message_templates",
        ),
    }
    return chosen(facts, asked(call.query.get("fields", "")), shown=_SHOWN, node="WhatsAppBusinessAccount")


def change(call: Call) -> object:
    """Answer `POST /{waba}`: marketing on `/messages`, and insights, which stay on for good."""
    world, params = call.world, call.params()
    disabled, insights = flag_of(params, _SWITCHES[0]), flag_of(params, _SWITCHES[1])
    if disabled is None and insights is None:
        raise parameter(f"(#100) One of the parameters {', '.join(_SWITCHES)} is required.")
    if insights is False:
        raise refused(_STAYS_ON, "Template insights can't be switched off again.")
    if disabled is not None:
        world.change_setup(disable_marketing_messages_on_cloud_api=disabled)
    if insights:
        world.account.has_insights = True
        return {"id": call.node}
    return DONE
