"""Change what a member may do, or let them go; a workspace is never left without an owner."""

from datetime import datetime

from django.db import transaction

from difusio.accounts.audit import record
from difusio.accounts.models import Membership, Role, Workspace
from difusio.common.sentences import SentenceError


class MemberError(SentenceError):
    """The member was not changed."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class NoSuchMemberError(MemberError):
    """This person is no member any more: load the page again."""


class LastOwnerError(MemberError):
    """This is the last owner: make somebody else an owner first."""


def change_role(user_id: int, role: Role, *, workspace_id: int, by: str, at: datetime) -> None:
    """Let a member do other things from now on.  Repeating it is harmless.

    Raises NoSuchMemberError, LastOwnerError.
    """
    with transaction.atomic():
        membership = _locked(user_id, workspace_id, stays_owner=role == Role.OWNER)
        if membership.role == role:
            return
        membership.role = role
        membership.save(update_fields=["role"])
        _tell(workspace_id, "member.role_changed", user_id, role, by=by, at=at)


def remove(user_id: int, *, workspace_id: int, by: str, at: datetime) -> None:
    """Take a member's place away; they may still sign in, and see nothing here.

    Raises NoSuchMemberError, LastOwnerError.
    """
    with transaction.atomic():
        membership = _locked(user_id, workspace_id, stays_owner=False)
        role = membership.role
        membership.delete()
        _tell(workspace_id, "member.removed", user_id, role, by=by, at=at)


def _locked(user_id: int, workspace_id: int, *, stays_owner: bool) -> Membership:
    # Two owners who remove each other follow each other, and the second stays.
    Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace_id)
    members = Membership.objects.filter(workspace=workspace_id)
    membership = members.filter(user=user_id).first()
    if membership is None:
        raise NoSuchMemberError
    others = members.filter(role=Role.OWNER).exclude(user=user_id)
    if membership.role == Role.OWNER and not stays_owner and not others.exists():
        raise LastOwnerError
    return membership


def _tell(workspace_id: int, act: str, user_id: int, role: str, *, by: str, at: datetime) -> None:
    record(workspace_id=workspace_id, actor=by, act=act, details={"user": user_id, "role": str(role)}, at=at)
