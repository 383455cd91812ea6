import hashlib
import hmac
import json
import random

import pytest

from difusio.cloud_api.signature import is_signed, sign

SECRET = b"the app's secret"
OTHER = b"the secret before"

_TEXTS = [
    "STOP",
    "Adéu 👋🏽",
    "x/y\\z",
    '"quoted"',
    "\u2028",
    "日本語",
    "ß" * 300,
    "\x00",
    "{{7*7}}",
    "</script>",
]


def _vectors() -> list[bytes]:
    """Bodies as Meta writes them, slashes and non-ASCII escaped, and as others would."""
    shuffler = random.Random(20261122)
    bodies = []
    for number in range(60):
        words = " ".join(shuffler.choices(_TEXTS, k=3))
        value = {"object": "whatsapp_business_account", "entry": [{"id": str(number), "text": words}]}
        escaped = json.dumps(value, ensure_ascii=number % 2 == 0, separators=(",", ":"))
        bodies.append((escaped.replace("/", "\\/") if number % 3 else escaped).encode())
    return bodies


VECTORS = _vectors()


@pytest.mark.parametrize("raw", VECTORS)
def it_accepts_what_meta_signed(raw: bytes) -> None:
    header = "sha256=" + hmac.new(SECRET, raw, hashlib.sha256).hexdigest()

    assert sign(raw, SECRET) == header
    assert is_signed(raw, header, [SECRET])
    assert is_signed(raw, header, [OTHER, SECRET])


@pytest.mark.parametrize("raw", VECTORS)
def it_refuses_a_changed_byte_wherever_it_is(raw: bytes) -> None:
    header = sign(raw, SECRET)
    place = len(raw) // 2
    changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]

    assert not is_signed(changed, header, [SECRET])
    assert not is_signed(raw + b"\n", header, [SECRET])


def it_refuses_the_same_words_written_otherwise() -> None:
    escaped = b'{"a":"\\u00e9 \\/"}'

    assert json.loads(escaped) == json.loads('{"a":"é /"}')
    assert not is_signed('{"a":"é /"}'.encode(), sign(escaped, SECRET), [SECRET])


_RIGHT = sign(b"{}", SECRET)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        _RIGHT.removeprefix("sha256="),
        "sha1=" + hmac.new(SECRET, b"{}", hashlib.sha1).hexdigest(),
        "sha1=" + _RIGHT.removeprefix("sha256="),
        "sha512=" + hmac.new(SECRET, b"{}", hashlib.sha512).hexdigest(),
        _RIGHT[:-1],
        _RIGHT + "0",
        _RIGHT + " ",
        "sha256=é" + _RIGHT[8:],
        sign(b"{}", OTHER),
    ],
)
def it_refuses_every_other_header(header: str | None) -> None:
    assert not is_signed(b"{}", header, [SECRET])


def it_refuses_everything_without_a_secret() -> None:
    assert not is_signed(b"{}", sign(b"{}", b""), [])
    assert not is_signed(b"{}", sign(b"{}", b""), [b""])
