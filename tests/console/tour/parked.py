"""Parked: two of whom nobody knows, one of them with a long name and one hostile."""

from datetime import timedelta
from uuid import uuid4

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign
from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.contacts.models import Contact
from difusio.outbox.claim import CONTENT
from difusio.outbox.models import Attempt, Delivery, State
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop

ROUTES = [
    Route("parked", Right.SEE_PEOPLE, outsider=("200", "405")),
    Route("parked_decide", Right.STEER, post="302 /parked/", outsider=("200", "302 /parked/")),
    Route("parked_csv", Right.SEE_PEOPLE, outsider=("200", "405")),
]
SCREENS = [
    Screen("parked", "/parked/", 6, is_telling_when_empty=True),
    Screen("parked-send-again", "/parked/decide/?act=again&campaign={campaign_id}", 6),
    Screen("parked-leave", "/parked/decide/?act=leave&delivery={parked_id}", 4),
]
HOSTILE = "<script>alert('Pau')</script>"


def furnish(shop: Shop) -> None:
    """Park two messages of the campaign that is under way."""
    campaign = Campaign.objects.get(pk=shop.ids["campaign_id"])
    for first_name, last_name, http_status in (
        ("Maria Antònia", "Sunyer i Capdevila de la Vall d'en Bas", None),
        (HOSTILE, "", 500),
    ):
        delivery = cast.make_delivery(campaign, first_name, state=State.PARKED)
        Contact.objects.filter(pk=delivery.contact_id).update(last_name=last_name)
        Delivery.objects.filter(pk=delivery.pk).update(
            accepted_at=None, doubt_since=now() - timedelta(hours=3)
        )
        Attempt.objects.create(
            delivery=delivery,
            number=delivery.number,
            token=uuid4(),
            epoch=1,
            intended_at=now() - timedelta(hours=3),
            content_sealed=keyring().seal(b'{"values":{"first_name":"Maria"}}', purpose=CONTENT),
            outcome="in_doubt",
            http_status=http_status,
        )
        shop.ids["parked_id"] = delivery.pk
    cast.count(campaign, "parked", 2)
