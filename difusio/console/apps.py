"""The app's name for Django."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The operator's pages."""

    name = "difusio.console"
    label = "console"
    default_auto_field = "django.db.models.BigAutoField"
