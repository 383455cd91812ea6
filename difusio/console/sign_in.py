"""Who may become a user: nobody alone; the first run makes the owner, members are invited."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class NobodySignsUpAlone(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes allauth's open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Say no: see ``accounts.first_run``."""
        return False
