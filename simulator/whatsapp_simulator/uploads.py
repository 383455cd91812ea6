"""Resumable uploads: sessions that end in a handle, which stands for the sample file of a template.

Source: https://developers.facebook.com/docs/graph-api/guides/upload (read 2025-12).  The bytes are counted and
let go, for nobody ever reads a sample again.
"""

import base64
import secrets
from dataclasses import dataclass

from whatsapp_simulator.media import LARGEST_FILE_BYTES

PREFIX = "upload:"
TYPES = ("application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4", "image/gif")

_MOST_KEPT = 10_000


@dataclass(slots=True)
class Session:
    """An upload on its way; received: bytes so far."""

    id: str
    file_name: str
    file_length: int
    file_type: str
    received: int = 0
    handle: str = ""


class UploadDesk:
    """The sessions and handles of the last uploads."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._handles: dict[str, Session] = {}

    def open(self, *, file_name: str, file_length: int, file_type: str) -> Session:
        """Begin an upload."""
        token = base64.urlsafe_b64encode(b"1:attachment:" + secrets.token_bytes(12)).decode()
        session = self._sessions[PREFIX + token] = Session(PREFIX + token, file_name, file_length, file_type)
        _drop_oldest(self._sessions)
        return session

    def find(self, session_id: str) -> Session | None:
        """Find a session by its id, `upload:` included."""
        return self._sessions.get(session_id)

    def take(self, session: Session, size: int) -> str:
        """Count what arrived; answers the handle once the file is whole, else nothing."""
        session.received += size
        if session.received < session.file_length:
            return ""
        kind = base64.b64encode(session.file_type.encode()).decode()
        session.handle = f"4::{kind}:{secrets.token_urlsafe(24)}"
        self._handles[session.handle] = session
        _drop_oldest(self._handles)
        return session.handle

    def sample(self, handle: str) -> Session | None:
        """Find the whole file that a handle stands for: its type and length."""
        return self._handles.get(handle)


def is_possible(file_length: int) -> bool:
    """Tell whether a file of this length can be uploaded."""
    return 0 < file_length <= LARGEST_FILE_BYTES


def _drop_oldest(kept: dict[str, Session]) -> None:
    if len(kept) > _MOST_KEPT:
        del kept[next(iter(kept))]
