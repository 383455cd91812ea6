"""No word for people stands in a page or its code outside gettext."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from tools.extract_messages import HOUSE

TEMPLATES: Final = sorted(HOUSE.glob("*/templates/**/*.html"))
# Messages that a shop may send stand there in each language by themselves: they are for recipients.
_MESSAGES: Final = {"examples.py"}
MODULES: Final = sorted(path for path in (HOUSE / "console").rglob("*.py") if path.name not in _MESSAGES)
# The product's name, the languages' own names for themselves, and what is typed as it stands.
_ALLOWED: Final = re.compile(
    r"Difusió|Català|Español|English|STOP|difusio( \w+)*|Meta|WhatsApp|UTF|CSV|JSON|PNG|SVG"
)
_SPOKEN_ATTRIBUTES: Final = {"alt", "aria-label", "aria-description", "placeholder", "title"}
_TAGS: Final = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
# Attributes that hold ids, also where a template of its own says them.
_TIES: Final = re.compile(r'\baria-(?:invalid|describedby)="[^"]*"')
_COMMENTS: Final = re.compile(r"{% comment %}.*?{% endcomment %}", re.DOTALL)
# What stands between these is the sentence itself, on its way to the translator.
_TRANSLATED: Final = re.compile(r"{% blocktranslate.*?{% endblocktranslate %}", re.DOTALL)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_SENTENCE: Final = re.compile(r"(?!SELECT )[A-ZÀ-Ý][\w’']*,? [\w’']+.*[a-zà-ÿ.?]$")
_SPOKEN_ARGUMENTS: Final = {"label", "help_text", "title", "sentence", "word", "empty_label"}
_TO_THE_TRANSLATOR: Final = {
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
}


class _Words(HTMLParser):
    """Collects what a reader would see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in {"code", "script"}
        self.found += [value for name, value in attrs if name in _SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in {"code", "script"}

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.found.append(data)


def _bare_in_template(source: str) -> list[str]:
    for pattern in (_COMMENTS, _TRANSLATED, _TAGS, _TIES):
        source = pattern.sub(" ", source)
    words = _Words()
    words.feed(source)
    return [text.strip() for text in words.found if _WORD.search(_ALLOWED.sub("", text))]


def _bare_in_code(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    silent = {id(constant) for node in ast.walk(tree) for constant in _silent(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in silent and _SENTENCE.match(text):
                yield text
            case ast.keyword(arg=name, value=ast.Constant(value=str(text))) if (
                name in _SPOKEN_ARGUMENTS and _WORD.search(text)
            ):
                yield text


def _silent(node: ast.AST) -> Iterator[ast.Constant]:
    """Give the strings nobody reads on a page: docstrings, and what goes to the translator."""
    match node:
        case ast.Expr(value=ast.Constant() as constant):
            yield constant
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if (
            name in _TO_THE_TRANSLATOR
        ):
            yield from (arg for arg in args if isinstance(arg, ast.Constant))


@pytest.mark.parametrize("path", TEMPLATES, ids=[str(path.relative_to(HOUSE)) for path in TEMPLATES])
def it_says_nothing_untranslated_in_a_template(path: Path) -> None:
    assert _bare_in_template(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(HOUSE)) for path in MODULES])
def it_says_nothing_untranslated_in_code(path: Path) -> None:
    assert list(_bare_in_code(path.read_text("utf-8"))) == []


def it_would_find_a_bare_word() -> None:
    assert _bare_in_template('<p>{{ name }} left</p><img alt="A shop">') == ["left", "A shop"]
    assert (
        _bare_in_template('{% comment %}Takes name.{% endcomment %}<p>{% translate "Left" %} Difusió</p>')
        == []
    )
    assert list(_bare_in_code('"""A module."""\nadd("Nobody is left.")\nfield(label="Name")')) == [
        "Nobody is left.",
        "Name",
    ]
    assert list(_bare_in_code('say(_("Nobody is left."))')) == []
