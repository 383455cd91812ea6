"""The app's name for Django."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """The ledger, and the only answer to: may we write to this person about this?"""

    name = "difusio.consent"
    label = "consent"
    default_auto_field = "django.db.models.BigAutoField"
