"""Why Meta did not take a template, or stopped it, in a sentence."""

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

# Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
# (read 2026-11-22)
_SENTENCES: Final = MappingProxyType(
    {
        "ABUSIVE_CONTENT": _("Meta finds the text abusive or threatening."),
        "CATEGORY_NOT_AVAILABLE": _("This category is not open to your account."),
        "INCORRECT_CATEGORY": _("The text does not fit the category."),
        "INVALID_FORMAT": _("Something about its form is wrong: placeholders, marks or addresses."),
        "PROMOTIONAL": _("The text advertises, which this category does not allow."),
        "SCAM": _("Meta takes the text for a fraud."),
        "TAG_CONTENT_MISMATCH": _("The text does not fit the language or the category that was chosen."),
        "FIRST_PAUSE": _("People took it badly for the first time: it pauses for three hours."),
        "SECOND_PAUSE": _("People took it badly for the second time: it pauses for six hours."),
        "RATE_LIMITING_PAUSE": _("Paused while Meta let only a few have it: lift the pause at Meta."),
    }
)
# These say no more than the state does.
_SILENT: Final = frozenset({"", "NONE", "UNPAUSE", "DISABLED"})


def reason_sentence(reason: str) -> str:
    """Say Meta's word for a reason in a sentence, the word behind it for search; a new word stays as it is."""
    if reason in _SILENT:
        return ""
    sentence = _SENTENCES.get(reason)
    return f"{gettext(sentence)} ({reason})" if sentence else reason
