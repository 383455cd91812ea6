"""A segment's tree as a form: there and back, and what each button does."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from difusio.console import tree_form
from difusio.console.tree_form import Part
from difusio.segments.tree import parse

MADRID = ZoneInfo("Europe/Madrid")


def _sent(part: Part) -> QueryDict:
    """Give what a browser would send of the form."""
    post = QueryDict(mutable=True)
    for each in part.every():
        post[f"{each.path}.kind"] = each.kind
        for name, texts in each.inputs.items():
            post.setlist(f"{each.path}.{name}", texts)
    return post


def _form(**inputs: str) -> Part:
    post = QueryDict(mutable=True)
    post["0.kind"] = "all"
    for name, text in inputs.items():
        post[f"0-0.{name}"] = text
    return tree_form.read(post)


@pytest.mark.parametrize(
    "tree",
    [
        {"field": "first_name", "is": "Asha"},
        {"field": "first_name", "contains": "an"},
        {"field": "fields.mida", "in": ["M", "L, XL"]},
        {"field": "fields.mida", "is_not": "M"},
        {"field": "fields.punts", "at_least": 9.5},
        {"field": "fields.des de", "at_most": "2025-12-31"},
        {"field": "country", "is_empty": True},
        {"field": "country", "is_empty": False},
        {"event": "bought"},
        {"event": "bought", "at_most": 0, "within_days": 30},
        {"event": "bought", "exactly": 3, "after": "2026-09-01T00:00:00+02:00"},
        {"event": "bought", "at_least": 2, "at_most": 5, "before": "2026-10-26T00:00:00+01:00"},
        {"event": "bought", "at_most": 5, "after": "2026-09-01", "before": "2026-09-02T10:30:15+02:00"},
        {"event": "bought", "at_least": 1, "sum_of": "total", "sum_at_least": 40, "sum_at_most": 50.5},
        {"event": "bought", "where": {"botiga": "Girona", "regal": False, "peces": 3}},
        {"delivery": "read", "topic": "offers", "template": "autumn", "within_days": 9},
        {"delivery": "left"},
        {"consent": {"topic": "offers"}},
        {"not": {"consent": {"topic": "offers"}}},
        {"not": {"any": [{"event": "a"}, {"event": "b"}]}},
        {"any": [{"event": "a"}, {"all": [{"event": "b"}, {"not": {"event": "c"}}]}]},
    ],
)
def it_brings_every_tree_there_and_back(tree: dict[str, Any]) -> None:
    part = tree_form.part_of(parse(tree), MADRID)

    document = tree_form.document_of(tree_form.read(_sent(part)), MADRID)

    expected = parse(tree) if set(tree) & {"all", "any", "not"} else parse({"all": [tree]})
    assert parse(document) == expected


@pytest.mark.parametrize(
    ("inputs", "where", "sentence"),
    [
        (
            {"kind": "field", "name": "language", "test": "in"},
            "values",
            "Choose or write at least one value.",
        ),
        ({"kind": "field", "name": "first_name", "test": "is"}, "value", "Write a value."),
        ({"kind": "field", "name": "other", "test": "is", "value": "x"}, "other", "Write the field's name."),
        (
            {"kind": "field", "name": "fields.x", "test": "at_least", "value": "many"},
            "value",
            "Write a number, or a date as 2026-03-31.",
        ),
        (
            {"kind": "field", "name": "fields.x", "test": "at_least", "value": "1e999999999"},
            "value",
            "Write a number, or a date as 2026-03-31.",
        ),
        ({"kind": "field", "name": "sql", "test": "is", "value": "x"}, "", None),
        ({"kind": "event"}, "name", "Choose an event, or write its name."),
        ({"kind": "event", "name": "other"}, "other", "Choose an event, or write its name."),
        ({"kind": "event", "name": "a", "times": "exactly", "n": "-1"}, "n", "Write a whole number."),
        ({"kind": "event", "name": "a", "when": "lately", "days": "0"}, "days", "Write a whole number."),
        ({"kind": "event", "name": "a", "when": "since"}, "after", "Choose a day."),
        ({"kind": "event", "name": "a", "low": "4"}, "sum_of", "Which property is added up? Choose one."),
        ({"kind": "event", "name": "a", "sum_of": "x"}, "low", "Write how much at least, or at most."),
        ({"kind": "event", "name": "a", "sum_of": "x", "low": "?"}, "low", "Write a number."),
        ({"kind": "event", "name": "a", "value0": "4"}, "key0", "Which property? Write its name."),
        (
            {"kind": "event", "name": "a", "key0": "x", "key2": "x"},
            "key2",
            "This property is asked twice: keep one.",
        ),
        (
            {"kind": "event", "name": "a", "key0": "x", "kind0": "number", "value0": "z"},
            "value0",
            "Write a number.",
        ),
        (
            {"kind": "event", "name": "a", "times": "between", "n": "3", "m": "2"},
            "",
            "At_least is more than at_most: nobody can be meant.",
        ),
        ({"kind": "consent"}, "topic", "Choose a topic."),
        ({"kind": "delivery", "outcome": "?"}, "", None),
    ],
)
def it_says_what_is_wrong_at_the_very_input(inputs: dict[str, str], where: str, sentence: str | None) -> None:
    root = _form(**inputs)

    assert tree_form.document_of(root, MADRID) is None
    (part,) = root.parts
    assert list(part.errors) == [where]
    assert sentence is None or part.errors[where] == sentence


def it_reads_numbers_as_people_write_them() -> None:
    root = _form(kind="field", name="fields.punts", test="at_least", value="12,5")

    assert tree_form.document_of(root, MADRID) == {"all": [{"field": "fields.punts", "at_least": 12.5}]}


def it_adds_wraps_moves_and_takes_out() -> None:
    root = tree_form.blank()

    for act in (
        "add:0:event",
        "add:0:none",
        "wrap:0-0",
        "down:0-0",
        "up:0-2",
        "unwrap:0-1",
        "remove:0-0",
        "up:0-0",
        "remove:0",
        "add:9:event",
        "add:0:sql",
        "nonsense",
    ):
        root = tree_form.edit(tree_form.read(_sent(root)), act)

    assert [(part.path, part.kind) for part in root.every()] == [
        ("0", "all"),
        ("0-0", "field"),
        ("0-1", "any"),
        ("0-1-0", "field"),
    ]


def it_refuses_an_empty_group_and_a_tree_that_is_too_deep() -> None:
    empty = tree_form.edit(tree_form.blank(), "remove:0-0")
    assert tree_form.document_of(empty, MADRID) is None
    assert empty.errors == {"": "This group is empty: add a condition to it, or take it out."}

    deep = _form(kind="field", name="first_name", test="filled")
    for _ in range(8):
        deep = tree_form.edit(deep, "wrap:0-0")
    assert tree_form.document_of(deep, MADRID) is None
    assert deep.errors == {"": "At most 8 levels."}


def it_begins_anew_when_nothing_sensible_was_sent() -> None:
    post = QueryDict("0.kind=field&0-0.kind=event&x=1&0-999999.kind=all&..=", mutable=True)

    assert tree_form.read(post) == tree_form.blank()
