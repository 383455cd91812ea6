"""Say anew what a workspace is called, where it is and what it speaks."""

import zoneinfo
from datetime import datetime

from django.db import transaction

from difusio.accounts.audit import record
from difusio.accounts.first_run import NamelessWorkspaceError, UnknownTimeZoneError
from difusio.accounts.models import Workspace


def rename(
    workspace_id: int, *, name: str, language: str, time_zone: str, country: str, by: str, at: datetime
) -> None:
    """Store the workspace's name, default language, time zone and country.

    Raises NamelessWorkspaceError, UnknownTimeZoneError.
    """
    if not name.strip():
        raise NamelessWorkspaceError(NamelessWorkspaceError.__doc__)
    if time_zone not in zoneinfo.available_timezones():
        raise UnknownTimeZoneError(UnknownTimeZoneError.__doc__)
    told = {
        "name": name.strip(),
        "language": language,
        "time_zone": time_zone,
        "country": country.upper(),
    }
    with transaction.atomic():
        if Workspace.objects.filter(pk=workspace_id).exclude(**told).update(**told):
            record(workspace_id=workspace_id, actor=by, act="workspace.changed", details={**told}, at=at)
