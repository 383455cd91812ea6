"""The app's name for Django."""

from django.apps import AppConfig


class ReceivingConfig(AppConfig):
    """Verify, append, 200; the drain folds in."""

    name = "difusio.receiving"
    label = "receiving"
    default_auto_field = "django.db.models.BigAutoField"
