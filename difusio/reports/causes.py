"""Why a delivery was skipped or failed, as a sentence in the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from difusio.cloud_api.causes import cause

# The reasons that the outbox writes beside a skipped delivery.
_SKIPS: Final[dict[str, Promise]] = {
    "no_consent": gettext_lazy("Never agreed to this topic."),
    "withdrawn": gettext_lazy("Left this topic."),
    "left": gettext_lazy("Left while the campaign was sending."),
    "expired": gettext_lazy("Their consent has expired."),
    "suppressed": gettext_lazy("Asked not to be written to at all."),
    "no_address": gettext_lazy("No phone number to write to."),
    "us_pause": gettext_lazy("Has a United States number: Meta delivers no marketing there."),
    "missing_field": gettext_lazy("A field that the message needs is empty."),
}


def skip_sentence(reason: str) -> str:
    """Say why we did not write to somebody; an unknown reason is shown as it stands."""
    sentence = _SKIPS.get(reason)
    return str(sentence) if sentence else reason


def failure_sentence(code: str) -> str:
    """Say in plain words what Meta's code means; cloud_api has the English, this app's locale the rest."""
    return _(cause(int(code) if code.isascii() and code.isdecimal() else None))
