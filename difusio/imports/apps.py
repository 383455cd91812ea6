"""The app's name for Django."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """Files that bring people, events and consent in."""

    name = "difusio.imports"
    label = "imports"
    default_auto_field = "django.db.models.BigAutoField"
