"""Which page answers which address.  What is not listed here does not exist: allauth's other pages neither."""

from allauth.account.views import LoginView, LogoutView
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, path
from django.views.i18n import set_language

from difusio.console.pages import campaigns, first_run, home, steering

_sign_out = LogoutView.as_view(template_name="console/sign_out.html")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("campaigns/<int:campaign_id>/", campaigns.show, name="campaign"),
    path("campaigns/<int:campaign_id>/pause/", steering.pause, name="campaign_pause"),
    path("campaigns/<int:campaign_id>/resume/", steering.resume, name="campaign_resume"),
    path("campaigns/<int:campaign_id>/cancel/", steering.cancel, name="campaign_cancel"),
    path("first-run/", first_run.first_run, name="first_run"),
    path("sign-in/", LoginView.as_view(template_name="console/sign_in.html"), name="account_login"),
    path("sign-out/", login_not_required(_sign_out), name="account_logout"),
    path("language/", login_not_required(set_language), name="set_language"),
]
