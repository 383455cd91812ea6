"""The app's name for Django."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Campaign, round, variant: plan, pre-flight, launch, pause, cancel."""

    name = "difusio.campaigns"
    label = "campaigns"
    default_auto_field = "django.db.models.BigAutoField"
