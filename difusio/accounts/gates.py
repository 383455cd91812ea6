"""Who may come in: the one way to ask which workspaces and which role a user has."""

from django.db.models import QuerySet
from django.http import HttpRequest

from difusio.accounts.models import Membership, Role, User, Workspace


class SignedInRequest(HttpRequest):
    """A request behind the sign-in: its user is somebody."""

    user: User


def workspaces_of(user: User) -> QuerySet[Workspace]:
    """Give the workspaces in which the user has a place."""
    return Workspace.objects.filter(memberships__user=user)


def role_of(user: User, workspace_id: int) -> Role | None:
    """Tell what the user is in the workspace; None: a stranger.  Cost: 1 query."""
    word = (
        Membership.objects.filter(user=user, workspace_id=workspace_id).values_list("role", flat=True).first()
    )
    return Role(word) if word else None
