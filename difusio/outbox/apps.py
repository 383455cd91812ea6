"""The app's name for Django."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Batches and deliveries: claim, record, fold, count."""

    name = "difusio.outbox"
    label = "outbox"
    default_auto_field = "django.db.models.BigAutoField"
