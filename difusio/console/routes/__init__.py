"""Every address of the console, one module per part of the navigation."""

from django.urls import URLPattern

from difusio.console.routes import campaigns, consent, contacts, doors

urlpatterns: list[URLPattern] = [
    *doors.urlpatterns,
    *campaigns.urlpatterns,
    *contacts.urlpatterns,
    *consent.urlpatterns,
]
