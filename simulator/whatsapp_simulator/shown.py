"""What a person sees of a message: one structure for every kind, and the same in plain text.

The structure stands in the person's chat and in the rows of accepted messages under `shown`; its members are
documented in docs/reference.md.  What does not apply is left out.
"""

from typing import Any

from msgspec import Struct


class Media(Struct, frozen=True, omit_defaults=True):
    """A file: uploaded (`id`) or fetched (`link`); kind: image, video, document, audio, sticker or gif."""

    kind: str
    id: str = ""
    link: str = ""
    filename: str = ""
    voice: bool = False

    @property
    def text(self) -> str:
        """The file in one line."""
        name = f" {self.filename}" if self.filename else ""
        return f"[{self.kind} {self.id or self.link}{name}]"


class Location(Struct, frozen=True, omit_defaults=True):
    """A point on the map, in degrees as they were written."""

    latitude: str
    longitude: str
    name: str = ""
    address: str = ""

    @property
    def text(self) -> str:
        """The point in one line, with what is written beside it."""
        place = f"[location {self.latitude}, {self.longitude}]"
        return " ".join(filter(None, (place, self.name, self.address)))


class Product(Struct, frozen=True, omit_defaults=True):
    """An article of a catalogue."""

    id: str
    catalog_id: str = ""


class Header(Struct, frozen=True, omit_defaults=True):
    """What stands above the body; type: text, location, product, or the kind of the file."""

    type: str
    text: str = ""
    media: Media | None = None
    location: Location | None = None
    product: Product | None = None

    @property
    def line(self) -> str:
        """The header in one line."""
        if self.media is not None:
            return self.media.text
        if self.location is not None:
            return self.location.text
        return f"[product {self.product.id}]" if self.product is not None else self.text


class Button(Struct, frozen=True, omit_defaults=True):
    """Something to tap.

    kind: reply and quick_reply are answered with `id` (the payload of a template's); url and phone lead out;
    copy_code and otp hold `code`; flow holds its token in `id`; list and products open the sections; catalog,
    product, location, address, call_permission, contact_info, voice_call, pay do what they are called.
    """

    kind: str
    title: str
    id: str = ""
    url: str = ""
    phone: str = ""
    code: str = ""


class Row(Struct, frozen=True, omit_defaults=True):
    """A line of a list."""

    id: str
    title: str
    description: str = ""


class Section(Struct, frozen=True, omit_defaults=True):
    """A part of a list: rows, or ids of products."""

    title: str = ""
    rows: tuple[Row, ...] = ()
    products: tuple[str, ...] = ()


class Card(Struct, frozen=True, omit_defaults=True):
    """One card of a carousel."""

    header: Header | None = None
    body: str = ""
    buttons: tuple[Button, ...] = ()


class Offer(Struct, frozen=True, omit_defaults=True):
    """A limited-time offer; expires_at_ms: milliseconds since 1970, 0 for one without an end."""

    text: str
    expires_at_ms: int = 0


class Reaction(Struct, frozen=True, omit_defaults=True):
    """An emoji on an earlier message; an empty one takes it away."""

    message_id: str
    emoji: str = ""


class TapTarget(Struct, frozen=True, omit_defaults=True):
    """Where a tap on the picture of a template leads."""

    url: str
    title: str


class Shown(Struct, frozen=True, omit_defaults=True):
    """A message as it stands in the chat; type: Meta's, interactive: the kind of an interactive message.

    body: the text, or the caption of media.  context: the wamid of the message that is quoted.
    """

    type: str
    body: str = ""
    interactive: str = ""
    header: Header | None = None
    footer: str = ""
    preview_url: bool = False
    media: Media | None = None
    location: Location | None = None
    contacts: tuple[dict[str, Any], ...] = ()
    reaction: Reaction | None = None
    buttons: tuple[Button, ...] = ()
    sections: tuple[Section, ...] = ()
    cards: tuple[Card, ...] = ()
    offer: Offer | None = None
    tap_target: TapTarget | None = None
    order: dict[str, Any] | None = None
    context: str = ""


def as_text(shown: Shown) -> str:
    """Write a message as lines of text, everything that can be seen of it.

    Texts are their body; a header, media, buttons and the like are lines of their own.
    """
    if shown.type == "text":
        return shown.body
    lines = [] if shown.header is None else [shown.header.line]
    if shown.type != "template":
        lines += _lines_of_other_kinds(shown)
    if shown.offer is not None:
        lines.append(f"[offer] {shown.offer.text}")
    lines += (shown.body, shown.footer)
    lines += map(_button_line, shown.buttons)
    for section in shown.sections:
        lines.append(section.title)
        lines += [f"- {row.title} {row.description}".rstrip() for row in section.rows]
        lines += [f"- {product}" for product in section.products]
    for card in shown.cards:
        lines += ("" if card.header is None else card.header.line, card.body)
        lines += map(_button_line, card.buttons)
    return "\n".join(filter(None, lines))


def _button_line(button: Button) -> str:
    beside = button.url or button.code
    return f"[{button.title}] {beside}" if beside else f"[{button.title}]"


def _lines_of_other_kinds(shown: Shown) -> list[str]:
    lines = [part.text for part in (shown.media, shown.location) if part is not None]
    for card in shown.contacts:
        name = str(card.get("name", {}).get("formatted_name", ""))
        phones = [str(phone.get("phone", "")) for phone in card.get("phones") or ()]
        lines.append(" ".join(["[contact]", name, *phones]))
    if shown.reaction is not None:
        lines.append(f"[reaction] {shown.reaction.emoji} {shown.reaction.message_id}")
    if shown.order is not None:
        lines.append(f"[order {shown.order.get('reference_id', '')}]")
    return lines
