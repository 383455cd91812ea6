"""The app's name for Django."""

from django.apps import AppConfig


class NumbersConfig(AppConfig):
    """Portfolios and business numbers, limits, quality."""

    name = "difusio.numbers"
    label = "numbers"
    default_auto_field = "django.db.models.BigAutoField"
