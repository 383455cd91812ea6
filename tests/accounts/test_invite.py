"""Somebody is invited by a link that holds once, for seven days."""

from datetime import timedelta

import pytest

from difusio.accounts.invite import (
    AnotherAddressError,
    InvitationGoneError,
    Invited,
    MemberAlreadyError,
    NoAddressError,
    WeakPasswordError,
    begin,
    invitation_of,
    invite,
    join,
    withdraw,
)
from difusio.accounts.models import AuditEntry, Invitation, Membership, Role, User, Workspace
from tests.cast import NOON

pytestmark = pytest.mark.django_db

PASSWORD = "llevat de pastisser 7"
LAIA = "laia@forn.example"


@pytest.fixture
def forn() -> Workspace:
    return Workspace.objects.create(name="Forn de la Plaça", created_at=NOON)


def invited(forn: Workspace, email: str = LAIA, role: Role = Role.DESK) -> Invited:
    return invite(email, role, workspace_id=forn.pk, by="user 1", at=NOON)


def it_makes_a_user_of_somebody_new_in_the_role_they_were_offered(forn: Workspace) -> None:
    token = invited(forn, " Laia@Forn.example ").token

    membership = begin(token, password=PASSWORD, language="ca", at=NOON)

    assert (membership.workspace_id, membership.role) == (forn.pk, "desk")
    assert membership.user.email == LAIA
    assert membership.user.check_password(PASSWORD)
    assert list(AuditEntry.objects.order_by("seq").values_list("act", flat=True)) == [
        "member.invited",
        "member.joined",
    ]


def it_keeps_the_link_nowhere(forn: Workspace) -> None:
    token = invited(forn).token

    assert token.encode() not in bytes(Invitation.objects.get().token_hash)
    assert token not in str(AuditEntry.objects.get().details)


def it_lets_somebody_known_join_with_the_password_they_have(forn: Workspace) -> None:
    laia = User.objects.create_user(LAIA, PASSWORD)
    token = invited(forn).token

    join(token, user=laia, at=NOON)

    assert Membership.objects.get().user == laia
    with pytest.raises(AnotherAddressError):
        begin(
            invited(Workspace.objects.create(name="x", created_at=NOON)).token,
            password=PASSWORD,
            language="",
            at=NOON,
        )


def it_is_for_nobody_else(forn: Workspace) -> None:
    eve = User.objects.create_user("eve@elsewhere.example", PASSWORD)

    with pytest.raises(AnotherAddressError):
        join(invited(forn).token, user=eve, at=NOON)


def it_holds_once(forn: Workspace) -> None:
    token = invited(forn).token
    begin(token, password=PASSWORD, language="ca", at=NOON)

    with pytest.raises(InvitationGoneError):
        invitation_of(token, at=NOON)


def it_holds_seven_days_until_it_is_withdrawn_or_made_anew(forn: Workspace) -> None:
    first = invited(forn).token
    assert invitation_of(first, at=NOON + timedelta(days=6)).email == LAIA
    with pytest.raises(InvitationGoneError):
        invitation_of(first, at=NOON + timedelta(days=7))

    second = invited(forn)
    with pytest.raises(InvitationGoneError):
        invitation_of(first, at=NOON)

    withdraw(second.invitation_id, workspace_id=forn.pk, by="user 1", at=NOON)
    withdraw(second.invitation_id, workspace_id=forn.pk, by="user 1", at=NOON)
    with pytest.raises(InvitationGoneError):
        begin(second.token, password=PASSWORD, language="ca", at=NOON)
    assert not User.objects.exists()


def it_refuses_what_is_no_address_a_member_and_a_weak_password(forn: Workspace) -> None:
    with pytest.raises(NoAddressError):
        invited(forn, "laia")
    with pytest.raises(WeakPasswordError):
        begin(invited(forn).token, password="laia@forn.example", language="ca", at=NOON)
    begin(invited(forn).token, password=PASSWORD, language="ca", at=NOON)
    with pytest.raises(MemberAlreadyError):
        invited(forn)
