"""A segment in one sentence, in the reader's language."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from difusio.segments.sentence import clause, sentence
from difusio.segments.tree import parse

TOPICS = {"offers": "Ofertes"}
MADRID = ZoneInfo("Europe/Madrid")
LOYAL: dict[str, Any] = {
    "all": [
        {"field": "language", "in": ["ca", "es"]},
        {"event": "bought", "within_days": 270, "at_least": 3, "sum_of": "total", "sum_at_least": 1_040.5},
        {"any": [{"consent": {"topic": "offers"}}, {"delivery": "replied", "within_days": 1}]},
        {"not": {"any": [{"field": "country", "is": "AU"}, {"event": "returned", "within_days": 60}]}},
    ]
}


def _said(tree: object, language: str) -> str:
    with translation.override(language):
        return sentence(parse(tree), topics=TOPICS, zone=MADRID)


IN_WORDS = {
    "en": """People whose language is Catalan or Spanish, who bought at least 3 times in the last 270 days
        with at least 1,040.5 of “total” in total, (who agree to “Ofertes” or who replied to a message of ours
        in the last day), whose country is not Australia, and who returned nothing in the last 60 days.""",
    "ca": """Persones que llegeixen en català o espanyol, que han comprat almenys 3 cops en els últims 270 dies
        amb 1.040,5 o més de «total» en total, (que accepten «Ofertes» o que han respost algun missatge nostre
        en l'últim dia), que no tenen com a país Austràlia i que no han tornat cap compra en els últims 60 dies.""",
    "es": """Personas que leen en catalán o español, que han comprado al menos 3 veces en los últimos 270 días
        con 1.040,5 o más de «total» en total, (que aceptan «Ofertes» o que han respondido a algún mensaje
        nuestro en el último día), que no tienen como país Australia y que no han devuelto ninguna compra
        en los últimos 60 días.""",
}


@pytest.mark.parametrize("language", sorted(IN_WORDS))
def it_says_a_whole_tree_in_the_readers_language(language: str) -> None:
    assert _said(LOYAL, language) == " ".join(IN_WORDS[language].split())


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"field": "first_name", "is": "Asha"}, "called “Asha”"),
        ({"field": "first_name", "is_not": "Asha"}, "not called “Asha”"),
        ({"not": {"field": "first_name", "is_not": "Asha"}}, "called “Asha”"),
        ({"field": "fields.vip", "is": True}, "for whom “vip” is yes"),
        ({"field": "fields.size", "in": ["M", "L"]}, "for whom “size” is “M” or “L”"),
        (
            {"field": "fields.size", "in": [1, 2, 3, 4, 5, 6, 7, 8]},
            "for whom “size” is 1, 2, 3, 4, 5, 6, or 2 more",
        ),
        ({"field": "last_name", "contains": "an"}, "with “an” in the last name"),
        ({"not": {"field": "last_name", "contains": "an"}}, "without “an” in the last name"),
        ({"field": "fields.points", "at_least": 500}, "with “points” of 500 or more"),
        ({"not": {"field": "fields.points", "at_most": 1.5}}, "without “points” of 1.5 or less"),
        ({"field": "fields.since", "at_most": "2025-12-31"}, "with “since” up to December 31, 2025"),
        ({"field": "fields.since", "at_least": "2025-12-31"}, "with “since” from December 31, 2025 on"),
        ({"field": "country", "is_empty": True}, "without a country"),
        ({"not": {"field": "country", "is_empty": True}}, "with a country"),
        ({"field": "fields.size", "is_empty": False}, "with “size” filled in"),
        ({"field": "fields.size", "is_empty": True}, "with “size” empty"),
        ({"event": "bought"}, "who bought"),
        ({"event": "bought", "at_most": 0}, "who never bought"),
        ({"not": {"event": "bought", "at_most": 0}}, "who bought"),
        ({"event": "bought", "exactly": 1}, "who bought exactly once"),
        ({"event": "bought", "exactly": 2}, "who bought exactly 2 times"),
        ({"event": "bought", "at_most": 1}, "who bought at most once"),
        ({"event": "bought", "at_most": 4}, "who bought at most 4 times"),
        ({"event": "bought", "at_least": 1}, "who bought at least once"),
        ({"event": "bought", "at_least": 2, "at_most": 4}, "who bought between 2 and 4 times"),
        ({"event": "fair", "where": {"stand": "A"}}, "who did “fair” with “stand” equal to “A”"),
        (
            {"event": "bought", "after": "2026-09-01", "before": "2026-10-01"},
            "who bought from September 1, 2026 to September 30, 2026",
        ),
        ({"event": "bought", "after": "2026-09-01T00:00:00+02:00"}, "who bought since September 1, 2026"),
        ({"event": "bought", "after": "2026-09-01T10:30:00+02:00"}, "who bought since 9/1/26, 10:30 AM"),
        ({"event": "bought", "before": "2026-10-01"}, "who bought until September 30, 2026"),
        (
            {"event": "bought", "sum_of": "total", "sum_at_least": 1, "sum_at_most": 2},
            "who bought with between 1 and 2 of “total” in total",
        ),
        (
            {"event": "bought", "sum_of": "total", "sum_at_most": 2},
            "who bought with at most 2 of “total” in total",
        ),
        (
            {"delivery": "read", "topic": "offers", "template": "autumn"},
            "who read a message of ours about “Ofertes” of the template “autumn”",
        ),
        ({"not": {"delivery": "sent"}}, "to whom we sent no message"),
        ({"not": {"consent": {"topic": "gone"}}}, "who do not agree to “gone”"),
        (
            {"not": {"all": [{"event": "bought"}, {"consent": {"topic": "offers"}}]}},
            "who did not buy or who do not agree to “Ofertes”",
        ),
    ],
)
def it_says_each_condition(node: object, expected: str) -> None:
    with translation.override("en"):
        said = clause(parse(node), topics=TOPICS, zone=MADRID)

    assert said.replace("\u202f", " ") == expected
