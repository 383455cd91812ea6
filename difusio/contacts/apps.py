"""The app's name for Django."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """People, identities, fields, events."""

    name = "difusio.contacts"
    label = "contacts"
    default_auto_field = "django.db.models.BigAutoField"
