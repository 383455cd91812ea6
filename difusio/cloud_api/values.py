"""Make the text that fills a template's slot fit what Meta accepts; what it means is others' business.

Meta refuses parameter text with a newline, a tab or more than four spaces in a row (132018, or 100) and empty
text (131008).  Source:
developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages and
…/support/error-codes (read 2026-11-22).
"""

import re
from enum import StrEnum

# One look decides for nearly every value that nothing needs doing.  What is looked for: control characters,
# Unicode's own line ends, lone surrogates (no UTF-8 can carry them), five spaces or more, and space at either
# end.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]| {5}|^ | $")
_BREAK = re.compile(" *[\t\n\v\f\r\x85\u2028\u2029][\t\n\v\f\r\x85\u2028\u2029 ]*")
_LONG_GAP = re.compile(" {5,}")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class ValueFault(StrEnum):
    """Why Meta would refuse a text as the value of a slot."""

    EMPTY = "empty"  # nothing is left to show (131008)
    LINE_BREAK = "line_break"  # a newline or a tab (132018)
    LONG_GAP = "long_gap"  # more than four spaces in a row (132018)
    CONTROL_CHARACTER = "control_character"  # not text: control characters, lone surrogates


def fitted(text: str) -> str:
    """Return the text as Meta takes it: line breaks and long gaps become one space, what is not text goes.

    Repeating it changes nothing.  The result may be empty, which Meta refuses: the caller looks.
    """
    if not _UNFIT.search(text):
        return text
    text = _BREAK.sub(" ", text)
    text = _INVISIBLE.sub("", text)
    text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    return _LONG_GAP.sub(" ", text).strip(" ")


def faults(text: str) -> frozenset[ValueFault]:
    """Name what `fitted` would have to change, or could not, so that a pre-flight can show it."""
    found = set()
    if _BREAK.search(text):
        found.add(ValueFault.LINE_BREAK)
    if _LONG_GAP.search(text):
        found.add(ValueFault.LONG_GAP)
    if _INVISIBLE.search(_BREAK.sub(" ", text)) or _LONE_SURROGATE.search(text):
        found.add(ValueFault.CONTROL_CHARACTER)
    if not fitted(text):
        found.add(ValueFault.EMPTY)
    return frozenset(found)
