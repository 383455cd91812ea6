"""The pre-flight tells what a launch would do, and writes nothing."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from difusio.campaigns.audience import choose_version
from difusio.campaigns.edit import edit_when
from difusio.campaigns.errors import NoSuchCampaign
from difusio.campaigns.preflight import preflight
from difusio.numbers.models import Portfolio
from difusio.outbox.models import Batch, Delivery
from tests.campaigns.steps import draft, version
from tests.cast import NOON, agreed, person, shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "versions", "chosen"),
    [
        ("ca", ["ca", "es"], "ca"),
        ("en_GB", ["en", "en_GB"], "en_GB"),
        ("en-GB", ["en_GB", "es"], "en_GB"),
        ("en_GB", ["en", "en_US"], "en"),
        ("en_GB", ["ca", "en_US"], "en_US"),
        ("en", ["en_GB", "en_US"], "en_GB"),
        ("fr", ["ca", "es"], "es"),
        ("", ["ca", "es"], "es"),
        ("fr", ["ca", "de"], "ca"),
    ],
)
def it_chooses_the_nearest_language(language: str, versions: list[str], chosen: str) -> None:
    assert choose_version(language, versions, otherwise="es") == chosen


def it_says_who_gets_which_version_and_when_it_is_done() -> None:
    ona = shop(pace_per_s=2)
    for name, language in (("Asha", "ca"), ("Joan", "ca"), ("Marta", "es"), ("Jo", "fr")):
        agreed(ona, name, language=language)
    person(ona, "Chen")
    version(ona, "es")

    checked = preflight(draft(ona).pk, at=NOON)

    assert (checked.audience, checked.eligible, checked.skipped) == (5, 4, {"no_consent": 1})
    assert checked.versions == {"ca": 3, "es": 1}
    assert checked.finish_at == NOON + timedelta(seconds=2)
    assert (checked.cost, checked.is_blocked) == (None, False)


def it_names_the_field_that_must_not_be_empty_and_skips_who_lacks_it() -> None:
    ona = shop()
    agreed(ona, "Asha", fields={"size": "M"})
    agreed(ona, "Joan", fields={"size": ""})
    agreed(ona, "Pau")

    checked = preflight(draft(ona, values={"first_name": "{{ contact.fields.size }}"}).pk, at=NOON)

    assert checked.required_fields == ("fields.size",)
    assert (checked.eligible, checked.skipped) == (1, {"missing_field": 2})


def it_says_what_the_rules_find() -> None:
    ona = shop()
    agreed(ona)
    ona.template.components = [{"type": "BODY", "text": "Bon dia, {{first_name}}."}]
    ona.template.save()

    checked = preflight(draft(ona).pk, at=NOON)

    assert checked.is_blocked
    assert "does not say how to leave" in checked.findings[0].text


def it_says_when_it_is_done_with_the_longest_wait_for_the_canary(settings: LazySettings) -> None:
    settings.DIFUSIO_CANARY_FROM, settings.DIFUSIO_CANARY_LEAST = 3, 1
    ona = shop()
    for place in range(3):
        agreed(ona, f"N{place}")
    campaign = draft(ona)

    canaried = preflight(campaign.pk, at=NOON)
    edit_when(campaign.pk, None, has_canary=False, at=NOON)
    at_once = preflight(campaign.pk, at=NOON)

    assert (canaried.canary, at_once.canary) == (1, 0)
    assert canaried.finish_at - at_once.finish_at == timedelta(seconds=settings.DIFUSIO_CANARY_S)


def it_writes_nothing_and_costs_five_queries_however_large_the_audience_is() -> None:
    ona = shop()
    agreed(ona)
    campaign = draft(ona)
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            preflight(campaign.pk, at=NOON)
        costs.append(len(queries))
        for place in range(10):
            agreed(ona, f"N{place}")

    assert costs == [5, 5]
    assert (Batch.objects.count(), Delivery.objects.count()) == (0, 0)


def it_says_how_an_audience_larger_than_the_room_spreads_over_days() -> None:
    ona = shop()
    Portfolio.objects.update(messaging_limit=2)
    for name in ("Asha", "Dunia", "Joan", "Marta", "Pau"):
        agreed(ona, name)

    checked = preflight(draft(ona).pk, at=NOON)

    assert (checked.room.left, checked.at_once) == (2, 2)
    assert timedelta(days=2) < checked.finish_at - NOON < timedelta(days=2, hours=1)
    assert not checked.is_blocked
    (finding,) = checked.findings
    assert finding.rule == "messaging_limit"
    assert finding.text.startswith("Meta lets you write to 2 people a day: 2 of 5 leave at once,")
    assert "within 3 days" in finding.text


def it_finds_nothing_where_everybody_fits_into_the_room() -> None:
    ona = shop()
    Portfolio.objects.update(messaging_limit=2)
    agreed(ona)

    checked = preflight(draft(ona).pk, at=NOON)

    assert (checked.at_once, checked.findings) == (1, ())


def it_refuses_a_campaign_that_is_not_there() -> None:
    with pytest.raises(NoSuchCampaign, match="look at the list of campaigns"):
        preflight(1, at=NOON)
