"""Sealed values open with the right keys for the right purpose, and show nothing otherwise."""

import json
from pathlib import Path

import pytest

from difusio.common.sealed import (
    DamagedValueError,
    KeyFileError,
    Keyring,
    UnknownKeyError,
    load_keyring,
    save_keyring,
)

PLAIN = b"+34600111222"
PURPOSE = "contacts.identity"


def it_opens_what_it_sealed_and_seals_the_same_differently_each_time() -> None:
    keys = Keyring.generate()
    first, second = (keys.seal(PLAIN, purpose=PURPOSE) for _ in range(2))

    assert first != second
    assert PLAIN not in first
    assert keys.open(first, purpose=PURPOSE) == keys.open(memoryview(second), purpose=PURPOSE) == PLAIN


def it_opens_nothing_for_another_purpose() -> None:
    keys = Keyring.generate()

    with pytest.raises(DamagedValueError, match="or was sealed for another purpose"):
        keys.open(keys.seal(PLAIN, purpose=PURPOSE), purpose="outbox.content")


@pytest.mark.parametrize("place", [0, 7, 20, -1])
def it_notices_one_changed_byte(place: int) -> None:
    keys = Keyring.generate()
    sealed = bytearray(keys.seal(PLAIN, purpose=PURPOSE))
    sealed[place] ^= 1

    with pytest.raises(DamagedValueError):
        keys.open(bytes(sealed), purpose=PURPOSE)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01\0\0\0\x01short", b"no sealed value at all"])
def it_says_that_something_else_is_no_sealed_value(sealed: bytes) -> None:
    with pytest.raises(DamagedValueError):
        Keyring.generate().open(sealed, purpose=PURPOSE)


def it_does_not_open_what_other_keys_sealed() -> None:
    sealed = Keyring.generate().seal(PLAIN, purpose=PURPOSE)

    with pytest.raises(DamagedValueError):
        Keyring.generate().open(sealed, purpose=PURPOSE)


def it_seals_with_the_new_key_after_a_rotation_and_still_opens_the_old() -> None:
    keys = Keyring.generate()
    old = keys.seal(PLAIN, purpose=PURPOSE)

    rotated = keys.rotated()

    new = rotated.seal(PLAIN, purpose=PURPOSE)
    assert rotated.open(old, purpose=PURPOSE) == rotated.open(new, purpose=PURPOSE) == PLAIN
    # Look-up, suppression and the installation's name stay what they were.
    assert rotated.hash("x", kind="phone") == keys.hash("x", kind="phone")
    assert rotated.suppression_hash("x", kind="phone") == keys.suppression_hash("x", kind="phone")
    assert rotated.fingerprint() == keys.fingerprint()
    with pytest.raises(UnknownKeyError, match="put back the one that belongs to this store"):
        keys.open(new, purpose=PURPOSE)


def it_hashes_by_kind_and_key_so_that_no_two_uses_can_be_compared() -> None:
    keys = Keyring.generate()
    hashes = {
        keys.hash("34600111222", kind="phone"),
        keys.hash("34600111222", kind="email"),
        keys.suppression_hash("34600111222", kind="phone"),
        Keyring.generate().hash("34600111222", kind="phone"),
        *keys.tails("34600111222"),
    }

    assert len(hashes) == 4 + 6
    assert keys.tail("1222") == keys.tails("34600111222")[0]
    assert keys.tails("123") == []


def it_shows_nothing_when_it_is_printed() -> None:
    keys = Keyring.generate()

    assert repr(keys) == str(keys) == "Keyring(active=1, ids=[1])"
    assert len(keys.fingerprint()) == 16


def it_keeps_keys_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "keys.json"
    keys = Keyring.generate().rotated()

    save_keyring(keys, file)

    assert load_keyring(file) == keys
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def it_says_what_is_wrong_with_a_key_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    with pytest.raises(KeyFileError, match="is missing: put back the one"):
        load_keyring(file)
    save_keyring(Keyring.generate(), file)
    good = json.loads(file.read_text())

    for bad in (
        "",
        "{",
        "[]",
        "null",
        json.dumps({**good, "lookup": "short"}),
        json.dumps({"active": 1}),
        "ñ",
    ):
        file.write_text(bad)
        with pytest.raises(KeyFileError, match="is damaged: put back the one"):
            load_keyring(file)
