"""What is checked before Meta sees a new template."""

from dataclasses import replace
from typing import Any

import pytest

from difusio.cloud_api.templates import Category, NewButton, NewTemplate
from difusio.message_templates.check_new import problems

FINE = NewTemplate(
    name="autumn",
    language="ca",
    category=Category.MARKETING,
    body="Bon dia, {{first_name}}. Ja és tardor.",
    footer="Respon BAIXA per no rebre'n més",
    examples={"first_name": "Ona"},
)
URL = NewButton("URL", "Obre", "https://forn.example/{{1}}", "https://forn.example/a")
REPLY = NewButton("QUICK_REPLY", "Avui no")
PHONE = NewButton("PHONE_NUMBER", "Truca", "+34972000101")
CODE = NewButton("COPY_CODE", "", "TARDOR")


def it_finds_nothing_in_a_good_template() -> None:
    assert problems(FINE) == ()
    assert problems(replace(FINE, buttons=(REPLY, URL, PHONE, CODE))) == ()


@pytest.mark.parametrize(
    ("change", "where", "beginning"),
    [
        ({"name": "Tardor"}, "name", "Write the name"),
        ({"name": ""}, "name", "Write the name"),
        ({"name": "x" * 513}, "name", "Write the name"),
        ({"language": "eu"}, "language", "Choose a language"),
        ({"body": " "}, "body", "Write what"),
        ({"body": "x" * 1025}, "body", "At most %(most)s characters"),
        ({"header": "x" * 61}, "header", "At most %(most)s characters"),
        ({"footer": "Respon BAIXA " + "x" * 60}, "footer", "At most %(most)s characters"),
        ({"header": "a\nb"}, "header", "Write one line"),
        ({"footer": "Respon BAIXA\nb"}, "footer", "Write one line"),
        ({"body": "Bon dia {{Nom}}.", "examples": {"Nom": "Ona"}}, "body", "Write placeholders as"),
        ({"body": "Bon dia {nom}."}, "body", "Write placeholders as"),
        ({"footer": "Respon BAIXA {{first_name}}"}, "footer", "A footer has no"),
        (
            {"header": "{{a}} i {{b}}", "examples": {**FINE.examples, "header.a": "a", "header.b": "b"}},
            "header",
            "A header has one",
        ),
        ({"body": "{{first_name}} bon dia"}, "body", "The body begins or ends"),
        ({"body": "Bon dia {{first_name}}"}, "body", "The body begins or ends"),
        ({"body": "Bon {{first_name}} {{b}}.", "examples": {"first_name": "a", "b": "b"}}, "body", "Two placeholders"),
        ({"body": "Bon {{first_name}} i {{1}}.", "examples": {"first_name": "a", "1": "b"}}, "body", "Number all"),
        ({"body": "Bon {{1}} i {{3}}.", "examples": {"1": "a", "3": "b"}}, "body", "Number the placeholders"),
        ({"examples": {}}, "example.first_name", "Meta wants an example"),
        ({"header": "Per a {{nom}}"}, "example.header.nom", "Meta wants an example"),
        ({"buttons": tuple(replace(REPLY, text=f"No {n}") for n in range(11))}, "button.10", "At most"),
        ({"buttons": (URL, replace(URL, text="b"), replace(URL, text="c"))}, "button.2", "At most"),
        ({"buttons": (PHONE, replace(PHONE, text="b"))}, "button.1", "At most"),
        ({"buttons": (REPLY, URL, replace(REPLY, text="Mai"))}, "button.2", "Quick replies stand"),
        ({"buttons": (URL, REPLY, PHONE)}, "button.1", "Quick replies stand"),
        ({"buttons": (replace(REPLY, text=""),)}, "button.0", "A button's text has 1"),
        ({"buttons": (replace(REPLY, text="x" * 26),)}, "button.0", "A button's text has 1"),
        ({"buttons": (replace(REPLY, text="{{1}}"),)}, "button.0", "A button's text has no"),
        ({"buttons": (replace(URL, value="http://forn.example"),)}, "button.0", "Write an address"),
        ({"buttons": (replace(URL, value="https://forn.example/{{1}}/x"),)}, "button.0", "The address has one"),
        ({"buttons": (replace(URL, example="https://other.example/a"),)}, "button.0", "Write the whole address"),
        ({"buttons": (replace(PHONE, value="972 000 101"),)}, "button.0", "Write the phone"),
        ({"buttons": (replace(CODE, value="x" * 21),)}, "button.0", "A code has"),
    ],
)  # fmt: skip
def it_says_what_to_mend_and_where(change: dict[str, Any], where: str, beginning: str) -> None:
    found = [problem for problem in problems(replace(FINE, **change)) if not problem.is_warning]

    assert [(problem.where, problem.sentence[: len(beginning)]) for problem in found] == [(where, beginning)]


def it_names_two_buttons_that_say_the_same() -> None:
    found = problems(replace(FINE, buttons=(REPLY, replace(REPLY, text=" avui NO "))))

    assert [problem.where for problem in found] == ["button.0", "button.1"]


def it_warns_of_marketing_without_a_way_out_and_of_advertising_as_utility() -> None:
    no_way_out = problems(replace(FINE, footer=""))
    advertising = problems(
        replace(FINE, category=Category.UTILITY, body="Aprofita el 20% de descompte avui.")
    )

    assert [(problem.where, problem.is_warning) for problem in no_way_out] == [("footer", True)]
    assert [(problem.where, problem.is_warning) for problem in advertising] == [("body", True)]
