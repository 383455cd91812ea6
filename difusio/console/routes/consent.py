"""Consent: the ledger as a whole, its proof, the topics."""

from django.urls import URLPattern, path

from difusio.console.pages import consent

urlpatterns: list[URLPattern] = [
    path("consent/", consent.index, name="consent"),
    path("consent/weeks.csv", consent.weeks_csv, name="consent_weeks"),
    path("consent/check/", consent.check, name="consent_check"),
    path("consent/ledger/", consent.ledger, name="consent_ledger"),
    path("consent/proof/<int:contact_id>/", consent.proof, name="consent_proof"),
    path("consent/proof/<int:contact_id>/file/", consent.proof_file, name="consent_proof_file"),
    path("consent/topics/", consent.topics, name="topics"),
    path("consent/topics/<int:topic_id>/", consent.topic, name="topic"),
]
