"""The family of this app's errors: each leaf is one sentence that says what happened and what to do."""

from django.utils.translation import gettext

from difusio.common.sentences import SentenceError


class SegmentError(SentenceError):
    """A segment cannot be saved, asked or deleted.

    The sentence of a leaf is its docstring, with ``%(name)s`` for what is particular; ``str`` gives it filled, in the
    language of whoever is served.
    """

    def __init__(self, **values: str) -> None:
        self.values = values
        super().__init__(values)

    def __str__(self) -> str:
        sentence = gettext(type(self).__doc__ or "")
        return sentence % self.values if self.values else sentence
