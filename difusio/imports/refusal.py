"""The one base of everything that makes an import refuse a whole file."""


class ImportRefused(Exception):
    """The file was refused as a whole; nothing of it was taken."""
