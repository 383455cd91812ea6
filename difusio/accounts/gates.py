"""The type of a request behind the sign-in."""

from django.http import HttpRequest

from difusio.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request behind the sign-in: its user is somebody."""

    user: User
