"""Check a new template before Meta sees it: its limits and what its review refuses.  Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/components and
/templates/template-review (read 2026-11-22).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from difusio.cloud_api.languages import LANGUAGES
from difusio.cloud_api.templates import Category, NewButton, NewTemplate, placeholder_names
from difusio.rules.promotional_words import promotional_words
from difusio.rules.ways_out import has_way_out

MAX_NAME: Final = 512
MAX_HEADER: Final = 60
MAX_BODY: Final = 1_024
MAX_FOOTER: Final = 60
MAX_BUTTON: Final = 25
MAX_URL: Final = 2_000
MAX_CODE: Final = 20
MAX_BUTTONS: Final = 10
_MOST_OF_A_KIND: Final = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}

_NAME: Final = re.compile(r"[a-z0-9_]+")
_PLACEHOLDER: Final = re.compile(r"\{\{([a-z0-9_]+)\}\}")
_SIDE_BY_SIDE: Final = re.compile(r"\}\}\s*\{\{")
_PHONE: Final = re.compile(r"\+[0-9]{6,15}")


def _(sentence: str) -> str:
    """Mark a sentence for the translators; it stays as it is."""
    return sentence


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend.  where: name, language, header, body, footer, example.KEY or button.N (from 0).

    sentence: an English message id with its values open.  is_warning: Meta may take it all the same.
    """

    where: str
    sentence: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    is_warning: bool = False


def problems(new: NewTemplate) -> tuple[Problem, ...]:
    """Say everything that is wrong with a new template, then what a person should think about."""
    return tuple(problem for check in _CHECKS for problem in check(new))


def _name(new: NewTemplate) -> Iterator[Problem]:
    if not _NAME.fullmatch(new.name) or len(new.name) > MAX_NAME:
        yield Problem(
            "name", _("Write the name in small letters without accents, digits and _, as autumn_offer.")
        )
    if new.language not in LANGUAGES:
        yield Problem("language", _("Choose a language that Meta knows."))


def _texts(new: NewTemplate) -> Iterator[Problem]:
    for where, text, most in (
        ("header", new.header, MAX_HEADER),
        ("body", new.body, MAX_BODY),
        ("footer", new.footer, MAX_FOOTER),
    ):
        if len(text) > most:
            yield Problem(
                where,
                _("At most %(most)s characters; this has %(length)s."),
                {"most": most, "length": len(text)},
            )
    if not new.body.strip():
        yield Problem("body", _("Write what the message says."))
    if "\n" in new.header or "\n" in new.footer:
        yield Problem("header" if "\n" in new.header else "footer", _("Write one line."))


def _placeholders(new: NewTemplate) -> Iterator[Problem]:
    for where, text in (("header", new.header), ("body", new.body), ("footer", new.footer)):
        if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
            yield Problem(where, _("Write placeholders as {{first_name}}: small letters, digits and _."))
    if _PLACEHOLDER.search(new.footer):
        yield Problem("footer", _("A footer has no placeholders: write plain text."))
    header, body = placeholder_names(new.header), placeholder_names(new.body)
    if len(_PLACEHOLDER.findall(new.header)) > 1:
        yield Problem("header", _("A header has one placeholder at most."))
    text = new.body.strip()
    if text.startswith("{{") or text.endswith("}}"):
        yield Problem("body", _("The body begins or ends with a placeholder: put words before and after it."))
    if _SIDE_BY_SIDE.search(text):
        yield Problem("body", _("Two placeholders stand side by side: put words between them."))
    if len({name.isdecimal() for name in (*header, *body)}) > 1:
        yield Problem("body", _("Number all placeholders, or name them all."))
    for where, names in (("header", header), ("body", body)):
        positions = [name for name in names if name.isdecimal()]
        if positions != [str(n) for n in range(1, len(positions) + 1)]:
            yield Problem(where, _("Number the placeholders from 1 on without a gap."))
    for key in (*(f"header.{name}" for name in header), *body):
        if not new.examples.get(key, "").strip():
            yield Problem(f"example.{key}", _("Meta wants an example for it: write one."))


