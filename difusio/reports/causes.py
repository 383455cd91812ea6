"""Why a delivery was skipped or failed, as a sentence in the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from difusio.cloud_api.causes import cause
from difusio.numbers.models import Number

# The reasons that the outbox writes beside a skipped delivery.
_SKIPS: Final[dict[str, Promise]] = {
    "no_consent": gettext_lazy("Never agreed to this topic."),
    "withdrawn": gettext_lazy("Left this topic."),
    "left": gettext_lazy("Left while the campaign was sending."),
    "expired": gettext_lazy("Their consent has expired."),
    "no_address": gettext_lazy("No phone number to write to."),
    "window_closed": gettext_lazy("The service window closed before it could leave."),
    "us_pause": gettext_lazy("Has a United States number: Meta delivers no marketing there."),
    "missing_field": gettext_lazy("A field that the message needs is empty."),
    "capped": gettext_lazy("Had as many messages as your cap allows in these days."),
    "promised": gettext_lazy("Had as many about this topic as it promised."),
}
# What a queued delivery waits for but its turn, and a parked one for no more.
_WAITS: Final[dict[str, Promise]] = {
    "quiet_hours": gettext_lazy("Sleeps: leaves when their quiet hours end."),
    "settled": gettext_lazy("Somebody decided to let it be."),
}


# Why a number or a batch was stopped, where it was not one of Meta's codes.
_STOPS: Final[dict[str, Promise]] = {
    "template_changed": gettext_lazy(
        "The template no longer fits the message: refresh the templates and check it."
    ),
    "recategorised": gettext_lazy(
        "Meta now holds this template to be marketing, and these people agreed to service messages only: cancel what"
        " is left, or have Meta review the category and refresh the templates."
    ),
    "restored": gettext_lazy(
        "The store came out of a backup: what waits here may have been sent since. Resume it if some may get it"
        " twice; cancel it if nobody may."
    ),
    "key_missing": gettext_lazy(
        "Something is sealed with a key that the key file lacks: put back the key file of this store."
    ),
    "token_damaged": gettext_lazy("The access token of this number cannot be read: put in a new one."),
    "disabled_update": gettext_lazy("Meta has disabled the account: see Meta's message in its dashboard."),
    "account_restriction": gettext_lazy(
        "Meta has restricted the account: see for how long in its dashboard."
    ),
    "account_deleted": gettext_lazy("The account was deleted at Meta: add another number."),
    "account_offboarded": gettext_lazy("The number left the Business Platform: register it again."),
}

# Why a number's sender holds it back by itself, for as long as Meta is away.
_HOLDS: Final[dict[str, Promise]] = {
    "unreachable": gettext_lazy("Meta cannot be reached. Nothing leaves until it answers again."),
    "no_answer": gettext_lazy("Meta does not answer. Nothing leaves until it does."),
    "server_errors": gettext_lazy("Meta answers with faults of its own. Nothing leaves until it is over."),
}


def skip_sentence(reason: str) -> str:
    """Say why we did not write to somebody; an unknown reason is shown as it stands."""
    sentence = _SKIPS.get(reason)
    return str(sentence) if sentence else reason


def wait_sentence(reason: str) -> str:
    """Say what a delivery waits for, or why no more; "" for its turn."""
    return str(_WAITS.get(reason, ""))


def stop_sentence(reason: str) -> str:
    """Say why a number or a batch was stopped: by one of our own reasons, or by Meta's code."""
    sentence = _STOPS.get(reason)
    return str(sentence) if sentence else failure_sentence(reason)


def held_back(number: Number) -> str:
    """Say why a number's own sender lets nothing leave for now; "" when it does.  Cost: none with its lease at hand."""
    # A number that nobody has sent from yet has no lease.
    why = number.lease.held_back_for if hasattr(number, "lease") else ""
    return str(_HOLDS.get(why, ""))


def failure_sentence(code: str) -> str:
    """Say in plain words what Meta's code means; cloud_api has the English, this app's locale the rest."""
    return _(cause(int(code) if code.isascii() and code.isdecimal() else None))
