"""The key that signs sessions, derived from the key file so that every process signs alike."""

import hmac
import secrets
from pathlib import Path

from difusio.common.sealed import KeyFileError, load_keyring


def secret_key(keys_file: Path) -> str:
    """Derive the key; while there is no usable key file, a random one that ends with the process."""
    try:
        return hmac.digest(load_keyring(keys_file).lookup, b"django-sessions", "sha256").hex()
    except KeyFileError:
        return secrets.token_hex(32)
