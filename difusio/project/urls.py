"""Which page answers which address.  What is not listed here does not exist: allauth's other pages neither."""

from django.urls import URLPattern, URLResolver

from difusio.console import routes

handler500 = "difusio.console.errors.went_wrong"
urlpatterns: list[URLPattern | URLResolver] = [*routes.urlpatterns]
