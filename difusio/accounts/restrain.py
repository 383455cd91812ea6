"""Say when and how often a business writes to one person: quiet hours, a cap, one more try after Meta's own cap."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from django.db import transaction

from difusio.accounts.audit import record
from difusio.accounts.models import Workspace
from difusio.common.sentences import SentenceError

MOST_DAYS: Final = 90
MOST_MESSAGES: Final = 100


class RestraintError(SentenceError):
    """The quiet hours or the cap cannot be kept."""


class HalfQuietError(RestraintError):
    """Quiet hours need a beginning and another end, as 21:00 and 09:00; leave both out to have none."""


class NoCapError(RestraintError):
    """A cap counts 1 to 100 messages in 1 to 90 days; leave the messages out to have none."""


@dataclass(frozen=True, slots=True)
class Restraint:
    """What holds for marketing to one person.

    quiet_from, quiet_until: on the person's wall clock, None: no quiet hours.  cap_messages in cap_days: over all
    campaigns, None: no cap.  tries_again: whether Meta's "has had enough marketing" (131049) gets one new attempt a day
    later.
    """

    quiet_from: time | None = None
    quiet_until: time | None = None
    cap_messages: int | None = None
    cap_days: int = 7
    tries_again: bool = True


# For a new business: nobody is woken, and nobody hears from it more than every other day.  Meta counts as well, over
# all businesses (131049): who has had enough early in the week misses the message that matters.
USUAL: Final = Restraint(time(21), time(9), 4, 7)


def restraint_of(workspace: Workspace) -> Restraint:
    """Read what holds in a workspace."""
    return Restraint(
        workspace.quiet_from,
        workspace.quiet_until,
        workspace.cap_messages,
        workspace.cap_days,
        workspace.tries_again,
    )


def restrain(workspace_id: int, restraint: Restraint, *, by: str, at: datetime) -> None:
    """Keep to another restraint from the next claim on; repeating it changes nothing.

    Raises HalfQuietError, NoCapError.
    """
    see_that_it_holds(restraint)
    told = {
        "quiet_from": restraint.quiet_from,
        "quiet_until": restraint.quiet_until,
        "cap_messages": restraint.cap_messages,
        "cap_days": restraint.cap_days,
        "tries_again": restraint.tries_again,
    }
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
        if restraint_of(workspace) == restraint:
            return
        Workspace.objects.filter(pk=workspace_id).update(**told)
        record(
            workspace_id=workspace_id,
            actor=by,
            act="workspace.restrained",
            details={
                name: value.isoformat("minutes") if isinstance(value, time) else value
                for name, value in told.items()
            },
            at=at,
        )


def see_that_it_holds(restraint: Restraint) -> None:
    """Raise HalfQuietError or NoCapError for what cannot be kept."""
    begins, ends = restraint.quiet_from, restraint.quiet_until
    if (begins is None) != (ends is None) or (begins is not None and begins == ends):
        raise HalfQuietError(HalfQuietError.__doc__)
    is_capped = restraint.cap_messages is not None
    if not 1 <= restraint.cap_days <= MOST_DAYS or (
        is_capped and not 1 <= (restraint.cap_messages or 0) <= MOST_MESSAGES
    ):
        raise NoCapError(NoCapError.__doc__)
