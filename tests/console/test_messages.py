"""Every sentence of pages and code has its Catalan and its Spanish, and none is left over."""

import re

import polib
import pytest

from tools.extract_messages import HOUSE, LANGUAGES, SOURCE_LANGUAGE, Message, extract, po_path

FOUND = extract()
TRANSLATIONS = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})
_VALUE = re.compile(r"%\(\w+\)s")


def it_has_a_folder_for_each_app_that_speaks_and_for_no_other() -> None:
    folders = {path.parent.name for path in HOUSE.glob("*/locale")}

    assert folders == set(FOUND)
    for app in FOUND:
        assert all(po_path(app, language).exists() for language in LANGUAGES)


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize("app", sorted(FOUND))
def it_translates_everything_and_nothing_else(app: str, language: str) -> None:
    entries = polib.pofile(str(po_path(app, language)))

    assert {Message(entry.msgid, entry.msgid_plural) for entry in entries} == set(FOUND[app])
    assert [entry.msgid for entry in entries if not entry.translated() or entry.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize("app", sorted(FOUND))
def it_keeps_the_values_of_each_sentence(app: str, language: str) -> None:
    for entry in polib.pofile(str(po_path(app, language))):
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                assert sorted(_VALUE.findall(text)) == sorted(_VALUE.findall(entry.msgid)), entry.msgid


@pytest.mark.parametrize("app", sorted(FOUND))
def it_writes_english_in_the_pages_themselves(app: str) -> None:
    assert list(polib.pofile(str(po_path(app, SOURCE_LANGUAGE)))) == []


def it_raises_its_voice_nowhere() -> None:
    sentences = [message.text for messages in FOUND.values() for message in messages]

    assert [text for text in sentences if "!" in text or "successfully" in text.lower()] == []
