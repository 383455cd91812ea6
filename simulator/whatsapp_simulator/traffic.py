"""The last calls and webhooks with their bytes, for whoever wants to look: the page, or `GET /_control/traffic`.

On the hot path bytes are kept by reference and nothing is read in them; that happens when somebody looks.
"""

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

import msgspec

from whatsapp_simulator.reading import legible

MOST_ENTRIES = 500
MOST_BODY_BYTES = 64 * 1024
MOST_BYTES = 16 * 1024 * 1024
MOST_PER_SECOND = 100
"""Of calls and of webhooks each; what passes above it is counted, not kept."""

_REFUSED = 400
_HIDDEN = "••••"
_SECRET_MEMBERS = re.compile(
    r'("(?:[a-z_]*token|[a-z_]*secret|pin|appsecret_proof)"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE
)
_SECRET_QUERY = re.compile(
    r"((?:^|[?&])(?:[a-z_.]*token|[a-z_]*secret|appsecret_proof|code|pin)=)[^&#]*", re.IGNORECASE
)
_SHOWN_HEADERS = ("Content-Type", "User-Agent", "X-Hub-Signature-256")


@dataclass(slots=True)
class Entry:
    """A call that came, or a webhook that was posted; `sent` is what the asking side wrote.

    status: None when there was no answer, and `lost` says why.  tries: how often a webhook was posted, this time
    included.  updates: how many a webhook holds.
    """

    kind: Literal["call", "webhook"]
    method: str
    url: str
    sent: bytes
    headers: Mapping[str, str]
    status: int | None
    answered: bytes = b""
    phone_number_id: str = ""
    lost: str = ""
    tries: int = 1
    updates: int = 0
    seq: int = 0
    at: float = 0.0
    real_at: float = 0.0
    sent_bytes: int = field(init=False, default=0)
    answered_bytes: int = field(init=False, default=0)

    @property
    def weight(self) -> int:
        """The bytes kept in memory."""
        return len(self.sent) + len(self.answered)

    @property
    def went_wrong(self) -> bool:
        """Tell whether it was refused, lost, or not taken."""
        return self.status is None or bool(self.lost) or self.status >= _REFUSED


class Traffic:
    """A ring of the last calls and webhooks, bounded in entries, bytes and entries per second."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._weight = 0
        self._second = 0
        self._kept = {"call": 0, "webhook": 0}
        self._arrived: asyncio.Event | None = None
        self.last = 0
        self.left_out = 0

    def has_room(self, kind: Literal["call", "webhook"]) -> bool:
        """Tell whether one more entry of a kind is kept in this second; if not, it is counted as left out."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._kept = {"call": 0, "webhook": 0}
        if self._kept[kind] < MOST_PER_SECOND:
            self._kept[kind] += 1
            return True
        self.left_out += 1
        return False

    def keep(self, entry: Entry, *, at: float) -> None:
        """Keep an entry, and let the oldest go; at: simulated time."""
        self.last += 1
        entry.seq, entry.at, entry.real_at = self.last, at, time.time()
        entry.sent_bytes, entry.answered_bytes = len(entry.sent), len(entry.answered)
        if entry.sent_bytes > MOST_BODY_BYTES:
            entry.sent = entry.sent[:MOST_BODY_BYTES]
        if entry.answered_bytes > MOST_BODY_BYTES:
            entry.answered = entry.answered[:MOST_BODY_BYTES]
        self._entries.append(entry)
        self._weight += entry.weight
        while len(self._entries) > MOST_ENTRIES or self._weight > MOST_BYTES:
            self._weight -= self._entries.popleft().weight
        if self._arrived is not None:
            self._arrived.set()
            self._arrived = None

    async def wait(self, *, after: int, seconds: float) -> None:
        """Wait until there is an entry after a number, but no longer than so many real seconds."""
        if self.last > after:
            return
        arrived = self._arrived = self._arrived or asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await arrived.wait()

    def after(self, number: int, *, limit: int) -> list[Entry]:
        """List the newest entries after a number, in order, at most `limit`."""
        newest = islice(reversed(self._entries), limit)
        return [entry for entry in newest if entry.seq > number][::-1]

    def find(self, number: int) -> Entry | None:
        """Find an entry by its number; None if it is not kept (any more)."""
        if not self._entries or not self._entries[0].seq <= number <= self.last:
            return None
        return self._entries[number - self._entries[0].seq]

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        self._entries.clear()
        self._weight = self.left_out = 0


