"""Every address of the console, one module per part of the navigation."""

from django.urls import URLPattern

from difusio.console.routes import campaigns, doors, segments, templates

urlpatterns: list[URLPattern] = [
    *doors.urlpatterns,
    *campaigns.urlpatterns,
    *segments.urlpatterns,
    *templates.urlpatterns,
]
