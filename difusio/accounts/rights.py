"""What each role may do: one table, asked by pages, commands and the API alike."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from difusio.accounts.models import Role


class Right(StrEnum):
    """One thing that a member may do or see."""

    SEE_CAMPAIGNS = "see_campaigns"
    # Offers, launches and reminders; segments and templates for them.
    PLAN_MARKETING = "plan_marketing"
    PLAN_ALERTS = "plan_alerts"
    # Pause, resume, cancel, stop everything.
    STEER = "steer"
    SEE_PEOPLE = "see_people"
    # Import people and write down what they agreed to.
    BRING_PEOPLE = "bring_people"
    RECORD_CONSENT = "record_consent"
    SEE_TALKS = "see_talks"
    ANSWER = "answer"
    # See the ledger as a whole and take its proof out of the house.
    PROVE = "prove"
    # Numbers, members, what the workspace is called.
    MANAGE = "manage"


RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.OWNER: frozenset(Right),
    Role.MARKETER: frozenset(
        {
            Right.SEE_CAMPAIGNS,
            Right.PLAN_MARKETING,
            Right.PLAN_ALERTS,
            Right.STEER,
            Right.SEE_PEOPLE,
            Right.BRING_PEOPLE,
            Right.RECORD_CONSENT,
            Right.SEE_TALKS,
            Right.ANSWER,
        }
    ),
    Role.DESK: frozenset(
        {
            Right.SEE_CAMPAIGNS,
            Right.PLAN_ALERTS,
            Right.STEER,
            Right.SEE_PEOPLE,
            Right.RECORD_CONSENT,
            Right.SEE_TALKS,
            Right.ANSWER,
        }
    ),
    # Whoever answers for privacy looks, writes down what people want, and takes the proof along; they send nothing.
    Role.PRIVACY: frozenset({Right.SEE_CAMPAIGNS, Right.SEE_PEOPLE, Right.RECORD_CONSENT, Right.PROVE}),
}


def may(role: Role, right: Right) -> bool:
    """Tell whether the role has the right."""
    return right in RIGHTS[role]
