"""Why a delivery was skipped or failed, as a sentence in the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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


# Meta's codes.  Source: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
_FAILURES: Final[dict[str, Promise]] = {
    "130472": gettext_lazy("Meta holds this message back as part of an experiment."),
    "131026": gettext_lazy("The message cannot be delivered to this phone."),
    "131047": gettext_lazy("More than 24 hours have passed since the person wrote."),
    "131049": gettext_lazy("Meta holds it back: this person gets many marketing messages."),
    "131050": gettext_lazy("The person stopped marketing messages in WhatsApp."),
}


def failure_sentence(code: str) -> str:
    """Say in plain words what Meta's code means; an unknown code asks to look it up."""
    sentence = _FAILURES.get(code)
    return str(sentence) if sentence else _("Meta gives a code that we do not know.")
