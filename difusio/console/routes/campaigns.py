"""Campaigns."""

from django.urls import URLPattern, path

from difusio.console.pages import campaigns, steering

urlpatterns: list[URLPattern] = [
    path("campaigns/", campaigns.index, name="campaigns"),
    path("campaigns/<int:campaign_id>/", campaigns.show, name="campaign"),
    path("campaigns/<int:campaign_id>/pause/", steering.pause, name="campaign_pause"),
    path("campaigns/<int:campaign_id>/resume/", steering.resume, name="campaign_resume"),
    path("campaigns/<int:campaign_id>/cancel/", steering.cancel, name="campaign_cancel"),
]
