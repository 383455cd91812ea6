"""Contacts, and the files that bring them in."""

from django.urls import URLPattern, path

from difusio.console.pages import contacts, imports

urlpatterns: list[URLPattern] = [
    path("contacts/", contacts.index, name="contacts"),
    path("contacts/new/", contacts.new, name="contact_new"),
    path("contacts/import/", imports.index, name="imports"),
    path("contacts/import/<int:upload_id>/", imports.show, name="import"),
    path("contacts/import/<int:upload_id>/take/", imports.take, name="import_take"),
    path("contacts/import/<int:upload_id>/change/", imports.change, name="import_change"),
    path("contacts/import/<int:upload_id>/discard/", imports.discard, name="import_discard"),
    path("contacts/import/<int:upload_id>/refused/", imports.refused, name="import_refused"),
    path("contacts/<int:contact_id>/", contacts.show, name="contact"),
    path("contacts/<int:contact_id>/edit/", contacts.edit, name="contact_edit"),
    path("contacts/<int:contact_id>/consent/", contacts.consent, name="contact_consent"),
    path("contacts/<int:contact_id>/leave/", contacts.leave, name="contact_leave"),
]
