"""The app's name for Django."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    """Conversations and leaving."""

    name = "difusio.inbox"
    label = "inbox"
    default_auto_field = "django.db.models.BigAutoField"
