"""Tiny files of each common type, for people and tests that need something to send."""

import base64
import struct
import zlib
from collections.abc import Callable

from whatsapp_simulator.media import plain_type

# A blue square of 16 by 16 points.
_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7"
    "gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8"
    "fHx8fHx8fHz/wAARCAAQABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAH/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QA"
    "FAEBAAAAAAAAAAAAAAAAAAAABf/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AKATDP/Z"
)
_WEBP = base64.b64decode("UklGRjQAAABXRUJQVlA4ICgAAACwAQCdASoQABAAA4BaJaACdLoABKoAAJv9XYnwn6D/4tDrQ60M6QAA")
# The same square for a third of a second, as H.264.
_MP4 = base64.b64decode(
    "AAAAJGZ0eXBpc29tAAACAGlzb21pc282aXNvMmF2YzFtcDQxAAACym1vb3YAAAB4bXZoZAEAAAAAAAAA5yjjOQAAAADnKOM5AAAD"
    "6AAAAAAAAADpAAEAAAEAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAIAAAIidHJhawAAAGh0a2hkAQAAAwAAAADnKOM5AAAAAOco4zkAAAABAAAAAAAAAAAAAADpAAAAAAAAAAAA"
    "AAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAQAAAAAAQAAAAEAAAAAABsm1kaWEAAAAsbWRoZAEAAAAAAAAA"
    "5yjjOQAAAADnKOM5AAB1MAAAAAAAAADpVcQAAAAAAC1oZGxyAAAAAAAAAAB2aWRlAAAAAAAAAAAAAAAAVmlkZW9IYW5kbGVyAAAA"
    "AVFtaW5mAAAAFHZtaGQAAAABAAAAAAAAAAAAAAAlZGluZgAAAB1kcmVmAAAAAAAAAAEAAAANdXJsIAAAAAEAAAABEHN0YmwAAAAQ"
    "c3RzYwAAAAAAAAAAAAAAEHN0dHMAAAAAAAAAAAAAABRzdHN6AAAAAAAAAAAAAAAAAAAAEHN0Y28AAAAAAAAAAAAAAMRzdHNkAAAA"
    "AAAAAAEAAAC0YXZjMQAAAAAAAAABAAAAAQAAAAAAAAAAAAAAAAAQABAASAAAAEgAAAAAAAAAAQtBVkMxIENvZGluZwAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAABj//wAAABBwYXNwAAAAAQAAAAEAAAAUYnRydAAAAAAAAAAAAAAAAAAAACdhdmNDAULACv/hABBnQsAKjI1O"
    "TcBDQEHhEI1AAQAEaM48gAAAABNjb2xybmNseAABAA0AAYAAAAAobXZleAAAACB0cmV4AAAAAAAAAAEAAAABAAAAAAAAAAAAAAAA"
    "AAAAcG1vb2YAAAAQbWZoZAAAAAAAAAABAAAAWHRyYWYAAAAUdGZoZAACACAAAAABAQEAAAAAABR0ZmR0AQAAAAAAAAAAAAAAAAAA"
    "KHRydW4BAAMFAAAAAgAAAHgCAAAAAAAXdQAAABgAAAPnAAAADQAAAC1tZGF0AAAAFGW4AAQAAAQ///4Iq8cAAtHAAEAfAAAACWHg"
    "AEAAvkBDqAAAAExtZnJhAAAANHRmcmEBAAAAAAAAAQAAAD8AAAABAAAAAAAAAAAAAAAAAAAC7gAAAAEAAAABAAAAAQAAABBtZnJv"
    "AAAAAAAAAEw="
)
_SIDE, _BLUE = 16, b"\x25\xa0\xd8"
_MP3_FRAME = b"\xff\xfb\x90\xc4" + bytes(413)
_MP3_FRAMES = 20
# Twenty milliseconds of silence, as Opus.
_OPUS_FRAME = b"\xf8\xff\xfe"
_OPUS_FRAMES, _OPUS_RATE = 25, 48_000


def sample(mime_type: str) -> bytes | None:
    """Make a file of a type; None for a type without a sample."""
    make = _SAMPLES.get(plain_type(mime_type))
    return make() if make else None


def _png() -> bytes:
    rows = (b"\0" + _BLUE * _SIDE) * _SIDE
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _pdf() -> bytes:
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    )
    written, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%bendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return b"%bxref\n0 4\n0000000000 65535 f \n%btrailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        written, table, len(written),
    )  # fmt: skip


def _ogg() -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 0, _OPUS_RATE, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 6) + b"sample" + struct.pack("<I", 0)
    pages = (
        (2, 0, (head,)),
        (0, 0, (tags,)),
        (4, _OPUS_FRAMES * _OPUS_RATE // 50, (_OPUS_FRAME,) * _OPUS_FRAMES),
    )
    return b"".join(_ogg_page(number, *page) for number, page in enumerate(pages))


def _ogg_page(number: int, marks: int, position: int, packets: tuple[bytes, ...]) -> bytes:
    # RFC 3533, section 6: the checksum is counted with zeros in its own place.
    sizes = bytes(map(len, packets))
    start = b"OggS" + struct.pack("<BBqII", 0, marks, position, 1, number)
    rest = bytes([len(packets)]) + sizes + b"".join(packets)
    return start + struct.pack("<I", _ogg_checksum(start + bytes(4) + rest)) + rest


def _ogg_checksum(page: bytes) -> int:
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ 0x04C11DB7 if register & 0x80000000 else register << 1) & 0xFFFFFFFF
    return register


_SAMPLES: dict[str, Callable[[], bytes]] = {
    "image/jpeg": lambda: _JPEG,
    "image/png": _png,
    "image/webp": lambda: _WEBP,
    "application/pdf": _pdf,
    "text/plain": lambda: b"A sample.\n",
    "video/mp4": lambda: _MP4,
    "audio/ogg": _ogg,
    "audio/mpeg": lambda: _MP3_FRAME * _MP3_FRAMES,
}
