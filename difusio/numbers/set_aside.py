"""Webhooks that could not be folded in, as the people of a workspace may see them: those about their own numbers."""

from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.accounts.models import Role, User, Workspace
from difusio.log import kept
from difusio.log.kept import Whose
from difusio.numbers.models import Number


def whose(workspace: Workspace, user: User) -> Whose:
    """Say which of them somebody may see there.  Cost: 2 queries.

    A webhook that names another's number, or nobody's, is for whoever owns every workspace of this installation.
    """
    numbers = Number.objects.filter(workspace=workspace).values_list("phone_number_id", "waba_id")
    ids = sorted({meta_id for pair in numbers for meta_id in pair})
    owned = Workspace.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
    return Whose(ids, everybody=not Workspace.objects.exclude(pk__in=owned).exists())


def take_again(may_see: Whose, posts: list[int] | None, *, workspace_id: int, by: str, at: datetime) -> int:
    """Let the drain try webhooks once more, or all that may be seen; give how many."""
    with transaction.atomic():
        taken = kept.take_again(may_see, posts)
        if taken:
            audit.record(
                workspace_id=workspace_id, actor=by, act="webhook.taken_again", details={"n": taken}, at=at
            )
    return taken


def hand_out(may_see: Whose, post_id: int, *, workspace_id: int, by: str, at: datetime) -> bytes | None:
    """Let a webhook's raw bytes be taken out of the house, which is written down; None: there is no such webhook."""
    with transaction.atomic():
        body = kept.raw_body(post_id, may_see)
        if body is not None:
            audit.record(
                workspace_id=workspace_id, actor=by, act="webhook.exported", details={"post": post_id}, at=at
            )
    return body
