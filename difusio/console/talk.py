"""A conversation as a chat shows it: who says what, on which day, and how far our messages came."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from difusio.console.bubble import Span, spans
from difusio.console.delivery_words import explained
from difusio.inbox.transcript import Line, Transcript
from difusio.outbox.models import State
from difusio.reports.causes import failure_sentence, skip_sentence

# What we keep no picture of is named.
_KINDS: Final[Mapping[str, Promise]] = {
    "image": _("Picture"),
    "video": _("Film"),
    "gif": _("GIF"),
    "audio": _("Voice message"),
    "voice": _("Voice message"),
    "document": _("Document"),
    "sticker": _("Sticker"),
    "location": _("Place"),
    "contacts": _("Contact card"),
    "reaction": _("Reaction"),
    "order": _("An order"),
}
_OTHER_KIND: Final = _("A message that WhatsApp does not hand over")
_SPOKEN: Final = frozenset({"text", "button", "interactive", "template"})

_TICKS: Final = {
    State.ACCEPTED: "sent",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.READ: "read",
}
_LOST: Final = frozenset({State.REFUSED, State.FAILED, State.SKIPPED, State.PARKED})


@dataclass(frozen=True, slots=True)
class Said:
    """One message in the chat.  day: when another day begins with it.  media: what stands on top, in a word.

    ticks: sent, delivered, read or "".  word: the same in words.  why: what kept it from arriving.
    """

    line: Line
    day: date | None
    media: str | Promise
    header: str
    body: tuple[Span, ...]
    footer: str
    buttons: tuple[str, ...]
    ticks: str
    word: str | Promise
    why: str


def said(transcript: Transcript) -> Iterator[Said]:
    """Tell the lines one after the other."""
    last: date | None = None
    for line in transcript.lines:
        day = timezone.localdate(line.at)
        yield _said(line, day if day != last else None)
        last = day


def _said(line: Line, day: date | None) -> Said:
    preview = line.preview
    text = preview.body if preview else line.text
    media = kind_word(line.kind)
    if preview and preview.media:
        media = media_word(preview.media)
    return Said(
        line=line,
        day=day,
        media=media,
        header=preview.header if preview else "",
        body=tuple(spans(text)),
        footer=preview.footer if preview else "",
        buttons=tuple(button.text for button in preview.buttons) if preview else (),
        ticks=_TICKS.get(State(line.state), "") if line.state else "",
        word=explained(line.state) if line.state else "",
        why=_why(line),
    )


def kind_word(kind: str) -> str | Promise:
    """Name what came without words; nothing for what speaks for itself."""
    return "" if kind in _SPOKEN else _KINDS.get(kind, _OTHER_KIND)


def media_word(kind: str) -> str | Promise:
    """Name what stands on top of a message: ``image`` … as Meta says it; what is not known keeps Meta's word."""
    return _KINDS.get(kind, kind)


def _why(line: Line) -> str:
    if line.state not in _LOST or not line.reason:
        return ""
    return skip_sentence(line.reason) if line.state == State.SKIPPED else failure_sentence(line.reason)
