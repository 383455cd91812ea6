"""Who has a place in which workspace."""

import pytest

from difusio.accounts.gates import role_of, workspaces_of
from difusio.accounts.models import Role
from tests.console import cast


@pytest.mark.django_db
def it_gives_only_the_workspaces_in_which_one_has_a_place() -> None:
    ours, theirs = cast.make_workspace(), cast.make_workspace("La competència")
    dana = cast.make_member(ours)
    cast.make_member(theirs, "eve@elsewhere.example")

    assert list(workspaces_of(dana)) == [ours]


@pytest.mark.django_db
def it_tells_the_role_and_none_of_a_stranger() -> None:
    ours, theirs = cast.make_workspace(), cast.make_workspace("La competència")
    dana = cast.make_member(ours, role=Role.PRIVACY)

    assert role_of(dana, ours.pk) == Role.PRIVACY
    assert role_of(dana, theirs.pk) is None