def told(entry: Entry, *, secrets: tuple[str, ...]) -> dict[str, Any]:
    """Write one line about an entry."""
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "at": entry.at,
        "real_at": entry.real_at,
        "method": entry.method,
        "url": masked(legible(entry.url), secrets),
        "status": entry.status,
        "lost": entry.lost or None,
        "wrong": entry.went_wrong,
        "phone_number_id": entry.phone_number_id or None,
        "about": _about(entry),
        "updates": entry.updates,
        "tries": entry.tries,
    }


def told_whole(entry: Entry, *, secrets: tuple[str, ...]) -> dict[str, Any]:
    """Write an entry with its headers and bodies as text; tokens and secrets are masked."""
    headers = {name: legible(entry.headers[name]) for name in _SHOWN_HEADERS if name in entry.headers}
    if "Authorization" in entry.headers:
        kind = legible(entry.headers["Authorization"].partition(" ")[0])
        headers["Authorization"] = f"{kind} {_HIDDEN}"
    return {
        **told(entry, secrets=secrets),
        "headers": headers,
        "sent": masked(_text(entry.sent), secrets),
        "sent_bytes": entry.sent_bytes,
        "answered": masked(_text(entry.answered), secrets),
        "answered_bytes": entry.answered_bytes,
        "kept_bytes": MOST_BODY_BYTES,
    }


def masked(text: str, secrets: tuple[str, ...]) -> str:
    """Put dots for tokens and secrets in JSON, a form or an address: known ones, and what stands in their place."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, _HIDDEN)
    if text.lstrip()[:1] in ("{", "["):
        return _SECRET_MEMBERS.sub(rf'\1"{_HIDDEN}"', text)
    return _SECRET_QUERY.sub(rf"\1{_HIDDEN}", text)


def _text(body: bytes) -> str:
    """Decode a body; one of media is told by its length alone."""
    try:
        return body.decode()
    except UnicodeDecodeError as problem:
        # A cut body may end inside a character.
        if problem.start >= len(body) - 3 and len(body) == MOST_BODY_BYTES:
            return body.decode(errors="ignore")
        return f"({len(body)} bytes that are not text)"


def _about(entry: Entry) -> str:
    """Say in a few words what an entry is about, as far as its bytes tell."""
    sent = _decoded(entry.sent)
    words = list(_about_webhook(sent) if entry.kind == "webhook" else _about_call(sent))
    error = _decoded(entry.answered).get("error")
    if isinstance(error, dict):
        words.append(f"{error.get('code')} {_details(error)}".strip())
    return " · ".join(words)


def _about_call(sent: dict[str, Any]) -> Iterator[str]:
    if sent.get("status") == "read":
        yield "typing" if "typing_indicator" in sent else "mark as read"
        return
    kind = sent.get("type", "text" if "text" in sent else None)
    if isinstance(kind, str):
        content = sent.get(kind)
        name = content.get("name", content.get("type")) if isinstance(content, dict) else None
        yield f"{kind} {name}" if isinstance(name, str) else kind
    elif isinstance(sent.get("name"), str):
        yield sent["name"]


def _about_webhook(sent: dict[str, Any]) -> Iterator[str]:
    found: dict[str, int] = {}
    for entry in _list(sent.get("entry")):
        for change in _list(entry.get("changes")):
            value = change.get("value")
            for word in _words_of(change.get("field"), value if isinstance(value, dict) else {}):
                found[word] = found.get(word, 0) + 1
    for word, times in found.items():
        yield word if times == 1 else f"{times} × {word}"


def _words_of(name: Any, value: dict[str, Any]) -> Iterator[str]:
    statuses, messages = _list(value.get("statuses")), _list(value.get("messages"))
    yield from (str(status.get("status")) for status in statuses)
    yield from (f"{message.get('type')} from a person" for message in messages)
    for preference in _list(value.get("user_preferences")):
        yield f"{preference.get('value')} marketing"
    if not statuses and not messages and "user_preferences" not in value:
        event = value.get("event")
        yield f"{name} {event}" if isinstance(event, str) else str(name)


def _details(error: dict[str, Any]) -> str:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    return str(details or error.get("message") or "")[:200]


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
