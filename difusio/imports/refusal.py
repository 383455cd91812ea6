"""The one base of everything that makes an import refuse a whole file."""


class ImportRefused(Exception):  # noqa: N818 - the name says what happened, as every leaf does
    """The file was refused as a whole; nothing of it was taken."""
