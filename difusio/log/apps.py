"""The app's name for Django."""

from django.apps import AppConfig


class LogConfig(AppConfig):
    """The durable log of what came in."""

    name = "difusio.log"
    label = "log"
    default_auto_field = "django.db.models.BigAutoField"
