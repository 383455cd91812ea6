"""Parked deliveries."""

from django.urls import URLPattern, path

from difusio.console.pages import parked

urlpatterns: list[URLPattern] = [
    path("parked/", parked.index, name="parked"),
    path("parked/decide/", parked.decide, name="parked_decide"),
    path("parked/parked.csv", parked.download, name="parked_csv"),
]
