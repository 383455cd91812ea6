"""Every address of the console, one module per part of the navigation."""

from django.urls import URLPattern

from difusio.console.routes import campaigns, conversations, doors, sessions, settings

urlpatterns: list[URLPattern] = [
    *doors.urlpatterns,
    *sessions.urlpatterns,
    *campaigns.urlpatterns,
    *conversations.urlpatterns,
    *settings.urlpatterns,
]
