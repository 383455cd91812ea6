"""The app's name for Django."""

from django.apps import AppConfig


class MessageTemplatesConfig(AppConfig):
    """What Meta approved, filled, priced."""

    name = "difusio.message_templates"
    label = "message_templates"
    default_auto_field = "django.db.models.BigAutoField"
