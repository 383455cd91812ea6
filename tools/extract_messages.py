"""Bring every app's .po files in step with its pages and code; needs no gettext tools.

New sentences come in empty, sentences that are gone leave, translations stay.  A test says which still lack one.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import polib

ROOT: Final = Path(__file__).resolve().parent.parent
HOUSE: Final = ROOT / "difusio"
LANGUAGES: Final = ("ca", "es", "en")
# The language in which we write: its .po is there, and empty.
SOURCE_LANGUAGE: Final = "en"
# Pure packages mark sentences and leave their translation to an app.
TRANSLATED_BY: Final = {"cloud_api": "reports", "rules": "campaigns"}
# Apps whose errors reach a page: an error's docstring is its message.
ERRORS_ON_PAGES: Final = (
    "accounts",
    "campaigns",
    "consent",
    "contacts",
    "inbox",
    "message_templates",
    "numbers",
    "segments",
)
# Django has translated the names of languages already.
_LEFT_TO_DJANGO: Final = frozenset({"project"})

_SINGULAR: Final = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop", "later"})
_PLURAL: Final = frozenset({"ngettext", "ngettext_lazy"})


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A sentence to translate.  plural: empty where there is but one form."""

    text: str
    plural: str = ""


Found = dict[str, dict[Message, set[str]]]


def main() -> None:
    set_up()
    for app, messages in sorted(extract().items()):
        for language in LANGUAGES:
            bring_in_step(app, language, messages)


def set_up() -> None:
    """Make Django able to parse templates; no database is touched."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "difusio.project.settings")
    import django

    django.setup()


def extract() -> Found:
    """Give each app's sentences, and the files in which they stand."""
    found: Found = defaultdict(lambda: defaultdict(set))
    for path in sorted(HOUSE.rglob("*.py")):
        for message in _of_python(path):
            _put(found, path, message)
    for path in sorted(HOUSE.rglob("templates/**/*.*")):
        for message in _of_template(path):
            _put(found, path, message)
    return found


def _put(found: Found, path: Path, message: Message) -> None:
    package = path.relative_to(HOUSE).parts[0]
    if package not in _LEFT_TO_DJANGO:
        found[TRANSLATED_BY.get(package, package)][message].add(str(path.relative_to(ROOT)))


def _of_python(path: Path) -> Iterator[Message]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
                texts = [arg.value for arg in args if isinstance(arg, ast.Constant)]
                words = [text for text in texts if isinstance(text, str)]
                if name in _SINGULAR and words:
                    yield Message(words[0])
                elif name in _PLURAL and len(words) > 1:
                    yield Message(words[0], words[1])
            case _:
                continue
    app = path.relative_to(HOUSE).parts[0]
    if app in ERRORS_ON_PAGES:
        yield from _errors(tree, _error_families(app))


def _errors(tree: ast.Module, families: frozenset[str]) -> Iterator[Message]:
    """Give the sentences of errors: the docstrings of those that no other one is made from."""
    for node in _classes(tree):
        if any(base.endswith("Error") for base in _bases(node)) and node.name not in families:
            yield Message(ast.get_docstring(node) or "")


@cache
def _error_families(app: str) -> frozenset[str]:
    """Name the classes of an app from which others are made, in whatever module."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (HOUSE / app).rglob("*.py")]
    return frozenset(base for tree in trees for node in _classes(tree) for base in _bases(node))


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name)]


def _of_template(path: Path) -> Iterator[Message]:
    from django.template import Template
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    nodes = Template(path.read_text("utf-8")).nodelist
    for node in nodes.get_nodes_by_type(TranslateNode):
        if isinstance(node, TranslateNode):
            yield Message(str(node.filter_expression.var.literal))
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        if isinstance(node, BlockTranslateNode):
            plural = node.render_token_list(node.plural)[0] if node.plural else ""
            yield Message(node.render_token_list(node.singular)[0], plural)


def bring_in_step(app: str, language: str, messages: dict[Message, set[str]]) -> None:
    """Write one .po file anew, keeping the translations that it has."""
    path = po_path(app, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    old = polib.pofile(str(path)) if path.exists() else polib.POFile()
    kept = {Message(entry.msgid, entry.msgid_plural): entry for entry in old if not entry.obsolete}
    new = polib.POFile(wrapwidth=100)
    new.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": language,
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for message, places in sorted(messages.items()) if language != SOURCE_LANGUAGE else ():
        entry = polib.POEntry(msgid=message.text, occurrences=[(place, "") for place in sorted(places)])
        before = kept.get(message)
        if message.plural:
            entry.msgid_plural = message.plural
            entry.msgstr_plural = before.msgstr_plural if before else {0: "", 1: ""}
        else:
            entry.msgstr = before.msgstr if before else ""
        if "%(" in message.text:
            entry.flags.append("python-format")
        new.append(entry)
    new.save(str(path))


def po_path(app: str, language: str) -> Path:
    return HOUSE / app / "locale" / language / "LC_MESSAGES" / "django.po"


if __name__ == "__main__":
    main()
