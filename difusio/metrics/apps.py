"""The app's name for Django."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """Figures for those who run an installation."""

    name = "difusio.metrics"
    label = "metrics"
    default_auto_field = "django.db.models.BigAutoField"
