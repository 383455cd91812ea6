"""Conversations."""

from django.urls import URLPattern, path

from difusio.console.pages import conversations

urlpatterns: list[URLPattern] = [
    path("conversations/", conversations.index, name="conversations"),
    path("conversations/<int:contact_id>/", conversations.show, name="conversation"),
    path("conversations/<int:contact_id>/answer/", conversations.answer, name="conversation_answer"),
    path("conversations/<int:contact_id>/done/", conversations.done, name="conversation_done"),
]
