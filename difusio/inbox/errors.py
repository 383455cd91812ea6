"""Why somebody was not answered, each a sentence that says what to do."""

from difusio.common.sentences import SentenceError


class InboxError(SentenceError):
    """The answer was not sent."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class NobodyWrote(InboxError):
    """This person has not written to us: without their message there is nothing to answer."""


class WindowClosed(InboxError):
    """More than 24 hours have passed since they last wrote: only an approved template may be sent now."""


class NothingToSay(InboxError):
    """The answer is empty: write what you want to say."""


class TooLong(InboxError):
    """The answer is longer than the 4,096 characters that WhatsApp takes: shorten it or send it in two."""


class NumberIsStopped(InboxError):
    """Nothing may leave from this number at the moment: see why in the settings, under numbers."""
