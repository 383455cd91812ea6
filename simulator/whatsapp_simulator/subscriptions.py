"""Who hears of what: the fields the app listens to, the account's subscription, and callbacks of their own.

Source: DOC/webhooks/create-webhook-endpoint, DOC/webhooks/override (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from dataclasses import dataclass

WEBHOOK_FIELDS = frozenset(
    {
        "messages", "user_preferences", "message_template_status_update", "message_template_quality_update",
        "message_template_components_update", "template_category_update",
        "template_correct_category_detection", "phone_number_quality_update", "phone_number_name_update",
        "business_capability_update", "account_update", "account_review_update", "account_alerts",
        "account_settings_update", "security", "payment_configuration_update", "business_username_updates",
        "flows", "calls", "group_lifecycle_update", "group_participants_update", "group_settings_update",
        "group_status_update", "history", "smb_message_echoes", "smb_app_state_sync", "standby",
        "messaging_handovers", "tracking_events", "automatic_events", "partner_solutions",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Callback:
    """An address for webhooks, and the token it must know."""

    url: str
    verify_token: str


class Subscriptions:
    """What decides whether and where a webhook goes; the callback of the setup is the app's own.

    A number's callback goes before the account's, and that before the app's.  Whoever never says which fields
    the app listens to gets them all.
    """

    def __init__(self, app: Callback) -> None:
        self.app = app
        self.fields: frozenset[str] = WEBHOOK_FIELDS
        self.account_is_subscribed = True
        self.account: Callback | None = None
        self.numbers: dict[str, Callback] = {}

    def wants(self, field: str) -> bool:
        """Tell whether anybody listens to a field of the account."""
        return self.account_is_subscribed and field in self.fields

    def callback(self, phone_number_id: str = "") -> Callback:
        """Find where a webhook goes; phone_number_id: "" for what is the account's."""
        return self.numbers.get(phone_number_id) or self.account or self.app
