"""Every address of the console, one module per part of the navigation."""

from django.urls import URLPattern

from difusio.console.routes import (
    campaigns,
    consent,
    contacts,
    conversations,
    doors,
    parked,
    segments,
    sessions,
    settings,
    templates,
)

urlpatterns: list[URLPattern] = [
    *doors.urlpatterns,
    *sessions.urlpatterns,
    *campaigns.urlpatterns,
    *contacts.urlpatterns,
    *segments.urlpatterns,
    *templates.urlpatterns,
    *conversations.urlpatterns,
    *parked.urlpatterns,
    *consent.urlpatterns,
    *settings.urlpatterns,
]
