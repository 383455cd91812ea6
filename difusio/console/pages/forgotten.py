"""A forgotten password: a link by e-mail where this installation sends any, else whom to ask."""

from allauth.account.views import PasswordResetFromKeyView, PasswordResetView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

_by_mail = PasswordResetView.as_view(template_name="console/sessions/forgotten.html")

_by_link = PasswordResetFromKeyView.as_view(template_name="console/sessions/new_password.html")


@login_not_required
def forgotten(request: HttpRequest) -> HttpResponseBase:
    """Ask for the address, or say that only whoever runs this installation can help."""
    if not settings.DIFUSIO_SENDS_EMAIL:
        return render(request, "console/sessions/forgotten_no_mail.html")
    answer: HttpResponseBase = _by_mail(request)
    return answer


@login_not_required
def new_password(request: HttpRequest, uidb36: str, key: str) -> HttpResponseBase:
    """Choose another password by a link that holds once, whoever made it: a mail or the command line."""
    # The key has hyphens of its own; the user's part has none.
    uidb36, _, key = f"{uidb36}-{key}".partition("-")
    answer: HttpResponseBase = _by_link(request, uidb36=uidb36, key=key)
    return answer
