"""The closed tree: what may be asked, and the words for what may not."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from difusio.segments.tree import (
    MAX_DEPTH,
    MAX_NODES,
    AllOf,
    AnyOf,
    Consents,
    Did,
    FieldIs,
    Not,
    TreeError,
    parse,
    parse_text,
)


def it_reads_every_kind_of_condition() -> None:
    tree = parse(
        {
            "all": [
                {"any": [{"field": "language", "in": ["ca", "es"]}, {"field": "fields.vip", "is": True}]},
                {"not": {"event": "returned", "within_days": 90}},
                {
                    "event": "bought",
                    "after": "2026-01-01",
                    "at_least": 2,
                    "sum_of": "total",
                    "sum_at_least": 50.5,
                    "where": {"shop": "Girona", "gift": False},
                },
                {"consent": {"topic": "offers"}},
            ]
        }
    )

    assert tree == AllOf(
        (
            AnyOf((FieldIs("language", "in", ("ca", "es")), FieldIs("fields.vip", "is", value=True))),
            Not(Did("returned", within_days=90)),
            Did(
                "bought",
                after=datetime(2026, 1, 1, tzinfo=UTC),
                at_least=2,
                sum_of="total",
                sum_at_least=Decimal("50.5"),
                where=(("shop", "Girona"), ("gift", False)),
            ),
            Consents("offers"),
        )
    )


def it_reads_exactly_as_both_bounds() -> None:
    assert parse({"event": "bought", "exactly": 0}) == Did("bought", at_least=0, at_most=0)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "segment: an object, as {…}, is needed."),
        (
            {},
            "segment: a condition has exactly one of all, any, not, field, event, delivery and consent as a key.",
        ),
        ({"all": []}, "all: a list with at least one condition is needed."),
        ({"all": [{"field": "language", "is": "ca"}, 7]}, "all[1]: an object, as {…}, is needed."),
        ({"not": {"field": "language", "is": "ca"}, "why": 1}, "segment: 'why' is unknown here."),
        (
            {"field": "password", "is": "x"},
            (
                "field: 'password' is unknown: use first_name, last_name, language, country, time_zone, "
                "or fields. and the name of a field."
            ),
        ),
        (
            {"field": "fields.", "is": "x"},
            (
                "field: 'fields.' is unknown: use first_name, last_name, language, country, time_zone, "
                "or fields. and the name of a field."
            ),
        ),
        (
            {"field": "language"},
            "field: exactly one of is, is_not, in, contains, at_least, at_most, is_empty is needed.",
        ),
        ({"field": "language", "is": 3}, "field.is: language is a text."),
        ({"field": "language", "in": []}, "field.in: a list of 1 to 1000 values is needed."),
        ({"field": "language", "is_empty": 1}, "field.is_empty: true or false is needed."),
        ({"field": "first_name", "contains": ""}, "field.contains: a text to look for is needed."),
        (
            {"field": "first_name", "at_least": 3},
            "field.at_least: first_name is a text: more and less is for fields. that hold numbers or dates.",
        ),
        ({"field": "fields.x", "at_least": "much"}, "field.at_least: a date, as 2026-03-31, is needed."),
        ({"field": "fields.x", "at_least": None}, "field.at_least: a number is needed."),
        (
            {"field": "fields.x", "at_least": 1e300},
            "field.at_least: a number between ±1000000000000000 is needed.",
        ),
        (
            {"field": "fields.x", "at_least": 10**5000},
            "field.at_least: a number between ±1000000000000000 is needed.",
        ),
        ({"field": "fields.x", "is": float("nan")}, "field.is: a finite number is needed."),
        ({"field": "fields.x", "is": "a\0b"}, "field.is: the text holds a character that cannot be stored."),
        (
            {"field": "fields.x", "is": "\ud800"},
            "field.is: the text holds a character that cannot be stored.",
        ),
        ({"field": "fields.x", "is": "x" * 201}, "field.is: at most 200 characters."),
        ({"event": ""}, "event: the event's name is missing."),
        ({"event": 5}, "event: a text is needed."),
        (
            {"event": "bought", "within_days": 0},
            "event.within_days: a whole number from 1 to 36500 is needed.",
        ),
        (
            {"event": "bought", "at_least": True},
            "event.at_least: a whole number from 0 to 1000000 is needed.",
        ),
        (
            {"event": "bought", "within_days": 3, "after": "2026-01-01"},
            "event: within_days, or after and before: not both.",
        ),
        ({"event": "bought", "after": "31/12/2026"}, "event.after: a date, as 2026-03-31, is needed."),
        (
            {"event": "bought", "exactly": 1, "at_most": 2},
            "event: exactly, or at_least and at_most: not both.",
        ),
        (
            {"event": "bought", "at_least": 3, "at_most": 2},
            "event: at_least is more than at_most: nobody can be meant.",
        ),
        ({"event": "bought", "sum_of": "total"}, "event: sum_of goes with sum_at_least or sum_at_most."),
        ({"event": "bought", "sum_at_least": 3}, "event: sum_of goes with sum_at_least or sum_at_most."),
        ({"event": "bought", "where": {}}, "event.where: 1 to 5 properties are needed."),
        ({"event": "bought", "where": {"a": None}}, "event.where.a: a number is needed."),
        (
            {"delivery": "opened"},
            "delivery: exactly one of sent, delivered, read, replied, left, failed is needed.",
        ),
        ({"delivery": "read", "campaign": 3}, "delivery: 'campaign' is unknown here."),
        (
            {"delivery": "read", "within_days": "3"},
            "delivery.within_days: a whole number from 1 to 36500 is needed.",
        ),
        ({"consent": "offers"}, "consent: an object, as {…}, is needed."),
        ({"consent": {}}, "consent.topic: a text is needed."),
        ({"consent": {"topic": ""}}, "consent.topic: the topic's key is missing."),
        ({"any": [{"all": [{"event": "a"}]}, {"sql": "1"}]}, None),
    ],
)
def it_refuses_what_is_not_in_the_grammar_and_says_where(document: object, message: str | None) -> None:
    with pytest.raises(TreeError) as refusal:
        parse(document)

    expected = message or (
        "any[1]: a condition has exactly one of all, any, not, field, event, delivery and consent as a key."
    )
    assert str(refusal.value) == expected


def it_refuses_a_tree_that_is_too_deep() -> None:
    document: object = {"event": "bought"}
    for _ in range(MAX_DEPTH):
        document = {"not": document}

    with pytest.raises(TreeError, match=r"at most 8 levels\."):
        parse(document)


def it_refuses_a_tree_with_too_many_conditions() -> None:
    with pytest.raises(TreeError, match=r"at most 60 conditions in one segment\."):
        parse({"any": [{"event": "bought"}] * MAX_NODES})


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"event": "a", "event": "b"}', '{"field": "fields.x", "is": NaN}', "[" * 100_000],
)
def it_refuses_text_that_is_no_honest_json(text: str) -> None:
    with pytest.raises(TreeError):
        parse_text(text)


def it_reads_text_as_it_reads_a_document() -> None:
    document = {"not": {"field": "country", "is_not": "ES"}}

    assert parse_text(json.dumps(document)) == parse(document)
