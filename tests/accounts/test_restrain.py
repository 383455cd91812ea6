"""How often and when a business writes to one person is said once, and written down."""

from datetime import time

import pytest

from difusio.accounts.first_run import make_owner
from difusio.accounts.models import AuditEntry, Workspace
from difusio.accounts.restrain import (
    USUAL,
    HalfQuietError,
    NoCapError,
    Restraint,
    restrain,
    restraint_of,
)
from tests.cast import NOON

pytestmark = pytest.mark.django_db


def it_begins_with_the_usual_restraint_and_a_demo_without_quiet_hours() -> None:
    facts = {"email": "dana@forn.example", "password": "llevat de pastisser 7", "at": NOON}
    place = {"language": "ca", "time_zone": "Europe/Madrid", "country": "ES"}

    made = make_owner(workspace_name="Forn", **facts, **place)  # type: ignore[arg-type]  # told apart for brevity

    assert restraint_of(Workspace.objects.get(pk=made.workspace_id)) == USUAL


def it_has_no_quiet_hours_in_a_demo() -> None:
    made = make_owner(
        email="dana@forn.example",
        password="llevat de pastisser 7",  # made up
        workspace_name="Forn",
        language="ca",
        time_zone="Europe/Madrid",
        country="ES",
        at=NOON,
        is_demo=True,
    )

    found = restraint_of(Workspace.objects.get(pk=made.workspace_id))

    assert (found.quiet_from, found.quiet_until, found.cap_messages) == (None, None, USUAL.cap_messages)


def it_keeps_to_another_restraint_and_says_so_once() -> None:
    forn = Workspace.objects.create(name="Forn", created_at=NOON)
    asked = Restraint(time(22, 30), time(8), None, 7, tries_again=False)

    for _ in range(2):
        restrain(forn.pk, asked, by="user 1", at=NOON)

    forn.refresh_from_db()
    assert restraint_of(forn) == asked
    assert AuditEntry.objects.get().details == {
        "quiet_from": "22:30",
        "quiet_until": "08:00",
        "cap_messages": None,
        "cap_days": 7,
        "tries_again": False,
    }


@pytest.mark.parametrize("asked", [Restraint(quiet_from=time(21)), Restraint(time(9), time(9))])
def it_refuses_quiet_hours_without_an_end(asked: Restraint) -> None:
    forn = Workspace.objects.create(name="Forn", created_at=NOON)

    with pytest.raises(HalfQuietError):
        restrain(forn.pk, asked, by="user 1", at=NOON)


@pytest.mark.parametrize("asked", [Restraint(cap_messages=0), Restraint(cap_messages=4, cap_days=0)])
def it_refuses_a_cap_that_counts_nothing(asked: Restraint) -> None:
    forn = Workspace.objects.create(name="Forn", created_at=NOON)

    with pytest.raises(NoCapError):
        restrain(forn.pk, asked, by="user 1", at=NOON)
