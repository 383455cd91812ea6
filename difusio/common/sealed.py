"""Sealed values: encryption with key ids, and keyed hashes to look them up by.  Pure: keys are handed in."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from difusio.common.sentences import SentenceError

# One sealed value: version (1 byte) · key id (4 bytes, big-endian) · nonce (12) · ciphertext and tag.
_VERSION: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = 1 + _ID_BYTES
_KEY_BYTES: Final = 32

# How many digits at the end of a phone number one can search by (design, invariant 11).
TAIL_LENGTHS: Final = range(4, 10)
_TAIL_HASH_BYTES: Final = 8


class SealError(SentenceError):
    """A sealed value could not be opened."""


class UnknownKeyError(SealError):
    """A value was sealed with a key that the key file lacks: put back the one that belongs to this store."""


class DamagedValueError(SealError):
    """A sealed value is damaged, or was sealed for another purpose."""


class KeyFileError(SealError):
    """The key file cannot be used."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one installation.

    keys: key id → 32 bytes for AES-256-GCM; new values are sealed with ``active``, old ones opened with theirs.
    lookup: 32 bytes for the hashes that identities are found by.
    suppression: 32 bytes for the hashes that outlive a person's erasure; a key of its own, never rotated.
    """

    active: int
    keys: Mapping[int, bytes]
    lookup: bytes
    suppression: bytes
    _ciphers: dict[int, AESGCM] = field(default_factory=dict, repr=False, compare=False)
    _macs: dict[bytes, hmac.HMAC] = field(default_factory=dict, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"Keyring(active={self.active}, ids={sorted(self.keys)})"

    @classmethod
    def generate(cls) -> "Keyring":
        """Make new keys from the system's randomness."""
        return cls(
            active=1,
            keys={1: secrets.token_bytes(_KEY_BYTES)},
            lookup=secrets.token_bytes(_KEY_BYTES),
            suppression=secrets.token_bytes(_KEY_BYTES),
        )

    def rotated(self) -> "Keyring":
        """Add a key that new values are sealed with; old values stay readable."""
        newest = max(self.keys) + 1
        keys = {**self.keys, newest: secrets.token_bytes(_KEY_BYTES)}
        return Keyring(active=newest, keys=keys, lookup=self.lookup, suppression=self.suppression)

    def seal(self, plain: bytes, *, purpose: str) -> bytes:
        """Encrypt ``plain``; it opens only under the same ``purpose`` (table and column, as ``contacts.phone``)."""
        return self.seal_all([plain], purpose=purpose)[0]

    def seal_all(self, plains: Sequence[bytes], *, purpose: str) -> list[bytes]:
        """Encrypt many values, each by itself.

        The system is asked for randomness once: each asking lets other threads in, and costs more than the cipher.
        """
        noise = os.urandom(_NONCE_BYTES * len(plains))
        header = _VERSION + self.active.to_bytes(_ID_BYTES, "big")
        bound = header + purpose.encode()
        encrypt = self._cipher(self.active).encrypt
        sealed = []
        for place, plain in enumerate(plains):
            nonce = noise[place * _NONCE_BYTES : (place + 1) * _NONCE_BYTES]
            sealed.append(header + nonce + encrypt(nonce, plain, bound))
        return sealed

    def open(self, sealed: bytes | memoryview, *, purpose: str) -> bytes:
        """Decrypt what ``seal`` made.  Raises UnknownKeyError and DamagedValueError."""
        sealed = bytes(sealed)
        header, nonce = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
        if header[:1] != _VERSION or len(nonce) != _NONCE_BYTES:
            raise DamagedValueError(DamagedValueError.__doc__)
        cipher = self._cipher(int.from_bytes(header[1:], "big"))
        try:
            return cipher.decrypt(nonce, sealed[_HEADER_BYTES + _NONCE_BYTES :], header + purpose.encode())
        except InvalidTag:
            raise DamagedValueError(DamagedValueError.__doc__) from None

    def hash(self, value: str, *, kind: str) -> bytes:
        """Hash an identity for exact look-up: HMAC-SHA256, 32 bytes."""
        return self._digest(self.lookup, f"{kind}\0{value}")

    def tails(self, digits: str) -> list[bytes]:
        """Hash the last 4 to 9 digits of a phone number, 8 bytes each, for search by its end."""
        return [self.tail(digits[-length:]) for length in TAIL_LENGTHS if length <= len(digits)]

    def tail(self, digits: str) -> bytes:
        """Hash the digits that a person searches by; their number is part of the hash."""
        return self._digest(self.lookup, f"tail{len(digits)}\0{digits}")[:_TAIL_HASH_BYTES]

    def suppression_hash(self, value: str, *, kind: str) -> bytes:
        """Hash an identity for the suppression list: HMAC-SHA256 with its own key, 32 bytes."""
        return self._digest(self.suppression, f"{kind}\0{value}")

    def fingerprint(self) -> str:
        """Name these keys without giving them away: the same for the same key file, 16 hex digits."""
        parts = [self.lookup, self.suppression, *(self.keys[key_id] for key_id in sorted(self.keys)[:1])]
        return hashlib.sha256(b"difusio-keys\0" + b"".join(parts)).hexdigest()[:16]

    def _digest(self, key: bytes, text: str) -> bytes:
        mac = self._macs.get(key)
        if mac is None:
            mac = self._macs[key] = hmac.new(key, digestmod="sha256")
        # A copy spares the key's own rounds, and unlike `hmac.digest` it does not let other threads in each time.
        mac = mac.copy()
        mac.update(text.encode())
        return mac.digest()

    def _cipher(self, key_id: int) -> AESGCM:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            if key_id not in self.keys:
                raise UnknownKeyError(UnknownKeyError.__doc__)
            cipher = self._ciphers[key_id] = AESGCM(self.keys[key_id])
        return cipher


def load_keyring(path: Path) -> Keyring:
    """Read the key file.  Raises KeyFileError with a sentence that says what is wrong with it."""
    try:
        document = json.loads(path.read_text("ascii"))
        return Keyring(
            active=int(document["active"]),
            keys={int(key_id): _key(text) for key_id, text in document["keys"].items()},
            lookup=_key(document["lookup"]),
            suppression=_key(document["suppression"]),
        )
    except FileNotFoundError:
        raise KeyFileError(
            f"The key file {path} is missing: put back the one that belongs to this store."
        ) from None
    except PermissionError:
        raise KeyFileError(f"The key file {path} may not be read by this user.") from None
    except OSError as error:
        raise KeyFileError(f"The key file {path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyFileError(
            f"The key file {path} is damaged: put back the one that belongs to this store."
        ) from None


def save_keyring(keyring: Keyring, path: Path) -> None:
    """Write the key file, readable by its owner alone, whole or not at all."""
    document = {
        "active": keyring.active,
        "keys": {str(key_id): _text(key) for key_id, key in keyring.keys.items()},
        "lookup": _text(keyring.lookup),
        "suppression": _text(keyring.suppression),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64") from error
    if len(key) != _KEY_BYTES:
        raise ValueError("not 32 bytes")
    return key


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")
