"""What an import says about files and rows, in the reader's language.

Imports speak English, on the command line and in the file of refused rows alike.  A page finds the sentence again by
its pattern; whatever has none here is shown as it is.
"""

import re
from functools import cache
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

_ROWS: Final = (
    _("the same as line %(line)s"),
    _("line %(line)s has the same %(kinds)s and other identities"),
    _("its phone, user id, e-mail and customer number belong to different people here"),
    _("this person was erased at their wish"),
    _("the same person as line %(line)s, known by another identity"),
    _("line %(line)s about the same person is refused"),
    _("line %(line)s gives this order to another customer"),
    _("neither phone, user id, e-mail nor customer number"),
    _("the cell under %(column)s is a formula"),
    _("the consent is none of granted, withdrawn and none"),
    _("a consent without its topic"),
    _("a yes without its topic: the pages ask once for topic, words and proof of all who said yes"),
    _("a consent without its date"),
    _("a consent without its proof: %(columns)s missing"),
    _("the topic is unknown in this workspace"),
    _("the consent's time is in the future"),
    _("the consent's time is no date of the calendar in this file's order"),
    _("the consent's time is no date"),
    _("the user id is none of Meta's, as ES.1349120865530"),
    _("the e-mail is no address"),
    _("the phone is no number that exists: write it with its country code, as +34 600 123 456"),
    _("the cell or heading %(column)s is too long"),
    _("the language is unknown: write it as ca, es or en"),
    _("the country is unknown: write its name or its code, as ES"),
    _("the time zone is unknown: write it as Europe/Madrid"),
    _("made_up is neither yes nor no"),
    _("no customer is named"),
    _("the date is no date of the calendar in this file's order"),
    _("the date is no date"),
    _("the amount is larger than any order"),
    _("a cell holds a zero byte"),
    _("a quote stands inside a quoted cell: write it twice"),
    _("the row has %(cells)s cells, the header %(width)s"),
    _("the %(column)s is longer than %(most)s characters"),
    _("the %(column)s is no number as this file writes them"),
    _("the %(column)s is missing"),
    _("the %(column)s is a formula"),
)
_FILES: Final = (
    _("The file %(name)s cannot be opened: %(why)s."),
    _("The file is empty (0 bytes): export it again."),
    _("The file holds nothing but blank lines: export it again."),
    _("The file has a header and no rows below it."),
    _("The file is neither UTF-8, nor UTF-16, nor Windows-1252: save it as CSV UTF-8."),
    _("The file is not a text but a binary: save it as CSV UTF-8."),
    _("The file is %(what)s, not a CSV: open it and save it as CSV UTF-8."),
    _("The file is larger than 200 MB: part it, or import it by command (difusio contacts import)."),
    _("A quote is opened on line %(line)s and never closed: everything below would be one cell."),
    _("The columns %(one)s and %(other)s mean the same: leave one of them."),
    _("The column %(column)s is missing; the file has: %(columns)s."),
    _("The header is one single cell, %(cell)s: part the cells with a comma, a semicolon, a tab or a bar."),
    _("The column UnitPrice or Total is missing: an order without an amount says little."),
    _("The import has gone on meanwhile: look at it again."),
    _(
        "Somebody in the file became known in another way while it was taken in; nothing was taken: run it again."
    ),
    _(
        "Line %(line)s writes the day first (%(text)s), line %(other_line)s the month first (%(other_text)s): "
        "write all dates alike, best as 2026-03-31."
    ),
    _(
        "Line %(line)s writes a decimal comma (%(text)s), line %(other_line)s a decimal point (%(other_text)s): "
        "write all numbers alike."
    ),
)
_NOTES: Final = (
    _("The file was read as %(encoding)s, its cells parted by %(delimiter)s."),
    _("Dates were read as day/month/year: line %(line)s can be nothing else."),
    _("Dates were read as month/day/year: line %(line)s can be nothing else."),
    _("Dates were read as %(order)s; no date of the file tells it from the other order: check one."),
    _("These columns became fields: %(columns)s."),
    _("%(n)s names of countries are unknown and were left empty: %(names)s."),
    _("Numbers were read with a decimal comma."),
    _("Numbers were read with a decimal point."),
)
# Words that stand within a sentence.
_WORDS: Final = (
    *(_("a spreadsheet or a zip file"), _("an old Excel file"), _("a PDF"), _("a picture")),
    *(_("a compressed file"), _("a database"), _("comma"), _("semicolon"), _("tab"), _("bar")),
    *(_("day/month/year"), _("month/day/year")),
)


def spoken(sentence: str) -> str:
    """Say a sentence of an import in the language of the page."""
    for template, pattern in _patterns():
        match = pattern.fullmatch(sentence)
        if match:
            values = {name: _word(value) for name, value in match.groupdict().items()}
            return gettext(template) % values if values else gettext(template)
    return sentence


def _word(text: str) -> str:
    return gettext(text) if text in _WORDS else text


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((template, _pattern(template)) for template in (*_ROWS, *_FILES, *_NOTES))


def _pattern(template: str) -> re.Pattern[str]:
    literal, holes = [], []
    end = 0
    for hole in re.finditer(r"%\((\w+)\)s", template):
        literal.append(re.escape(template[end : hole.start()]))
        holes.append(f"(?P<{hole[1]}>.+?)")
        end = hole.end()
    literal.append(re.escape(template[end:]))
    parts = [part for pair in zip(literal, [*holes, ""], strict=True) for part in pair]
    return re.compile("".join(parts), re.DOTALL)
