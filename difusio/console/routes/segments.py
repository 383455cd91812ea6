"""Segments."""

from django.urls import URLPattern, path

from difusio.console.pages import segments

urlpatterns: list[URLPattern] = [
    path("segments/", segments.index, name="segments"),
    path("segments/new/", segments.new, name="segment_new"),
    path("segments/answer/", segments.answer, name="segment_answer"),
    path("segments/<int:segment_id>/", segments.show, name="segment"),
    path("segments/<int:segment_id>/count/", segments.count, name="segment_count"),
    path("segments/<int:segment_id>/edit/", segments.edit, name="segment_edit"),
    path("segments/<int:segment_id>/duplicate/", segments.duplicate, name="segment_duplicate"),
    path("segments/<int:segment_id>/delete/", segments.delete, name="segment_delete"),
]
