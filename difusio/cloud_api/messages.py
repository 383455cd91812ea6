"""Build the bytes of one send.

A template is compiled once per batch; filling it for one person splices encoded values between ready-made
bytes.
Source of every shape here:
developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages,
…/marketing-messages/send-marketing-messages and …/business-scoped-user-ids (read 2026-11-22).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from difusio.cloud_api.templates import Category, TemplateShape
from difusio.cloud_api.values import fitted
from difusio.common.sentences import SentenceError

Path = Literal["messages", "marketing_messages"]

MAX_TEXT_CHARS = 4096
MAX_TOKEN_BYTES = 64  # our limit; Meta echoes up to 512 characters

# With the plus, because without it Meta puts the sender's own country code in front.
_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")
# <ISO country>.<up to 128 letters and digits>; a parent id has one more dotted part.
_USER_ID = re.compile(r"[A-Z]{2}\.(?:[A-Za-z0-9]+\.)?[A-Za-z0-9]{1,128}")
_TOKEN = re.compile(r"[A-Za-z0-9_.~-]{1,64}")

_encode = msgspec.json.encode


class MessageError(SentenceError):
    """A message cannot be built."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class BadAddressError(MessageError):
    """The address is neither a phone number in E.164 with its plus nor a business-scoped user id."""


class BadTokenError(MessageError):
    """A callback token is 1 to 64 characters of A-Z, a-z, 0-9 and -._~ and says nothing about anybody."""


class UnfilledSlotError(MessageError):
    """A slot of the template has no value for this person; give the merge field a default."""

    def __init__(self, slot: str) -> None:
        super().__init__()
        self.slot = slot


class MissingHeaderError(MessageError):
    """The template's header needs a picture, a film, a document or a place; choose one."""


class TextLengthError(MessageError):
    """A text has 1 to 4096 characters."""


@dataclass(frozen=True, slots=True)
class HeaderMedia:
    """What stands in a header of media: an uploaded file's id or, less well, a link Meta keeps fetching."""

    media_id: str | None = None
    link: str | None = None
    filename: str | None = None  # documents only


@dataclass(frozen=True, slots=True)
class HeaderPlace:
    """What stands in a header of kind LOCATION."""

    latitude: str
    longitude: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A template ready to be filled, for one batch.  path: where it is posted, under the number's id."""

    path: Path
    slots: tuple[str, ...]  # the value names that `fill` looks up
    _before: bytes  # from the address to the first value, or to the token
    _pieces: tuple[tuple[str, bytes], ...]  # each value's name, and the bytes that follow it

    def fill(self, address: str, values: Mapping[str, str], token: str) -> bytes:
        """Return the body of the send to this address.

        values: by slot name ("body.1", "header.name", "button.0"); more than needed does no harm.  Line
        breaks, tabs and long gaps become one space (see `values`).
        Raises BadAddressError, BadTokenError, UnfilledSlotError.
        """
        parts = [_addressed(address), self._before]
        for slot, after in self._pieces:
            text = fitted(values.get(slot, ""))
            if not text:
                raise UnfilledSlotError(slot)
            parts.append(_encode(text))
            parts.append(after)
        parts.append(_token_bytes(token))
        parts.append(b'"}')
        return b"".join(parts)


def path_for(category: Category | str) -> Path:
    """Say where a template of this category is posted.

    Meta asks to route by category since 2026-09-24: marketing to its own endpoint, everything else to the
    general one.
    """
    return "marketing_messages" if category == Category.MARKETING else "messages"


def compile_template(
    shape: TemplateShape,
    *,
    header: HeaderMedia | HeaderPlace | None = None,
    payloads: Mapping[int, str] | None = None,
) -> CompiledTemplate:
    """Prepare a template for many people.

    header: the same media or place for the whole batch.  payloads: what a tap on the quick reply at that
    place brings back; without one its label comes back.
    Raises MissingHeaderError.
    """
    template: _Parts = [
        b',"type":"template","template":{"name":',
        _encode(shape.name),
        b',"language":{"code":',
        _encode(shape.language),
        b"}",
    ]
    components = [
        *_header_component(shape, header),
        *_body_component(shape),
        *_button_components(shape),
        *_payload_components(shape, payloads or {}),
    ]
    if components:
        template.append(b',"components":[')
        for number, component in enumerate(components):
            template += [b"," if number else b"", *component]
        template.append(b"]")
    template.append(b"}")
    if path_for(shape.category) == "marketing_messages":
        # Sharing who read and clicked needs those people's consent, which is not ours to assume.
        template.append(b',"message_activity_sharing":false')
    # The token's key closes the last fixed piece, whichever that is.
    before, pieces = _cut([*template, b',"biz_opaque_callback_data":"'])
    return CompiledTemplate(
        path=path_for(shape.category),
        slots=shape.slots,
        _before=before,
        _pieces=pieces,
    )