def _buttons(new: NewTemplate) -> Iterator[Problem]:
    if len(new.buttons) > MAX_BUTTONS:
        yield Problem(f"button.{MAX_BUTTONS}", _("At most %(most)s buttons."), {"most": MAX_BUTTONS})
    for kind, most in _MOST_OF_A_KIND.items():
        places = [place for place, button in enumerate(new.buttons) if button.kind == kind]
        if len(places) > most:
            yield Problem(
                f"button.{places[most]}", _("At most %(most)s buttons of this kind."), {"most": most}
            )
    replies = [place for place, button in enumerate(new.buttons) if button.kind == "QUICK_REPLY"]
    if replies and replies[-1] - replies[0] + 1 != len(replies):
        yield Problem(f"button.{replies[-1]}", _("Quick replies stand together, before or after the others."))
    elif replies and replies[0] > 0 and replies[-1] < len(new.buttons) - 1:
        yield Problem(f"button.{replies[0]}", _("Quick replies stand together, before or after the others."))
    labels = [button.text.strip().lower() for button in new.buttons if button.kind != "COPY_CODE"]
    for place, button in enumerate(new.buttons):
        for sentence, values in _button(button):
            yield Problem(f"button.{place}", sentence, values)
        if button.kind != "COPY_CODE" and labels.count(button.text.strip().lower()) > 1:
            yield Problem(f"button.{place}", _("Two buttons say the same: write another text."))


def _button(button: NewButton) -> Iterator[tuple[str, Mapping[str, str | int]]]:
    if button.kind != "COPY_CODE" and not 1 <= len(button.text.strip()) <= MAX_BUTTON:
        yield _("A button's text has 1 to %(most)s characters."), {"most": MAX_BUTTON}
    if "{{" in button.text:
        yield _("A button's text has no placeholders."), {}
    match button.kind:
        case "URL":
            fixed, hole, rest = button.value.partition("{{")
            if not fixed.startswith("https://") or len(button.value) > MAX_URL or " " in button.value:
                yield _("Write an address that begins with https:// ."), {}
            elif hole and (not _PLACEHOLDER.fullmatch(hole + rest) or rest != "1}}"):
                yield _("The address has one placeholder at most, {{1}}, at its end."), {}
            elif hole and not (button.example.startswith(fixed) and len(button.example) > len(fixed)):
                yield _("Write the whole address as an example, with something in the place of {{1}}."), {}
        case "PHONE_NUMBER" if not _PHONE.fullmatch(button.value):
            yield _("Write the phone number with its country code and without spaces, as +34972000000."), {}
        case "COPY_CODE" if not 1 <= len(button.value.strip()) <= MAX_CODE:
            yield _("A code has 1 to %(most)s characters."), {"most": MAX_CODE}


def _thoughts(new: NewTemplate) -> Iterator[Problem]:
    texts = (new.header, new.body, new.footer)
    labels = tuple(button.text for button in new.buttons)
    if new.category == Category.MARKETING and not has_way_out(texts=texts, buttons=labels):
        yield Problem(
            "footer",
            _("Nothing says how to leave: campaigns cannot send it. Add a button or a line."),
            is_warning=True,
        )
    if new.category == Category.UTILITY:
        words = promotional_words("\n".join((*texts, *labels)))
        found = (*words.strong, *words.weak)
        if found:
            yield Problem(
                "body",
                _("This reads like advertising (%(words)s): Meta may make it marketing, at its price."),
                {"words": ", ".join(found)},
                is_warning=True,
            )


_CHECKS: Final[tuple[Callable[[NewTemplate], Iterator[Problem]], ...]] = (
    _name,
    _texts,
    _placeholders,
    _buttons,
    _thoughts,
)
