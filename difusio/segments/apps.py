"""The app's name for Django."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """The question: a closed tree that becomes one query."""

    name = "difusio.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"
