"""Signing in as allauth does it, with our words, our keys, and nobody who was not invited."""

from base64 import b64decode, b64encode
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from difusio.accounts.models import User
from difusio.accounts.second_factor import tell
from difusio.common import clock
from difusio.common.keyring import keyring

_SECOND_FACTOR: Final = "accounts.second_factor"
# Around a code there must be four modules of nothing.
_QUIET: Final = 4


class NobodySignsUpAlone(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes allauth's open sign-up, and speaks as our pages do."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is switched off: ask the owner of the workspace."),
        # One sentence for both: who guesses must not learn which addresses exist.
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "too_many_login_attempts": _("Too many attempts: wait five minutes, then try again."),
        "enter_current_password": _("This is not your present password."),
        "incorrect_password": _("This is not your password."),
        "incorrect_code": _("The code is not right, or no longer: wait for the next one."),
        "rate_limited": _("Too many attempts: wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Say no: see ``accounts.first_run`` and ``accounts.invite``."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:  # Any: allauth's signature, untyped
        """Stay silent: that somebody signed in is seen on the page they reach."""

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:  # Any: allauth's signature
        """Ask for the password before credentials change: everybody has one."""
        if not user.is_authenticated:
            return []
        return [
            {"id": "reauthenticate", "description": "", "url": reverse("account_reauthenticate")},
        ]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002  # allauth's signature
        """Go back to one's account."""
        return reverse("mfa_index")

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponseBase:  # Any: as above
        """Let the pages speak the member's language in this browser too."""
        response: HttpResponseBase = super().post_login(request, user, **kwargs)
        if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            remember_language(response, user.language)
        return response


class SealedSecondFactor(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keeps the secrets of second factors sealed by this installation's keys."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("The code is not right, or no longer: wait for the next one."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return b64encode(keyring().seal(text.encode(), purpose=_SECOND_FACTOR)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret."""
        return keyring().open(b64decode(encrypted_text), purpose=_SECOND_FACTOR).decode()

    def build_totp_svg(self, url: str) -> SafeString:
        """Draw the code that an app scans: one path, no style, dark on light in every scheme."""
        return qr_svg(url)


def qr_svg(text: str) -> SafeString:
    """Draw a text as a QR code."""
    import qrcode

    code = qrcode.QRCode(border=_QUIET)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark
    )
    return format_html(
        '<svg class="qr" viewBox="0 0 {} {}" aria-hidden="true" focusable="false"><rect width="100%" height="100%"'
        ' fill="#fff"/><path d="{}" fill="#000"/></svg>',
        len(matrix),
        len(matrix),
        path,
    )


def sign_in(request: HttpRequest, user: User) -> None:
    """Sign in somebody who proved who they are elsewhere: the first owner, whoever accepts an invitation."""
    from allauth.usersessions.models import UserSession

    login(request, user)
    UserSession.objects.create_from_request(request)


def end_other_sessions(request: HttpRequest, user: User, **_kwargs: object) -> None:
    """End every session but this one."""
    from allauth.usersessions.internal.flows.sessions import end_other_sessions as end

    end(request, user)


def tell_of_second_factor(
    request: HttpRequest, user: User, authenticator: Any, act: str
) -> None:  # Any: allauth's
    """Write into the audit log that a second factor came, went or was made anew; nobody else's sessions go on."""
    tell(user.pk, act, kind=str(authenticator.type), at=clock.now())
    end_other_sessions(request, user)


def added(request: HttpRequest, user: User, authenticator: Any, **_kwargs: object) -> None:  # Any: allauth's
    """Hear that a second factor was added."""
    tell_of_second_factor(request, user, authenticator, "added")


def removed(
    request: HttpRequest, user: User, authenticator: Any, **_kwargs: object
) -> None:  # Any: allauth's
    """Hear that a second factor was removed."""
    tell_of_second_factor(request, user, authenticator, "removed")


def renewed(
    request: HttpRequest, user: User, authenticator: Any, **_kwargs: object
) -> None:  # Any: allauth's
    """Hear that recovery codes were made anew."""
    tell_of_second_factor(request, user, authenticator, "renewed")


def remember_language(response: HttpResponseBase, language: str) -> None:
    """Let this browser remember the language, as Django's own switch does."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
    )
