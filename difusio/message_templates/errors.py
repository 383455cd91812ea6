"""The family of this app's errors: each leaf is one sentence that says what happened and what to do."""

from difusio.common.sentences import SentenceError


class MessageTemplateError(SentenceError):
    """Something about a template is not as it must be.

    The sentence of a leaf is its docstring with ``%(name)s`` for what is particular; ``values`` holds those, so that a
    page can translate the sentence first and fill it then.
    """

    def __init__(self, **values: str) -> None:
        self.values = values
        self.sentence = " ".join((type(self).__doc__ or "").split())
        super().__init__(self.sentence % values if values else self.sentence)
