"""Invite somebody to a workspace by a link that holds once, for seven days."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from difusio.accounts.audit import record
from difusio.accounts.models import Invitation, Membership, Role, User, Workspace
from difusio.common.sentences import SentenceError

HOLDS: Final = timedelta(days=7)
_TOKEN_BYTES: Final = 32


class InvitationError(SentenceError):
    """The invitation could not be made or accepted."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or type(self).__doc__)


class NoAddressError(InvitationError):
    """This is not an e-mail address: write it as name@example.org."""


class MemberAlreadyError(InvitationError):
    """This person is a member already: change their role in the list."""


class InvitationGoneError(InvitationError):
    """This invitation no longer holds: ask whoever sent it for a new one."""


class AnotherAddressError(InvitationError):
    """This invitation is for another e-mail address: sign out, then open the link again."""


class WeakPasswordError(InvitationError):
    """The password is too weak: choose a longer one that is not in common use."""


@dataclass(frozen=True, slots=True)
class Invited:
    """token: what the link carries; shown once, kept nowhere."""

    invitation_id: int
    token: str


def invite(email: str, role: Role, *, workspace_id: int, by: str, at: datetime) -> Invited:
    """Offer somebody a place; an earlier link to the same address holds no longer.

    Raises NoAddressError, MemberAlreadyError.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise NoAddressError from None
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace_id)
        if Membership.objects.filter(workspace=workspace_id, user__email=email).exists():
            raise MemberAlreadyError
        _open(workspace_id).filter(email=email).update(withdrawn_at=at)
        invitation = Invitation.objects.create(
            workspace_id=workspace_id,
            email=email,
            role=role,
            token_hash=_hash(token),
            created_at=at,
            expires_at=at + HOLDS,
        )
        _tell(invitation, "member.invited", by=by, at=at)
    return Invited(invitation.pk, token)


def withdraw(invitation_id: int, *, workspace_id: int, by: str, at: datetime) -> None:
    """Let a link hold no longer.  Repeating it is harmless."""
    with transaction.atomic():
        invitation = _open(workspace_id).select_for_update().filter(pk=invitation_id).first()
        if invitation is not None:
            invitation.withdrawn_at = at
            invitation.save(update_fields=["withdrawn_at"])
            _tell(invitation, "invitation.withdrawn", by=by, at=at)


def invitation_of(token: str, *, at: datetime) -> Invitation:
    """Give what a link offers.  Raises InvitationGoneError.  Cost: 1 query."""
    found = (
        Invitation.objects.select_related("workspace")
        .filter(token_hash=_hash(token), accepted_at=None, withdrawn_at=None, expires_at__gt=at)
        .first()
    )
    if found is None:
        raise InvitationGoneError
    return found


def join(token: str, *, user: User, at: datetime) -> Membership:
    """Give somebody who can sign in already their place.

    Raises InvitationGoneError, AnotherAddressError.
    """
    with transaction.atomic():
        invitation = _taken(token, at=at)
        if user.email != invitation.email:
            raise AnotherAddressError
        return _place(invitation, user, at=at)


def begin(token: str, *, password: str, language: str, at: datetime) -> Membership:
    """Make a user of somebody new, with the password they chose, and give them their place.

    Raises InvitationGoneError, WeakPasswordError, AnotherAddressError (they can sign in already: they join).
    """
    with transaction.atomic():
        invitation = _taken(token, at=at)
        if User.objects.filter(email=invitation.email).exists():
            raise AnotherAddressError
        try:
            validate_password(password, User(email=invitation.email))
        except ValidationError as error:
            raise WeakPasswordError(" ".join(error.messages)) from None
        user = User.objects.create_user(invitation.email, password, language=language)
        return _place(invitation, user, at=at)


def _taken(token: str, *, at: datetime) -> Invitation:
    """Take a link that holds, so that two who use it at the same moment follow each other."""
    found = (
        Invitation.objects.select_for_update()
        .filter(token_hash=_hash(token), accepted_at=None, withdrawn_at=None, expires_at__gt=at)
        .first()
    )
    if found is None:
        raise InvitationGoneError
    return found


def _place(invitation: Invitation, user: User, *, at: datetime) -> Membership:
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at"])
    membership, _ = Membership.objects.get_or_create(
        workspace_id=invitation.workspace_id, user=user, defaults={"role": invitation.role}
    )
    _tell(invitation, "member.joined", by=f"user {user.pk}", at=at)
    return membership


def _open(workspace_id: int) -> QuerySet[Invitation]:
    return Invitation.objects.filter(workspace=workspace_id, accepted_at=None, withdrawn_at=None)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _tell(invitation: Invitation, act: str, *, by: str, at: datetime) -> None:
    record(
        workspace_id=invitation.workspace_id,
        actor=by,
        act=act,
        details={"invitation": invitation.pk, "role": invitation.role},
        at=at,
    )
