"""The first run makes one owner, and no second one."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from difusio.accounts.audit import verify
from difusio.accounts.first_run import (
    AlreadyOwnedError,
    BadEmailError,
    FirstOwner,
    FirstRunError,
    NamelessWorkspaceError,
    UnknownTimeZoneError,
    WeakPasswordError,
    is_first_run,
    make_owner,
)
from difusio.accounts.models import AuditEntry, Membership, Role, User, Workspace

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def _make(
    *,
    email: str = "Dana@Forn.example",
    password: str = "llevat de pastisser 7",
    workspace_name: str = "Forn de la Plaça",
    time_zone: str = "Europe/Madrid",
) -> FirstOwner:
    return make_owner(
        email=email,
        password=password,
        workspace_name=workspace_name,
        language="ca",
        time_zone=time_zone,
        country="es",
        at=NOON,
    )


@pytest.mark.django_db
def it_makes_an_owner_who_can_sign_in_and_their_workspace() -> None:
    assert is_first_run()

    made = _make()

    user = User.objects.get(pk=made.user_id)
    assert (user.email, user.language) == ("dana@forn.example", "ca")
    assert user.check_password("llevat de pastisser 7")
    assert not user.is_superuser
    workspace = Workspace.objects.get(pk=made.workspace_id)
    assert (workspace.name, workspace.country, workspace.is_demo) == ("Forn de la Plaça", "ES", False)
    assert Membership.objects.get(user=user, workspace=workspace).role == Role.OWNER
    assert not is_first_run()


@pytest.mark.django_db
def it_says_so_in_the_audit_log_without_the_address() -> None:
    made = _make()

    entry = AuditEntry.objects.get(workspace_id=made.workspace_id)
    assert (entry.act, entry.actor) == ("workspace.made", f"user {made.user_id}")
    assert "@" not in str(entry.details)
    assert verify(made.workspace_id).is_whole


@pytest.mark.django_db
def it_refuses_a_second_owner() -> None:
    _make()

    with pytest.raises(AlreadyOwnedError, match="sign in"):
        _make(email="eve@elsewhere.example")
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"email": "dana"}, BadEmailError),
        ({"workspace_name": "  "}, NamelessWorkspaceError),
        ({"time_zone": "Europe/Girona"}, UnknownTimeZoneError),
        ({"password": "short"}, WeakPasswordError),
        ({"password": "dana@forn.example"}, WeakPasswordError),
        ({"password": "1qaz2wsx3edc"}, WeakPasswordError),
    ],
)
def it_refuses_what_cannot_be_right_and_makes_nothing(
    wrong: dict[str, str], error: type[FirstRunError]
) -> None:
    with pytest.raises(error):
        _make(**wrong)

    assert is_first_run()
    assert not Workspace.objects.exists()


@pytest.mark.django_db(transaction=True)
def it_makes_one_owner_when_two_ask_at_once() -> None:
    answers: list[str] = []
    start = threading.Barrier(2)

    def ask(email: str) -> None:
        start.wait()
        try:
            _make(email=email)
            answers.append("made")
        except AlreadyOwnedError:
            answers.append("owned")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(f"{name}@forn.example",)) for name in ("dana", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["made", "owned"]
    assert User.objects.count() == 1
