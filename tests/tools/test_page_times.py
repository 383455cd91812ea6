"""The big shop is whole, however big: its pages answer, and its counters say what its rows say."""

import pytest

from difusio.campaigns.models import Campaign
from difusio.consent.models import Measure, Standing, Tally
from difusio.reports.funnel import funnels
from tools.page_times import fill, measure

SIZE = 2_000


@pytest.mark.django_db
def it_fills_a_shop_whose_pages_answer() -> None:
    shop = fill(SIZE)

    offers = int(shop.ids["offers_id"])
    big = Campaign.objects.get(pk=shop.ids["big_id"])
    agreed = Tally.objects.get(measure=Measure.STANDING, topic=offers)
    assert funnels([big])[big.pk].audience == SIZE
    assert agreed.n == Standing.objects.filter(topic=offers, may_write=True).count() > SIZE / 2
    found = {times.page: times for times in measure(shop, "contact")}
    assert {"contacts", "contacts-rare-name", "contact-busy"} <= found.keys()
    assert all(0 < times.ms <= times.worst_ms for times in found.values())
