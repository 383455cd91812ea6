"""Read what Meta says about a template: its state, and the slots that a send has to fill."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import msgspec

from difusio.cloud_api.decoding import UNREADABLE
from difusio.common.sentences import SentenceError

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")

HeaderFormat = Literal["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "GIF", "LOCATION"]
SlotButton = Literal["url", "copy_code", "otp", "flow"]
Part = Literal["part", "header", "button"]

# Buttons that a send says nothing about unless it wants to: they come out as approved.
_STILL_BUTTONS = frozenset({"QUICK_REPLY", "PHONE_NUMBER", "VOICE_CALL", "REQUEST_CONTACT_INFO"})
_STILL_COMPONENTS = frozenset({"FOOTER"})


class TemplateError(SentenceError):
    """A template cannot be read or used."""


class UnsupportedTemplateError(TemplateError):
    """A part of the template cannot be sent from here yet; choose one without it.

    part: what it is part of.  kind: Meta's word for it, "" where it says none.
    """

    def __init__(self, part: Part, kind: str) -> None:
        super().__init__(f"A {part} of kind {kind or 'unknown'} cannot be sent from here yet.")
        self.part = part
        self.kind = kind


class Category(StrEnum):
    """Meta's kinds of template; the kind decides the price, the rules and the way to send."""

    MARKETING = "MARKETING"
    UTILITY = "UTILITY"
    AUTHENTICATION = "AUTHENTICATION"


@dataclass(frozen=True, slots=True)
class ButtonSlot:
    """A button with a part to fill; index: its place among the template's buttons, from 0."""

    index: int
    kind: SlotButton


@dataclass(frozen=True, slots=True)
class TemplateShape:
    """What a send of this template has to carry.

    header: the header's format, None without one.  header_slot, body_slots: placeholder names in the order in
    which they stand ("1", "2" or "first_name").  quick_replies: places of the quick-reply buttons, which may
    carry a payload.
    """

    name: str
    language: str
    category: Category
    named: bool = False
    header: HeaderFormat | None = None
    header_slot: str | None = None
    body_slots: tuple[str, ...] = ()
    button_slots: tuple[ButtonSlot, ...] = ()
    quick_replies: tuple[int, ...] = ()

    @property
    def slots(self) -> tuple[str, ...]:
        """Name every value a send must give: "header.1", "body.first_name", "button.0"."""
        header = (f"header.{self.header_slot}",) if self.header_slot else ()
        body = tuple(f"body.{name}" for name in self.body_slots)
        # An authentication template's button repeats the code of the body: no value of its own.
        buttons = tuple(f"button.{button.index}" for button in self.button_slots if button.kind != "otp")
        return header + body + buttons


@dataclass(frozen=True, slots=True)
class ListedTemplate:
    """One template as Meta lists it.  components: Meta's own JSON, for previews and for `shape_of`."""

    template_id: str
    name: str
    language: str
    category: str
    status: str
    quality: str | None
    parameter_format: str
    rejected_reason: str | None
    components: tuple[dict[str, Any], ...]  # Any: Meta's JSON, of which only this package knows the shape


NewButtonKind = Literal["QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE"]


