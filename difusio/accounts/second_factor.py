"""Ask every member of a workspace for a second step at the sign-in, and remember when somebody's changes."""

from datetime import datetime
from typing import Final

from django.db import transaction

from difusio.accounts.audit import record
from difusio.accounts.models import Membership, Workspace

# What a member can have, as allauth calls it, and what the audit log calls it.
KINDS: Final = {"totp": "app", "webauthn": "passkey", "recovery_codes": "recovery codes"}


def require(workspace_id: int, *, is_required: bool, by: str, at: datetime) -> None:
    """Let only members work here who have a second factor, or everybody again.  Repeating it changes nothing.

    Whoever has none is led to set one up with the next page they open.
    """
    with transaction.atomic():
        others = Workspace.objects.filter(pk=workspace_id).exclude(requires_second_factor=is_required)
        if others.update(requires_second_factor=is_required):
            act = "second_factor.required" if is_required else "second_factor.left_open"
            record(workspace_id=workspace_id, actor=by, act=act, details={}, at=at)


def tell(user_id: int, act: str, *, kind: str, at: datetime) -> None:
    """Write into the log of each of a member's workspaces that a second factor of theirs was added, removed or renewed.

    act: ``added``, ``removed`` or ``renewed``.  kind: a key of ``KINDS``.
    """
    with transaction.atomic():
        memberships = Membership.objects.filter(user=user_id).order_by("workspace_id")
        for workspace_id in memberships.values_list("workspace_id", flat=True):
            record(
                workspace_id=workspace_id,
                actor=f"user {user_id}",
                act=f"second_factor.{act}",
                details={"user": user_id, "kind": KINDS.get(kind, kind)},
                at=at,
            )
