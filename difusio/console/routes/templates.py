"""Templates."""

from django.urls import URLPattern, path

from difusio.console.pages import templates

urlpatterns: list[URLPattern] = [
    path("templates/", templates.index, name="templates"),
    path("templates/sync/", templates.sync, name="templates_sync"),
    path("templates/new/", templates.new, name="template_new"),
    path("templates/preview/", templates.preview, name="template_preview"),
    path("templates/<int:template_id>/", templates.show, name="template"),
]
