"""Consent: the ledger that the people of the contacts have filled, and its topics."""

from datetime import timedelta

from difusio.accounts.rights import Right
from difusio.consent.models import Check
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop

ROUTES = [
    Route("consent", Right.PROVE, outsider=("200", "405")),
    Route("consent_weeks", Right.PROVE, outsider=("200", "405")),
    Route("consent_check", Right.PROVE, get="405", post="302 /consent/", outsider=("405", "302 /consent/")),
    Route("consent_ledger", Right.PROVE, get="405", post="200", outsider=("405", "200")),
    Route("consent_proof", Right.PROVE),
    Route("consent_proof_file", Right.PROVE, get="405", post="200"),
    Route("topics", Right.BRING_PEOPLE, post="200", outsider=("200", "200")),
    Route("topic", Right.BRING_PEOPLE, post="200"),
]
SCREENS = [
    Screen("consent", "/consent/", 12, is_telling_when_empty=True),
    Screen("consent-proof", "/consent/proof/{merce_id}/", 8),
    Screen("topics", "/consent/topics/", 5, is_telling_when_empty=True),
    Screen("topic", "/consent/topics/{topic_id}/", 4),
]


def furnish(shop: Shop) -> None:
    """Have the ledger checked once."""
    Check.objects.create(
        workspace=shop.workspace,
        by="user 1",
        asked_at=cast.NOON,
        ended_at=cast.NOON + timedelta(seconds=2),
        entries=10,
        blocks=2,
    )
