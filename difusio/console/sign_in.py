"""Who may become a user: nobody alone; the first run makes the owner, members are invited."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class NobodySignsUpAlone(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes allauth's open sign-up, and speaks as our pages do."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is switched off: ask the owner of the workspace."),
        # One sentence for both: who guesses must not learn which addresses exist.
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "too_many_login_attempts": _("Too many attempts: wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Say no: see ``accounts.first_run``."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:  # Any: allauth's signature, untyped
        """Stay silent: that somebody signed in is seen on the page they reach."""
