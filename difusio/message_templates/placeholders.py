"""Where a template's placeholders stand, and what the person who receives it sees.  Pure; filling is ``compiled``'s.

A variant's values name a placeholder by its *key*: ``first_name`` or ``1`` in the body, ``header.1`` in the header's
text, ``button.0`` for what is appended to the first button's address, ``header`` for the picture, film or document on
top.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/components (read 2026-11-22).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from difusio.cloud_api.templates import Part, TemplateShape, UnsupportedTemplateError, shape_of
from difusio.message_templates.errors import MessageTemplateError

Place = Literal["media", "header", "body", "button"]
Components = Sequence[Mapping[str, Any]]  # Any: Meta's JSON, as it was listed

MEDIA_KEY = "header"
_MEDIA_FORMATS = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "GIF"})
_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_BODY_PREFIX = "body."


class UnsupportedError(MessageTemplateError):
    """The template has something that cannot be sent from here."""


class UnsupportedPartError(UnsupportedError):
    """A part of kind %(kind)s cannot be sent from here yet: choose a template without it."""


class UnsupportedHeaderError(UnsupportedError):
    """A header of kind %(kind)s cannot be sent from here yet: choose a template without it."""


class UnsupportedButtonError(UnsupportedError):
    """A button of kind %(kind)s cannot be sent from here yet: choose a template without it."""


_UNSUPPORTED: Mapping[Part, type[UnsupportedError]] = {
    "part": UnsupportedPartError,
    "header": UnsupportedHeaderError,
    "button": UnsupportedButtonError,
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One thing that a send fills in.

    key: how a variant's values name it.  slot: how cloud_api names it.  name: what stands between the braces, or the
    kind of media (``image``) or button (``url``, ``copy_code``, ``flow``).  example: what Meta was shown, or "".
    """

    key: str
    slot: str
    place: Place
    name: str
    example: str


@dataclass(frozen=True, slots=True)
class PreviewButton:
    """A button as the person sees it.  kind: Meta's word in lower case (``quick_reply``, ``url`` …)."""

    kind: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The message as the person sees it.  media: ``image``, ``video`` … when one stands on top, else ""."""

    media: str
    header: str
    body: str
    footer: str
    buttons: tuple[PreviewButton, ...]


def placeholders(
    components: Components, *, parameter_format: str = "POSITIONAL", category: str = "MARKETING"
) -> tuple[Placeholder, ...]:
    """List what a send fills in, in the order header, body, buttons.

    Raises UnsupportedError for kinds of templates that cannot be sent from here.
    """
    try:
        shape = shape_of(
            name="",
            language="",
            category=category,
            components=[dict(component) for component in components],
            parameter_format=parameter_format,
        )
    except UnsupportedTemplateError as error:
        raise _UNSUPPORTED[error.part](kind=error.kind or "?") from error
    return placeholders_of(shape, components)


def placeholders_of(shape: TemplateShape, components: Components) -> tuple[Placeholder, ...]:
    """List what a send fills in, when the shape is known already."""
    parts = _by_type(components)
    found = []
    if shape.header in _MEDIA_FORMATS:
        kind = str(shape.header).lower()
        found.append(Placeholder(MEDIA_KEY, "", "media", kind, ""))
    if shape.header_slot:
        slot = f"header.{shape.header_slot}"
        example = _examples(parts.get("HEADER", {}), "header_text").get(shape.header_slot, "")
        found.append(Placeholder(slot, slot, "header", shape.header_slot, example))
    body_examples = _examples(parts.get("BODY", {}), "body_text")
    found += [
        Placeholder(name, f"{_BODY_PREFIX}{name}", "body", name, body_examples.get(name, ""))
        for name in shape.body_slots
    ]
    buttons = _buttons(parts)
    for button in shape.button_slots:
        if button.kind != "otp":  # repeats the code of the body, so there is nothing to give
            slot = f"button.{button.index}"
            found.append(
                Placeholder(slot, slot, "button", button.kind, _button_example(buttons[button.index]))
            )
    return tuple(found)


def example_values(found: Sequence[Placeholder]) -> dict[str, str]:
    """Give the values Meta was shown, by key, for a preview before anybody chose others."""
    return {placeholder.key: placeholder.example for placeholder in found if placeholder.example}


def render_preview(components: Components, values: Mapping[str, str]) -> Preview:
    """Show the message with these values (by key); a placeholder without one stays as it stands in the template."""
    parts = _by_type(components)
    header = parts.get("HEADER", {})
    media = str(header.get("format", "TEXT")).lower() if header else ""
    return Preview(
        media="" if media == "text" else media,
        header=_filled(str(header.get("text", "")), values, "header."),
        body=_filled(str(parts.get("BODY", {}).get("text", "")), values, ""),
        footer=str(parts.get("FOOTER", {}).get("text", "")),
        buttons=tuple(_preview_button(index, button, values) for index, button in enumerate(_buttons(parts))),
    )


def _preview_button(index: int, button: Mapping[str, Any], values: Mapping[str, str]) -> PreviewButton:
    return PreviewButton(
        kind=str(button.get("type", "")).lower(),
        text=str(button.get("text", "")),
        url=_PLACEHOLDER.sub(lambda hole: values.get(f"button.{index}", hole[0]), str(button.get("url", ""))),
    )


def _filled(text: str, values: Mapping[str, str], prefix: str) -> str:
    # One pass: a value that looks like a placeholder stays what it is, text.
    return _PLACEHOLDER.sub(lambda hole: values.get(prefix + hole[1], hole[0]), text)


def _by_type(components: Components) -> dict[str, Mapping[str, Any]]:
    return {str(component.get("type", "")).upper(): component for component in components}


def _buttons(parts: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list(parts.get("BUTTONS", {}).get("buttons", ()))


def _examples(component: Mapping[str, Any], key: str) -> dict[str, str]:
    """Read Meta's examples: a list of texts (of lists, in the body) or, for named ones, pairs of name and text."""
    example = component.get("example") or {}
    named = example.get(f"{key}_named_params")
    if isinstance(named, list):
        return {str(pair.get("param_name")): str(pair.get("example", "")) for pair in named}
    texts = example.get(key) or []
    if texts and isinstance(texts[0], list):
        texts = texts[0]
    return {str(position): str(text) for position, text in enumerate(texts, start=1)}


def _button_example(button: Mapping[str, Any]) -> str:
    example = button.get("example") or ""
    text = str(example[0] if isinstance(example, list) and example else example)
    # Meta wants the whole address as the example; what a send gives is only what follows the fixed part.
    fixed = str(button.get("url", "")).partition("{{")[0]
    return text.removeprefix(fixed) if fixed else text
