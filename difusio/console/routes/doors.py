"""Coming in, going out, home, and what the pages are made of."""

from allauth.account.views import LoginView, LogoutView
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path
from django.views.i18n import set_language

from difusio.console.pages import first_run, home, parts, workspaces

_sign_out = LogoutView.as_view(template_name="console/sign_out.html")

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("first-run/", first_run.first_run, name="first_run"),
    path("sign-in/", LoginView.as_view(template_name="console/sign_in.html"), name="account_login"),
    path("sign-out/", login_not_required(_sign_out), name="account_logout"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("workspaces/<int:workspace_id>/", workspaces.work_in, name="workspace"),
    path("console/parts/", parts.parts, name="parts"),
]
