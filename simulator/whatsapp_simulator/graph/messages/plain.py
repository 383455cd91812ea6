"""Texts, files, locations and reactions."""

from typing import Any

from whatsapp_simulator.graph.messages.members import (
    flag,
    missing,
    only,
    optional_text,
    required_text,
    wrong,
)
from whatsapp_simulator.reading import are_degrees
from whatsapp_simulator.rendering import Attach
from whatsapp_simulator.shown import Location, Media, Reaction, Shown

_LONGEST_TEXT, _LONGEST_CAPTION = 4096, 1024
_LONGEST_EMOJI = 32
_EMOJI_LETTERS = "ℹ"
_MEMBERS_OF_MEDIA = {
    "image": ("id", "link", "caption"),
    "video": ("id", "link", "caption"),
    "document": ("id", "link", "caption", "filename"),
    "audio": ("id", "link", "voice"),
    "sticker": ("id", "link"),
}


def read_text(content: dict[str, Any], _attach: Attach) -> Shown:
    """Read `text`."""
    only(content, ("body", "preview_url"), "text")
    body = content.get("body")
    if body is None or body == "":
        raise missing("body")
    return Shown(
        "text",
        required_text(content, "body", "text", longest=_LONGEST_TEXT),
        preview_url="preview_url" in content and flag(content, "preview_url"),
    )


def read_media(kind: str, content: dict[str, Any], attach: Attach) -> Shown:
    """Read `image`, `video`, `document`, `audio` or `sticker`."""
    only(content, _MEMBERS_OF_MEDIA[kind], kind)
    caption = optional_text(content, "caption", kind, longest=_LONGEST_CAPTION)
    media = attach(kind, content, kind)
    if flag(content, "voice"):
        media = Media(kind, media.id, media.link, voice=True)
    return Shown(kind, caption, media=media)


def read_location(content: dict[str, Any], _attach: Attach) -> Shown:
    """Read `location`; degrees may be numbers or strings."""
    only(content, ("latitude", "longitude", "name", "address"), "location")
    location = Location(
        _degrees(content, "latitude", 90),
        _degrees(content, "longitude", 180),
        optional_text(content, "name", "location"),
        optional_text(content, "address", "location"),
    )
    return Shown("location", location=location)


def read_reaction(content: dict[str, Any], _attach: Attach) -> Shown:
    """Read `reaction`; an empty emoji takes it away."""
    only(content, ("message_id", "emoji"), "reaction")
    if content.get("emoji") is None:
        raise missing("emoji", "reaction")
    emoji = optional_text(content, "emoji", "reaction")
    # Nothing that is typed with letters is an emoji; what else is one, phones themselves cannot agree on.
    letters = [one for one in emoji if (one.isalpha() and one not in _EMOJI_LETTERS) or one.isspace()]
    if letters or len(emoji) > _LONGEST_EMOJI:
        raise wrong("Parameter emoji must be a single emoji.")
    return Shown("reaction", reaction=Reaction(required_text(content, "message_id", "reaction"), emoji))


def _degrees(content: dict[str, Any], name: str, most: int) -> str:
    value = content.get(name)
    if value is None or value == "":
        raise missing(name, "location")
    if not are_degrees(value, most=most):
        raise wrong(f"Parameter {name} must be a number of degrees from -{most} to {most}.")
    return str(value)
