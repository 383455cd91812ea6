"""The keys of this installation, loaded once a process from the file that the settings name."""

from functools import cache
from pathlib import Path

from django.conf import settings

from difusio.common.sealed import Keyring, load_keyring


@cache
def keyring() -> Keyring:
    """Give the process's keys.  Raises KeyFileError."""
    return load_keyring(Path(settings.DIFUSIO_KEYS_FILE))