@dataclass(frozen=True, slots=True)
class NewButton:
    """A button to be approved.

    value: the address of a URL (with at most one placeholder, at its end), the phone number, or the code to copy.
    example: the whole address, filled, where it has a placeholder.
    """

    kind: NewButtonKind
    text: str
    value: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A template to be approved, in one language.

    header, body, footer: texts, with placeholders as {{first_name}} or {{1}}; empty: none.  examples: by placeholder,
    of the header as ``header.name``.
    """

    name: str
    language: str
    category: Category
    body: str
    header: str = ""
    footer: str = ""
    buttons: tuple[NewButton, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameter_format(self) -> Literal["NAMED", "POSITIONAL"]:
        """Say how its placeholders are named; one without any is positional."""
        found = placeholder_names(self.header) + placeholder_names(self.body)
        return "NAMED" if any(not name.isdecimal() for name in found) else "POSITIONAL"


@dataclass(frozen=True, slots=True)
class Created:
    """What Meta answered to a new template; its category may be another one than was asked for."""

    template_id: str
    status: str
    category: str


def placeholder_names(text: str) -> tuple[str, ...]:
    """Name the placeholders of a text, each once: positions by number, names as they come."""
    return _placeholders({"text": text})


def components_of(new: NewTemplate) -> list[dict[str, Any]]:
    """Give the components as Meta takes and lists them, examples included.

    Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/components (read 2026-11-22)
    """
    is_named = new.parameter_format == "NAMED"
    components: list[dict[str, Any]] = []
    if new.header:
        component: dict[str, Any] = {"type": "HEADER", "format": "TEXT", "text": new.header}
        pairs = [(name, new.examples.get(f"header.{name}", "")) for name in placeholder_names(new.header)]
        if pairs:
            component["example"] = (
                _named("header_text", pairs) if is_named else {"header_text": [pairs[0][1]]}
            )
        components.append(component)
    body: dict[str, Any] = {"type": "BODY", "text": new.body}
    pairs = [(name, new.examples.get(name, "")) for name in placeholder_names(new.body)]
    if pairs:
        texts = [example for _, example in pairs]
        body["example"] = _named("body_text", pairs) if is_named else {"body_text": [texts]}
    components.append(body)
    if new.footer:
        components.append({"type": "FOOTER", "text": new.footer})
    if new.buttons:
        components.append({"type": "BUTTONS", "buttons": [_new_button(button) for button in new.buttons]})
    return components


def _named(key: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {f"{key}_named_params": [{"param_name": name, "example": example} for name, example in pairs]}


def _new_button(button: NewButton) -> dict[str, Any]:
    match button.kind:
        case "URL":
            shape = {"type": "URL", "text": button.text, "url": button.value}
            return {**shape, "example": [button.example]} if _PLACEHOLDER.search(button.value) else shape
        case "PHONE_NUMBER":
            return {"type": "PHONE_NUMBER", "text": button.text, "phone_number": button.value}
        case "COPY_CODE":
            return {"type": "COPY_CODE", "example": button.value}
        case _:
            return {"type": "QUICK_REPLY", "text": button.text}


def encode_new(new: NewTemplate) -> bytes:
    """Give the body of ``POST /{waba}/message_templates``."""
    return msgspec.json.encode(
        {
            "name": new.name,
            "language": new.language,
            "category": new.category,
            "parameter_format": new.parameter_format,
            "components": components_of(new),
        }
    )


class _Created(msgspec.Struct):
    id: str
    status: str = "PENDING"
    category: str = ""


_created = msgspec.json.Decoder(_Created)


def read_created(body: bytes) -> Created:
    """Read Meta's answer to a new template.  Raises TemplateError when it is no such answer."""
    try:
        row = _created.decode(body)
    except UNREADABLE as error:
        raise TemplateError("Meta's answer about the template could not be read.") from error
    return Created(row.id, row.status, row.category)


