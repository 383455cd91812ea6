"""The files of the account and of the people who write to it: kept in memory for a while, never for ever.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
(read 2025-12); which mistakes show at once and which only by webhook is partly our inference.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from whatsapp_simulator.clock import Clock
from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.shown import Media

MEGABYTE = 1024 * 1024
LARGEST_FILE_BYTES = 100 * MEGABYTE
UPLOADED_DAYS, INBOUND_DAYS = 30, 7
URL_LIVES_S = 300
ATTACHMENTS = "/whatsapp_business/attachments/"
"""Where files are downloaded; Meta has a host of its own for it."""

_DAY_S = 86_400.0
_KEPT_BYTES = 256 * MEGABYTE
_FIRST_ID = 1_037_000_000_000_000
_LONGEST_LINK, _LONGEST_FILENAME = 2048, 255
_STATIC_STICKER_BYTES, _ANIMATED_STICKER_BYTES = 100 * 1024, 500 * 1024
_WEBP_HEAD_BYTES, _WEBP_FLAGS_AT, _WEBP_ANIMATED = 21, 20, 0x02

_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = (
    "text/plain", "application/pdf", "application/msword", f"{_OFFICE}wordprocessingml.document",
    "application/vnd.ms-excel", f"{_OFFICE}spreadsheetml.sheet",
    "application/vnd.ms-powerpoint", f"{_OFFICE}presentationml.presentation",
)  # fmt: skip
# Kind, its types, and the most bytes.
_KINDS: dict[str, tuple[tuple[str, ...], int]] = {
    "audio": (
        ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus"),
        16 * MEGABYTE,
    ),
    "document": (_DOCUMENTS, LARGEST_FILE_BYTES),
    "image": (("image/jpeg", "image/png"), 5 * MEGABYTE),
    "video": (("video/mp4", "video/3gpp"), 16 * MEGABYTE),
    "sticker": (("image/webp",), _ANIMATED_STICKER_BYTES),
}
_KIND_OF = {mime: kind for kind, (mimes, _) in _KINDS.items() for mime in mimes}
# Any file can go out as a document, and a GIF is a short MP4.
_SENT_AS = {
    "document": frozenset(_KIND_OF),
    "gif": frozenset({"video/mp4"}),
    "voice": frozenset({"audio/ogg", "audio/opus"}),
}

UnknownMedia = Literal["refuse", "accept"]


@dataclass(frozen=True, slots=True)
class File:
    """A stored file; phone_number_id: the number it was uploaded on, empty for what a person sent."""

    id: str
    mime_type: str
    content: bytes
    sha256: str
    phone_number_id: str
    expires_at: float


class MediaStore:
    """Files by id until they expire by the simulated clock; the oldest leave when memory is full."""

    def __init__(self, clock: Clock, *, unknown: Callable[[], UnknownMedia]) -> None:
        self._clock = clock
        self._unknown = unknown
        self._files: dict[str, File] = {}
        self._bytes = 0
        self._ids = 0
        self._key = secrets.token_bytes(16)

    def __len__(self) -> int:
        return len(self._files)

    def store(
        self, content: bytes, mime_type: str, *, phone_number_id: str = "", media_id: str | None = None
    ) -> File:
        """Keep a file: 30 days when uploaded on a number, 7 days when a person sent it."""
        if media_id is None:
            self._ids += 1
            media_id = str(_FIRST_ID + self._ids)
        self.delete(media_id)
        days = UPLOADED_DAYS if phone_number_id else INBOUND_DAYS
        file = File(
            media_id,
            mime_type,
            content,
            hashlib.sha256(content).hexdigest(),
            phone_number_id,
            self._clock.now() + days * _DAY_S,
        )
        self._files[media_id] = file
        self._bytes += len(content)
        while self._bytes > _KEPT_BYTES and len(self._files) > 1:
            self.delete(next(iter(self._files)))
        return file

    def find(self, media_id: str) -> File | None:
        """Find a file that has not expired."""
        file = self._files.get(media_id)
        if file is not None and file.expires_at <= self._clock.now():
            self.delete(media_id)
            return None
        return file

    def delete(self, media_id: str) -> bool:
        """Forget a file; tells whether there was one."""
        file = self._files.pop(media_id, None)
        if file is None:
            return False
        self._bytes -= len(file.content)
        return True

    def url(self, file: File, *, base: str) -> str:
        """Write the address a file can be downloaded from for five minutes; base: scheme and host."""
        until = int(self._clock.now()) + URL_LIVES_S
        return f"{base}{ATTACHMENTS}?mid={file.id}&ext={until}&hash={self._signature(file.id, str(until))}"

    def at_url(self, query: Mapping[str, str]) -> File | None:
        """Find the file of such an address; None when the address is wrong or too old."""
        media_id, until, signature = query.get("mid", ""), query.get("ext", ""), query.get("hash", "")
        right = self._signature(media_id, until)
        if not hmac.compare_digest(right.encode(), signature.encode("utf-8", "surrogateescape")):
            return None
        return self.find(media_id) if int(until) > self._clock.now() else None

    def attach(self, kind: str, written: dict[str, Any], where: str) -> Media:
        """Read a file that a message carries, by id or link; kind: image, video, document, audio, sticker, gif."""
        media_id, link = written.get("id"), written.get("link")
        if media_id is None and link is None:
            raise refused(131008, f"{where}: Parameter of type {kind} needs id or link")
        filename = written.get("filename")
        if filename is not None and (kind != "document" or not isinstance(filename, str)):
            raise parameter(f"(#100) Param {where}['filename'] must be the name of a document.")
        if filename and len(filename) > _LONGEST_FILENAME:
            raise parameter(
                f"(#100) Param {where}['filename'] must be at most {_LONGEST_FILENAME} characters long."
            )
        if media_id is None:
            return Media(kind, link=_link(link, where), filename=filename or "")
        if isinstance(media_id, int) and not isinstance(media_id, bool):
            media_id = str(media_id)
        if not isinstance(media_id, str) or (self._unknown() == "refuse" and self.find(media_id) is None):
            raise parameter(
                f"(#100) Param {where}['id'] is not a valid whatsapp business account media attachment ID"
            )
        return Media(kind, id=media_id, filename=filename or "")

    def trouble(self, media: Media) -> str:
        """Tell why an accepted file cannot be delivered as what it was sent; empty: it can."""
        file = self.find(media.id) if media.id else None
        return "" if file is None else why_not(media, file.mime_type, len(file.content))

    def _signature(self, media_id: str, until: str) -> str:
        return hmac.new(self._key, f"{media_id}:{until}".encode(), hashlib.sha256).hexdigest()[:32]


def why_not(media: Media, mime_type: str, size: int) -> str:
    """Tell why a file of such a type and size cannot go out as this kind; empty: it can."""
    mime = plain_type(mime_type)
    taken = _SENT_AS.get("voice" if media.voice else media.kind) or frozenset(_KINDS[media.kind][0])
    if mime not in taken:
        return f"Unsupported {media.kind} mime type {mime}. Please use one of {', '.join(sorted(taken))}."
    most = _KINDS["video" if media.kind == "gif" else media.kind][1]
    return (
        f"Media file size too big. Max file size we currently support: {most} bytes." if size > most else ""
    )


def check_upload(content: bytes, mime_type: str) -> None:
    """Refuse a file that no message could carry: by its type with 100, by its size with 131053."""
    kind = _KIND_OF.get(plain_type(mime_type))
    if kind is None:
        raise parameter(
            f"(#100) Param file must be a file with one of the following types: {', '.join(_KIND_OF)}."
        )
    if not content:
        raise parameter("(#100) Param file must be a file with at least one byte.")
    most = _KINDS[kind][1]
    if kind == "sticker" and not _is_animated(content):
        most = _STATIC_STICKER_BYTES
    if len(content) > most:
        raise refused(131053, f"Media file size too big. Max file size we currently support: {most} bytes.")


def plain_type(mime_type: str) -> str:
    """Take the parameters off a type: `audio/ogg; codecs=opus` is audio/ogg."""
    return mime_type.partition(";")[0].strip().lower()


def _is_animated(content: bytes) -> bool:
    """Look into the extended header of a WebP.

    Source: https://developers.google.com/speed/webp/docs/riff_container (the animation flag).
    """
    head = content[:_WEBP_HEAD_BYTES]
    return head[8:16] == b"WEBPVP8X" and bool(head[_WEBP_FLAGS_AT] & _WEBP_ANIMATED)


def _link(link: Any, where: str) -> str:
    if not isinstance(link, str) or not link.lower().startswith(("http://", "https://")):
        raise parameter(f"(#100) Param {where}['link'] is not a valid URI.")
    if len(link) > _LONGEST_LINK or any(character <= " " for character in link):
        raise parameter(f"(#100) Param {where}['link'] is not a valid URI.")
    return link
