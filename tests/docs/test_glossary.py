"""Every table of ours has its word in the glossary, and every word stands once and in order."""

import re
from pathlib import Path

from django.apps import apps

_PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"


def _first_column(heading: str) -> list[str]:
    section = _PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (?!Word|Meta says|-)(.+?) \| ", section, re.MULTILINE)


def it_explains_every_table() -> None:
    words = {word for entry in _first_column("Our words") for word in entry.split(", ")}
    # In code and tables the consent entry is short: its app says the rest.
    named = {"entry": "consent entry"}
    tables = {
        str(model._meta.verbose_name)
        for model in apps.get_models()
        if model.__module__.startswith("difusio.")
    }

    assert {named.get(table, table) for table in tables} - words == set()


def it_has_each_word_once_and_in_order() -> None:
    for heading in ("Our words", "Meta's words and ours"):
        words = [re.sub(r"[^a-z]", "", word.lower()) for word in _first_column(heading)]

        assert words == sorted(set(words))
