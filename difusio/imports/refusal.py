"""The one base of everything that makes an import refuse a whole file."""

from difusio.common.sentences import SentenceError


class ImportRefused(SentenceError):
    """The file was refused as a whole; nothing of it was taken."""
