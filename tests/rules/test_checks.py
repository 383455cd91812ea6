"""Each rule with a campaign that passes it and one that fails it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from difusio.rules.checks import (
    consent_age,
    controller_name,
    fresh_category,
    honest_category,
    quality,
    topic_fits_category,
    us_pause,
    way_out,
)
from difusio.rules.facts import CampaignFacts, TemplateFacts
from difusio.rules.findings import Finding, Level, run
from difusio.rules.packs import WHATSAPP_SPAIN

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)

OFFER = TemplateFacts(
    name="tardor",
    language="ca",
    category="MARKETING",
    quality="GREEN",
    texts=("", "Hola {{1}}, tenim rebaixes.", "Respon BAIXA per no rebre'n més"),
    buttons=("Veure-les",),
    synced_at=AT - timedelta(hours=1),
)
ALERT = replace(
    OFFER, name="avis", category="UTILITY", texts=("", "La comanda {{1}} arribarà demà.", ""), buttons=()
)
GOOD = CampaignFacts(
    at=AT,
    is_marketing_topic=True,
    business_name="Llibreria Ona, SL",
    verified_name="Llibreria Ona",
    number_quality="GREEN",
    templates=(OFFER,),
    people=1000,
)


def _levels(findings: tuple[Finding, ...]) -> list[tuple[str, Level]]:
    return [(finding.rule, finding.level) for finding in findings]


def it_finds_nothing_in_a_good_campaign_and_says_which_rules_ran() -> None:
    report = run(WHATSAPP_SPAIN, GOOD)

    assert report.findings == ()
    assert not report.is_blocked
    assert (report.pack, report.version) == ("whatsapp-es", "1")
    assert report.ran == (
        "way_out",
        "topic_fits_category",
        "fresh_category",
        "honest_category",
        "us_pause",
        "controller_name",
        "consent_age",
        "messaging_limit",
        "quality",
    )


def it_puts_what_blocks_first() -> None:
    report = run(WHATSAPP_SPAIN, replace(GOOD, us_people=1, consents_ageing=1, verified_name="Eve"))

    assert [finding.level for finding in report.findings] == [Level.BLOCK, Level.WARN, Level.NOTE]
    assert report.is_blocked


def it_says_where_a_rule_comes_from_and_when_its_sources_were_read() -> None:
    assert all(rule.source for rule in WHATSAPP_SPAIN.rules)
    assert WHATSAPP_SPAIN.read_on == date(2026, 11, 22)


@pytest.mark.parametrize(
    "shown",
    [
        {"texts": ("", "Hola", "Reply STOP to unsubscribe")},
        {"texts": ("", "Hola. Responde BAJA si no quieres recibir más mensajes.", "")},
        {"texts": ("", "Hola", "STOP to opt out")},
        {"texts": ("", "Hola", "Para dejar de recibirlos, envía la palabra BAJA")},
        {"texts": ("", "Hola", "BAIXA per deixar de rebre'ls")},
        {"texts": ("", "Hola", ""), "buttons": ("Més", "Baixa")},
        {"texts": ("", "Hola", ""), "buttons": ("Stop promotions",)},
        {"texts": ("", "Hola", ""), "buttons": ("Atura promocions",)},
        {"texts": ("", "Hola", ""), "buttons": ("Darme de baja",)},
    ],
)
def it_accepts_marketing_that_shows_a_way_out(shown: dict[str, tuple[str, ...]]) -> None:
    assert way_out(replace(GOOD, templates=(replace(OFFER, **shown),))) == ()  # type: ignore[arg-type]  # a table of fields


@pytest.mark.parametrize(
    "shown",
    [
        {"texts": ("", "Hola", "Llibreria Ona")},
        {"texts": ("", "Non-stop shopping until Sunday!", "")},
        {"texts": ("", "Temporada baixa, preus baixos", "")},
        {"texts": ("", "Respon amb una foto i participa-hi", "")},
        {"texts": ("", "Hola", ""), "buttons": ("Compra", "No, gràcies")},
    ],
)
def it_refuses_marketing_without_a_way_out(shown: dict[str, tuple[str, ...]]) -> None:
    (finding,) = way_out(replace(GOOD, templates=(replace(OFFER, **shown),)))  # type: ignore[arg-type]  # as above

    assert (finding.rule, finding.level) == ("way_out", Level.BLOCK)
    assert finding.text == (
        "The template tardor (ca) does not say how to leave: give it a button such as Unsubscribe, or a line such as "
        "Reply STOP to leave."
    )


def it_asks_no_way_out_of_a_service_alert() -> None:
    assert way_out(replace(GOOD, templates=(ALERT,))) == ()


def it_looks_at_every_language_of_the_template() -> None:
    spanish = replace(OFFER, language="es", texts=("", "Hola", ""))

    (finding,) = way_out(replace(GOOD, templates=(OFFER, spanish)))

    assert finding.values == {"template": "tardor (es)"}


def it_keeps_marketing_out_of_service_topics() -> None:
    service = replace(GOOD, is_marketing_topic=False)

    assert topic_fits_category(replace(service, templates=(ALERT,))) == ()
    assert topic_fits_category(GOOD) == ()
    assert _levels(topic_fits_category(service)) == [("topic_fits_category", Level.BLOCK)]


def it_wants_the_category_read_within_a_day() -> None:
    day_old = replace(OFFER, synced_at=AT - timedelta(hours=24))
    older = replace(OFFER, synced_at=AT - timedelta(hours=31))

    assert fresh_category(replace(GOOD, templates=(day_old,))) == ()
    assert fresh_category(replace(GOOD, templates=())) == ()
    (finding,) = fresh_category(replace(GOOD, templates=(OFFER, older)))
    assert (finding.level, finding.values) == (Level.BLOCK, {"hours": 31})


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("La comanda {{1}} arribarà demà.", []),
        ("El total és de {{1}} €, IVA 21 % inclòs.", []),
        ("We are open until 8, feel free to ask.", []),
        ("Tenim un 20% de descompte per a tu", [Level.BLOCK]),
        ("Get 20% off today", [Level.BLOCK]),
        ("Sandàlies -30 %", [Level.BLOCK]),
        ("Llibres 2x1", [Level.BLOCK]),
        ("Rebajas de enero", [Level.BLOCK]),
        ("LAST CHANCE: buy now", [Level.BLOCK]),
        ("L'enviament és gratuït", [Level.WARN]),
        ("El teu regal ja és a la botiga", [Level.WARN]),
    ],
)
def it_finds_advertising_in_a_utility_template(text: str, levels: list[Level]) -> None:
    facts = replace(GOOD, templates=(replace(ALERT, texts=("", text, "")),))

    assert [finding.level for finding in honest_category(facts)] == levels


def it_names_the_words_of_advertising_it_found() -> None:
    facts = replace(GOOD, templates=(replace(ALERT, texts=("Rebaixes!", "Un descompte i rebaixes", "")),))

    (finding,) = honest_category(facts)

    assert finding.values == {"template": "avis (ca)", "words": "rebaixes, descompte"}


def it_lets_marketing_advertise() -> None:
    assert honest_category(GOOD) == ()


def it_tells_how_many_are_left_out_by_metas_pause_in_the_united_states() -> None:
    (finding,) = us_pause(replace(GOOD, us_people=12))

    assert (finding.level, finding.values) == (Level.NOTE, {"people": 12})
    assert us_pause(GOOD) == ()
    assert us_pause(replace(GOOD, us_people=12, templates=(ALERT,))) == ()
    assert us_pause(replace(GOOD, us_people=12, at=datetime(2025, 3, 31, tzinfo=UTC))) == ()


@pytest.mark.parametrize(
    ("business", "shown"),
    [
        ("Llibreria Ona, SL", "LLIBRERIA ONA"),
        ("Òmnium Llibres", "Omnium"),
        ("La Botiga", "La Botiga"),
        ("H&M", "H&M"),
    ],
)
def it_accepts_the_name_people_agreed_to(business: str, shown: str) -> None:
    assert controller_name(replace(GOOD, business_name=business, verified_name=shown)) == ()


@pytest.mark.parametrize("shown", ["Eve Trading", "La Botiga de l'Eve", "", "SL"])
def it_refuses_to_write_under_another_name(shown: str) -> None:
    (finding,) = controller_name(replace(GOOD, business_name="La botiga de l'Ona, SL", verified_name=shown))

    assert finding.level == Level.BLOCK


def it_warns_of_ageing_consents_and_refuses_old_ones() -> None:
    assert consent_age(GOOD) == ()
    assert _levels(consent_age(replace(GOOD, consents_ageing=3))) == [("consent_age", Level.WARN)]
    assert _levels(consent_age(replace(GOOD, consents_ageing=3, consents_old=1))) == [
        ("consent_age", Level.BLOCK),
        ("consent_age", Level.WARN),
    ]


def it_warns_of_bad_quality() -> None:
    red, yellow = replace(OFFER, quality="RED"), replace(OFFER, quality="YELLOW")

    assert quality(GOOD) == ()
    assert _levels(quality(replace(GOOD, templates=(yellow,)))) == [("quality", Level.NOTE)]
    assert (
        _levels(quality(replace(GOOD, templates=(red,), number_quality="RED")))
        == [("quality", Level.WARN)] * 2
    )