def shape_of(
    *,
    name: str,
    language: str,
    category: str,
    components: Sequence[dict[str, Any]],
    parameter_format: str = "POSITIONAL",
) -> TemplateShape:
    """Derive what a send must fill from the template's approved components.

    Raises UnsupportedTemplateError for carousels, products, limited offers and whatever Meta invents next.
    Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/components (read
    2026-11-22)
    """
    header: HeaderFormat | None = None
    header_slot: str | None = None
    body_slots: tuple[str, ...] = ()
    button_slots: list[ButtonSlot] = []
    quick_replies: list[int] = []
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind == "HEADER":
            header = _header_format(component)
            header_slot = next(iter(_placeholders(component)), None) if header == "TEXT" else None
        elif kind == "BODY":
            body_slots = _placeholders(component)
        elif kind == "BUTTONS":
            for index, button in enumerate(component.get("buttons", ())):
                slot = _button_slot(index, button)
                if slot:
                    button_slots.append(slot)
                if str(button.get("type", "")).upper() == "QUICK_REPLY":
                    quick_replies.append(index)
        elif kind not in _STILL_COMPONENTS:
            raise UnsupportedTemplateError("part", kind)
    if category == Category.AUTHENTICATION and not body_slots:
        # Meta writes the text of these itself, and lists it without its placeholder at times.
        body_slots = ("1",)
    return TemplateShape(
        name=name,
        language=language,
        category=Category(category),
        named=parameter_format.upper() == "NAMED",
        header=header,
        header_slot=header_slot,
        body_slots=body_slots,
        button_slots=tuple(button_slots),
        quick_replies=tuple(quick_replies),
    )


def _header_format(component: dict[str, Any]) -> HeaderFormat:
    match str(component.get("format", "TEXT")).upper():
        case "TEXT" | "IMAGE" | "VIDEO" | "DOCUMENT" | "GIF" | "LOCATION" as known:
            return known
        case other:
            raise UnsupportedTemplateError("header", other)


def _placeholders(component: dict[str, Any]) -> tuple[str, ...]:
    # A name that stands twice is filled once; positions are numbered, so the numbers give the order.
    found = tuple(dict.fromkeys(_PLACEHOLDER.findall(str(component.get("text", "")))))
    return tuple(sorted(found, key=int)) if all(name.isdecimal() for name in found) else found


def _button_slot(index: int, button: dict[str, Any]) -> ButtonSlot | None:
    kind = str(button.get("type", "")).upper()
    if kind == "OTP" or (kind == "URL" and "otp_type" in button):
        return ButtonSlot(index, "otp")
    if kind == "URL":
        return ButtonSlot(index, "url") if _PLACEHOLDER.search(str(button.get("url", ""))) else None
    if kind == "COPY_CODE":
        return ButtonSlot(index, "copy_code")
    if kind == "FLOW":
        return ButtonSlot(index, "flow")
    if kind in _STILL_BUTTONS:
        return None
    raise UnsupportedTemplateError("button", kind)


class _Quality(msgspec.Struct):
    score: str | None = None


class _Listed(msgspec.Struct):
    id: str
    name: str
    language: str
    status: str
    category: str
    parameter_format: str = "POSITIONAL"
    components: tuple[dict[str, Any], ...] = ()
    quality_score: _Quality | None = None
    rejected_reason: str | None = None


class _Cursors(msgspec.Struct):
    after: str | None = None


class _Paging(msgspec.Struct):
    cursors: _Cursors = msgspec.field(default_factory=_Cursors)
    next: str | None = None


class _Page(msgspec.Struct):
    data: tuple[_Listed, ...]
    paging: _Paging = msgspec.field(default_factory=_Paging)


_pages = msgspec.json.Decoder(_Page)


def read_page(body: bytes) -> tuple[tuple[ListedTemplate, ...], str | None]:
    """Read one page of a listing: the templates, and the cursor of the next page or None.

    Raises TemplateError when the body is not such a page.
    """
    try:
        page = _pages.decode(body)
    except UNREADABLE as error:
        raise TemplateError("Meta's list of templates could not be read.") from error
    templates = tuple(
        ListedTemplate(
            template_id=row.id,
            name=row.name,
            # Languages come as en_US or en-US; Meta takes only the first when sending.
            language=row.language.replace("-", "_"),
            category=row.category,
            status=row.status,
            quality=row.quality_score.score if row.quality_score else None,
            parameter_format=row.parameter_format,
            rejected_reason=None if row.rejected_reason in {None, "NONE"} else row.rejected_reason,
            components=row.components,
        )
        for row in page.data
    )
    return templates, page.paging.cursors.after if page.paging.next else None
