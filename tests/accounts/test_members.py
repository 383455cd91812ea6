"""Members change and go; an owner always stays."""

import pytest

from difusio.accounts.members import LastOwnerError, NoSuchMemberError, change_role, remove
from difusio.accounts.models import AuditEntry, Membership, Role, User, Workspace
from difusio.accounts.rename import rename
from tests.cast import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def forn() -> Workspace:
    return Workspace.objects.create(name="Forn de la Plaça", created_at=NOON)


def member(forn: Workspace, email: str, role: Role) -> User:
    user = User.objects.create_user(email)
    Membership.objects.create(workspace=forn, user=user, role=role)
    return user


def it_changes_what_a_member_may_do_and_says_so(forn: Workspace) -> None:
    laia = member(forn, "laia@forn.example", Role.DESK)

    for _ in range(2):
        change_role(laia.pk, Role.MARKETER, workspace_id=forn.pk, by="user 1", at=NOON)

    assert Membership.objects.get().role == "marketer"
    assert AuditEntry.objects.get().details == {"user": laia.pk, "role": "marketer"}


def it_takes_the_place_and_leaves_the_person(forn: Workspace) -> None:
    laia = member(forn, "laia@forn.example", Role.DESK)

    remove(laia.pk, workspace_id=forn.pk, by="user 1", at=NOON)

    assert (Membership.objects.count(), User.objects.count()) == (0, 1)
    assert AuditEntry.objects.get().act == "member.removed"
    with pytest.raises(NoSuchMemberError):
        remove(laia.pk, workspace_id=forn.pk, by="user 1", at=NOON)


def it_never_leaves_a_workspace_without_an_owner(forn: Workspace) -> None:
    dana = member(forn, "dana@forn.example", Role.OWNER)

    with pytest.raises(LastOwnerError):
        remove(dana.pk, workspace_id=forn.pk, by="user 1", at=NOON)
    with pytest.raises(LastOwnerError):
        change_role(dana.pk, Role.DESK, workspace_id=forn.pk, by="user 1", at=NOON)

    marta = member(forn, "marta@forn.example", Role.OWNER)
    change_role(dana.pk, Role.DESK, workspace_id=forn.pk, by="user 1", at=NOON)
    with pytest.raises(LastOwnerError):
        remove(marta.pk, workspace_id=forn.pk, by="user 1", at=NOON)


def it_renames_the_business_once(forn: Workspace) -> None:
    for _ in range(2):
        rename(
            forn.pk,
            name=" Forn Nou ",
            language="es",
            time_zone="Atlantic/Canary",
            country="es",
            by="user 1",
            at=NOON,
        )

    forn.refresh_from_db()
    assert (forn.name, forn.language, forn.time_zone, forn.country) == (
        "Forn Nou",
        "es",
        "Atlantic/Canary",
        "ES",
    )
    assert AuditEntry.objects.count() == 1