def text_message(address: str, body: str, token: str, *, reply_to: str | None = None) -> bytes:
    """Return the body of a free text, to be posted to `messages` while the service window is open.

    reply_to: the wamid to quote; Meta drops the quote silently when it no longer knows it.
    Raises BadAddressError, BadTokenError, TextLengthError.
    """
    # A free text may hold line breaks; what no UTF-8 can carry it may not.
    text = body.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    if not text.strip() or len(text) > MAX_TEXT_CHARS:
        raise TextLengthError
    context = b',"context":{"message_id":' + _encode(reply_to) + b"}" if reply_to else b""
    return b"".join(
        (
            _addressed(address),
            context,
            b',"type":"text","text":{"preview_url":false,"body":',
            _encode(text),
            b'},"biz_opaque_callback_data":"',
            _token_bytes(token),
            b'"}',
        )
    )


def _addressed(address: str) -> bytes:
    if _PHONE.fullmatch(address):
        key = b'"to":"'
    elif _USER_ID.fullmatch(address):
        key = b'"recipient":"'
    else:
        raise BadAddressError
    return (
        b'{"messaging_product":"whatsapp","recipient_type":"individual",'
        + key
        + address.encode("ascii")
        + b'"'
    )


def _token_bytes(token: str) -> bytes:
    if not _TOKEN.fullmatch(token):
        raise BadTokenError
    return token.encode("ascii")


@dataclass(frozen=True, slots=True)
class _Slot:
    """A gap that each person fills with a value of their own."""

    name: str


_Parts = list[bytes | _Slot]


def _cut(parts: _Parts) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """Join what is fixed: the bytes before the first gap, then each gap with the bytes after it."""
    first = b""
    pieces: list[tuple[str, bytes]] = []
    for part in parts:
        if isinstance(part, _Slot):
            pieces.append((part.name, b""))
        elif pieces:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + part)
        else:
            first += part
    return first, tuple(pieces)


def _header_component(shape: TemplateShape, header: HeaderMedia | HeaderPlace | None) -> list[_Parts]:
    before = b'{"type":"header","parameters":['
    if shape.header in {None, "TEXT"}:
        if shape.header_slot is None:
            return []
        return [[before, *_text_parameter(shape, "header", shape.header_slot), b"]}"]]
    if shape.header == "LOCATION" and isinstance(header, HeaderPlace):
        place = {
            "latitude": header.latitude,
            "longitude": header.longitude,
            "name": header.name,
            "address": header.address,
        }
        return [[before, _encode({"type": "location", "location": place}), b"]}"]]
    if shape.header != "LOCATION" and isinstance(header, HeaderMedia) and (header.media_id or header.link):
        kind = str(shape.header).lower()
        media = {"id": header.media_id} if header.media_id else {"link": header.link}
        if kind == "document" and header.filename:
            media["filename"] = header.filename
        return [[before, _encode({"type": kind, kind: media}), b"]}"]]
    raise MissingHeaderError


def _body_component(shape: TemplateShape) -> list[_Parts]:
    if not shape.body_slots:
        return []
    component: _Parts = [b'{"type":"body","parameters":[']
    for number, name in enumerate(shape.body_slots):
        component += [b"," if number else b"", *_text_parameter(shape, "body", name)]
    return [[*component, b"]}"]]


def _text_parameter(shape: TemplateShape, part: str, name: str) -> _Parts:
    named = b'"parameter_name":' + _encode(name) + b"," if shape.named else b""
    return [b'{"type":"text",' + named + b'"text":', _Slot(f"{part}.{name}"), b"}"]


def _button_components(shape: TemplateShape) -> list[_Parts]:
    # For each kind of button: Meta's sub_type, and the bytes before and after its value.
    kinds = {
        "url": ("url", b'{"type":"text","text":', b"}"),
        "otp": ("url", b'{"type":"text","text":', b"}"),
        "copy_code": ("copy_code", b'{"type":"coupon_code","coupon_code":', b"}"),
        "flow": ("flow", b'{"type":"action","action":{"flow_token":', b"}}"),
    }
    components: list[_Parts] = []
    for button in shape.button_slots:
        sub_type, before, after = kinds[button.kind]
        slot = f"body.{shape.body_slots[0]}" if button.kind == "otp" else f"button.{button.index}"
        components.append([_button(sub_type, button.index), before, _Slot(slot), after, b"]}"])
    return components


def _payload_components(shape: TemplateShape, payloads: Mapping[int, str]) -> list[_Parts]:
    return [
        [_button("quick_reply", index), _encode({"type": "payload", "payload": payloads[index]}), b"]}"]
        for index in shape.quick_replies
        if index in payloads
    ]


def _button(sub_type: str, index: int) -> bytes:
    head = b'{"type":"button","sub_type":' + _encode(sub_type)
    return head + b',"index":' + _encode(str(index)) + b',"parameters":['
