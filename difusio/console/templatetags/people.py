"""What stands about people and files, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from difusio.consent.models import Act
from difusio.console import talk
from difusio.console.bubble import Span, spans
from difusio.console.delivery_words import STATE_WORDS, explained
from difusio.console.tree_view import EVENT_WORDS
from difusio.imports.models import UploadState
from difusio.outbox.models import State
from difusio.reports.causes import failure_sentence, skip_sentence
from difusio.segments.sentence import country_name, language_name

register = template.Library()

_ACTS: Final[Mapping[str, Promise]] = {
    Act.REQUESTED: _("Asked"),
    Act.GRANTED: _("They agreed"),
    Act.WITHDRAWN: _("They left"),
    Act.OBJECTED: _("Said stop"),
    Act.RENEWED: _("Agreed anew"),
}
_UPLOADS: Final[Mapping[str, Promise]] = {
    UploadState.LOOKED: _("waits for you: columns and consent"),
    UploadState.CHECKING: _("is being checked"),
    UploadState.CHECKED: _("checked: waits for you to take it in"),
    UploadState.TAKING: _("is being taken in"),
    UploadState.TAKEN: _("taken in"),
}
# Where an act came from, when it was one of our own ways; everything else is somebody's own word.
_SOURCES: Final[Mapping[str, Promise]] = {
    "told a member": _("told a member"),
    "whatsapp message": _("WhatsApp message"),
    "whatsapp preference": _("WhatsApp's own switch"),
    "imported file": _("imported file"),
}
_PHASES: Final[Mapping[str, Promise]] = {
    "reading": _("Reading the rows"),
    "sorting": _("Sorting out who is who"),
    "writing": _("Writing consent into the ledger"),
}


@register.filter
def delivery_words(facts: Mapping[str, Any]) -> str:
    """Say what became of a message, and why where it did not leave."""
    state = str(explained(facts["state"]))
    if facts["state"] == State.SKIPPED:
        return f"{state}: {skip_sentence(facts['reason'])}"
    if facts["code"]:
        return f"{state}: {failure_sentence(str(facts['code']))}"
    return f"{state} · {facts['topic']}" if facts["topic"] else state


@register.filter
def act_words(act: str) -> Promise:
    """Say what a consent entry says."""
    return _ACTS[act]


@register.filter
def source_words(source: str) -> str | Promise:
    """Say where an act came from."""
    return _SOURCES.get(source, source)


@register.filter
def media_word(kind: str) -> str | Promise:
    """Name what stands on top of a message."""
    return talk.media_word(kind)


@register.filter
def ticks_word(ticks: str) -> Promise:
    """Say in a word what the ticks show."""
    return STATE_WORDS[ticks]


@register.filter
def marked(text: str) -> list[Span]:
    """Read WhatsApp's marks in a text, for console/_spans.html."""
    return list(spans(text))


@register.filter
def event_words(name: str) -> str | Promise:
    """Name what somebody did, as the builder of segments does; an event of the shop's own keeps its name."""
    return EVENT_WORDS.get(name, name)


@register.filter
def upload_words(state: str) -> Promise:
    """Say which step a file has come to."""
    return _UPLOADS[state]


@register.filter
def phase_words(phase: str) -> str | Promise:
    """Say what a job is about."""
    return _PHASES.get(phase, "")


@register.filter
def moment(text: str) -> str:
    """Write an ISO moment in the reader's way."""
    return date_format(timezone.localtime(datetime.fromisoformat(text)), "DATETIME_FORMAT")


@register.filter
def language_words(code: str) -> str:
    """Name a language in the reader's own; nothing where none is known."""
    return language_name(code) if code else ""


@register.filter
def country_words(code: str) -> str:
    """Name a country in the reader's language; nothing where none is known."""
    return country_name(code) if code else ""
