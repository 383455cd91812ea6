"""A new template as it is typed: inputs in, a template to hand in out, and what the form shows of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from difusio.cloud_api.languages import LANGUAGES
from difusio.cloud_api.templates import (
    Category,
    NewButton,
    NewButtonKind,
    NewTemplate,
    components_of,
    placeholder_names,
)
from difusio.common.plain_words import plain_words
from difusio.console.examples import WAYS_OUT
from difusio.message_templates.check_new import MAX_BUTTONS, Problem, problems
from difusio.message_templates.models import Template
from difusio.message_templates.placeholders import example_values, placeholders
from difusio.segments.sentence import language_name

TEXTS: Final = ("name", "language", "category", "header", "body", "footer")
CATEGORIES: Final = {
    Category.MARKETING: gettext_lazy("Marketing: offers, news, invitations"),
    Category.UTILITY: gettext_lazy("Utility: about something the person asked for or has"),
}
BUTTONS: Final[dict[NewButtonKind, object]] = {
    "QUICK_REPLY": gettext_lazy("Quick reply"),
    "URL": gettext_lazy("Opens an address"),
    "PHONE_NUMBER": gettext_lazy("Calls a number"),
    "COPY_CODE": gettext_lazy("Copies a code"),
}
# What people look for first.
_FIRST: Final = ("ca", "es", "en", "fr", "pt_PT", "it", "de")


@dataclass(frozen=True, slots=True)
class Example:
    """A placeholder and what Meta is shown in its place."""

    key: str
    name: str
    text: str
    error: str


@dataclass(frozen=True, slots=True)
class Row:
    """A button as it is typed."""

    number: str
    kind: str
    button: NewButton
    error: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: the template, and what is wrong with it where it was asked for."""

    new: NewTemplate
    found: tuple[Problem, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing has to be mended."""
        return not any(not problem.is_warning for problem in self.found)

    @property
    def errors(self) -> dict[str, str]:
        """Give the first thing to mend of each input."""
        return {problem.where: told(problem) for problem in reversed(self.found) if not problem.is_warning}

    @property
    def warnings(self) -> list[str]:
        """Give what a person should think about."""
        return [told(problem) for problem in self.found if problem.is_warning]

    @property
    def examples(self) -> list[Example]:
        """Give each placeholder with its example."""
        names = [(f"header.{name}", name) for name in placeholder_names(self.new.header)]
        names += [(name, name) for name in placeholder_names(self.new.body)]
        errors = self.errors
        return [
            Example(key, name, self.new.examples.get(key, ""), errors.get(f"example.{key}", ""))
            for key, name in names
        ]

    @property
    def rows(self) -> list[Row]:
        """Give the buttons, and a row for one more."""
        errors = self.errors
        rows = [
            Row(str(place), button.kind, button, errors.get(f"button.{place}", ""))
            for place, button in enumerate(self.new.buttons)
        ]
        if len(rows) < MAX_BUTTONS:
            rows.append(Row(str(len(rows)), "", NewButton("QUICK_REPLY", ""), ""))
        return rows


def told(problem: Problem) -> str:
    """Say a problem in the reader's language."""
    return _(problem.sentence) % problem.values if problem.values else _(problem.sentence)


def blank(language: str) -> Typed:
    """Begin with a way to leave, since marketing must have one."""
    code = language if language in WAYS_OUT else "en"
    return Typed(NewTemplate("", code, Category.MARKETING, "", footer=WAYS_OUT[code]))


def read(post: QueryDict, *, judged: bool) -> Typed:
    """Read what was sent.  judged: say also what is wrong with it."""
    texts = {name: post.get(name, "").replace("\r\n", "\n").strip() for name in TEXTS}
    category = next((each for each in CATEGORIES if each == texts["category"]), Category.MARKETING)
    new = NewTemplate(
        name=texts["name"],
        language=texts["language"],
        category=category,
        header=texts["header"],
        body=texts["body"],
        footer=texts["footer"],
        buttons=tuple(_buttons(post)),
        examples={
            key.removeprefix("example."): post.get(key, "").strip()
            for key in post
            if key.startswith("example.")
        },
    )
    return Typed(new, problems(new) if judged else ())


def _buttons(post: QueryDict) -> Sequence[NewButton]:
    found = []
    for place in range(MAX_BUTTONS + 1):
        kind = next((each for each in BUTTONS if each == post.get(f"kind{place}")), None)
        if kind is not None:
            text, value, example = (
                post.get(f"{name}{place}", "").strip() for name in ("text", "value", "example")
            )
            found.append(NewButton(kind, text, value, example))
    return found


def unsaved(new: NewTemplate) -> Template:
    """Give the template as if Meta had it, for its bubble."""
    return Template(
        name=new.name,
        language=new.language,
        category=new.category,
        parameter_format=new.parameter_format,
        components=components_of(new),
    )


def examples_of(template: Template) -> dict[str, str]:
    """Give the examples of a template's placeholders, by key."""
    return example_values(
        placeholders(
            template.components, parameter_format=template.parameter_format, category=template.category
        )
    )


def languages() -> list[tuple[str, str]]:
    """Give the languages that Meta knows, those of here first."""
    rest = sorted(
        (code for code in LANGUAGES if code not in _FIRST), key=lambda code: plain_words(language_name(code))
    )
    return [(code, language_name(code)) for code in (*_FIRST, *rest)]
