"""What a delivery is, in a word: the same on every page, in the chat and in the files."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from difusio.outbox.models import State

# Of one delivery: a language may bend the words of a funnel's steps, which stand for many.
STATE_WORDS: Final[Mapping[str, Promise]] = {
    State.QUEUED: _("queued"),
    State.CLAIMED: _("queued"),
    State.SENDING: _("sending"),
    State.IN_DOUBT: _("in doubt"),
    State.ACCEPTED: _("accepted by Meta"),
    State.SENT: _("sent"),
    State.DELIVERED: _("was delivered"),
    State.READ: _("was read"),
    State.FAILED: _("has failed"),
    State.REFUSED: _("refused by Meta"),
    State.PARKED: _("parked"),
    State.SKIPPED: _("skipped"),
    State.EXPIRED: _("expired"),
    State.CANCELLED: _("cancelled"),
}
_EXPLAINED: Final[Mapping[str, Promise]] = {
    State.IN_DOUBT: _("in doubt: no answer from Meta yet"),
    State.PARKED: _("parked: nobody knows whether it arrived"),
}


def explained(state: str) -> Promise:
    """Give the word, and what it means where that is not plain."""
    return _EXPLAINED.get(state, STATE_WORDS[state])
