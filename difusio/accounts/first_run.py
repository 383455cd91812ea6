"""The first run: whoever installs Difusió makes the owner, once; members are invited afterwards."""

import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from difusio.accounts.audit import record
from difusio.accounts.models import Membership, Role, User, Workspace
from difusio.accounts.restrain import USUAL
from difusio.common.sentences import SentenceError

# Any number of our own does: it parts this lock from every other advisory lock of the store.
_LOCK: Final = 0x0D1F_0001


class FirstRunError(SentenceError):
    """The owner was not made."""


class AlreadyOwnedError(FirstRunError):
    """This installation has its owner already: sign in."""


class BadEmailError(FirstRunError):
    """This is not an e-mail address: write it as name@example.org."""


class NamelessWorkspaceError(FirstRunError):
    """The workspace needs a name: write the name of the business."""


class UnknownTimeZoneError(FirstRunError):
    """This time zone does not exist: write it as Europe/Madrid."""


class WeakPasswordError(FirstRunError):
    """The password is too weak: choose a longer one that is not in common use."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """Who was made, and where they work."""

    user_id: int
    workspace_id: int


def is_first_run() -> bool:
    """Tell whether nobody can sign in yet.  Cost: 1 query."""
    return not User.objects.exists()


def make_owner(
    *,
    email: str,
    password: str,
    workspace_name: str,
    language: str,
    time_zone: str,
    country: str,
    at: datetime,
    is_demo: bool = False,
) -> FirstOwner:
    """Make the first user, their workspace and their place in it as its owner, and say so in the audit log.

    Works once in the life of an installation; a repetition raises, so that nobody takes over a running one.
    country: ISO 3166 code.  time_zone: IANA name.  is_demo: its people are made up; it can never reach the real Meta.
    Raises AlreadyOwnedError, BadEmailError, WeakPasswordError, NamelessWorkspaceError, UnknownTimeZoneError.
    """
    _check(email=email, password=password, workspace_name=workspace_name, time_zone=time_zone)
    with transaction.atomic():
        _wait_for_others()
        if not is_first_run():
            raise AlreadyOwnedError(AlreadyOwnedError.__doc__)
        user = User.objects.create_user(email.strip(), password, language=language)
        workspace = Workspace.objects.create(
            name=workspace_name.strip(),
            language=language,
            time_zone=time_zone,
            country=country.upper(),
            is_demo=is_demo,
            # A demo tells its whole story at any hour of the day.
            quiet_from=None if is_demo else USUAL.quiet_from,
            quiet_until=None if is_demo else USUAL.quiet_until,
            cap_messages=USUAL.cap_messages,
            cap_days=USUAL.cap_days,
            created_at=at,
        )
        Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
        record(
            workspace_id=workspace.pk,
            actor=f"user {user.pk}",
            act="workspace.made",
            details={"role": Role.OWNER.value, "user": user.pk},
            at=at,
        )
    return FirstOwner(user_id=user.pk, workspace_id=workspace.pk)


def _check(*, email: str, password: str, workspace_name: str, time_zone: str) -> None:
    try:
        validate_email(email.strip())
    except ValidationError:
        raise BadEmailError(BadEmailError.__doc__) from None
    if not workspace_name.strip():
        raise NamelessWorkspaceError(NamelessWorkspaceError.__doc__)
    if time_zone not in zoneinfo.available_timezones():
        raise UnknownTimeZoneError(UnknownTimeZoneError.__doc__)
    try:
        validate_password(password, User(email=email.strip().lower()))
    except ValidationError as error:
        raise WeakPasswordError(error.messages) from None


def _wait_for_others() -> None:
    """Let two first runs at the same moment follow each other: an empty table has no row to lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
