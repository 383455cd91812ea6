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
_SIDE, _BLUE = 16, b"\x25\xa0\xd8"
_MP3_FRAME = b"\xff\xfb\x90\xc4" + bytes(413)
_MP3_FRAMES = 20


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


_SAMPLES: dict[str, Callable[[], bytes]] = {
    "image/jpeg": lambda: _JPEG,
    "image/png": _png,
    "image/webp": lambda: _WEBP,
    "application/pdf": _pdf,
    "text/plain": lambda: b"A sample.\n",
    "audio/mpeg": lambda: _MP3_FRAME * _MP3_FRAMES,
}
