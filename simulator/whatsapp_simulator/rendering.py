"""The forms of templates: compiled once, checked against what a send fills in, and shown filled in.

Source: DOC/messages/template-messages and DOC/templates/components (read 2025-12); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from whatsapp_simulator.graph.errors import RefusedError, refused
from whatsapp_simulator.reading import are_degrees
from whatsapp_simulator.shown import (
    Button,
    Card,
    Header,
    Location,
    Media,
    Offer,
    Product,
    Section,
    Shown,
    TapTarget,
)

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_FORBIDDEN_IN_TEXT = re.compile(r"[\n\r\t]| {5,}")
_FORBIDDEN_WORDS = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
_MEDIA = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "GIF"})
_FILLED_HEADERS = _MEDIA | {"LOCATION", "PRODUCT"}
_LONGEST_BODY = 32_768
_LONGEST_CODE, _LONGEST_COUPON, _LONGEST_OFFER_CODE = 15, 20, 15
_MOST_PRODUCTS, _MOST_SECTIONS = 30, 10

# What stands on a button that has no text of its own.
_LABELS = {
    "COPY_CODE": "Copy offer code", "OTP": "Copy code", "CATALOG": "View catalog", "MPM": "View items",
    "SPM": "View", "REQUEST_CONTACT_INFO": "Share contact info", "VOICE_CALL": "Call",
    "ORDER_DETAILS": "Review and pay",
}  # fmt: skip
_SHOWN_KINDS = {
    "QUICK_REPLY": "quick_reply", "URL": "url", "PHONE_NUMBER": "phone", "COPY_CODE": "copy_code",
    "OTP": "otp", "FLOW": "flow", "CATALOG": "catalog", "MPM": "products", "SPM": "product",
    "VOICE_CALL": "voice_call", "REQUEST_CONTACT_INFO": "contact_info", "ORDER_DETAILS": "pay", "APP": "url",
}  # fmt: skip
# A code is sent as the parameter of a URL button, whatever the kind of the button in the template.
_SENT_AS = {"OTP": "URL"}

Filled = dict[str, str]
Attach = Callable[[str, Any, str], Media]
"""Turns kind, what was written and where into a file; refuses as Meta does."""
_Given = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with holes: fixed pieces, and the names of the holes between them."""

    pieces: tuple[str, ...]
    holes: tuple[str, ...]
    names: tuple[str, ...] = field(init=False)
    """The holes, each once, in order of appearance."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(dict.fromkeys(self.holes)))

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Cut a text at its `{{…}}`."""
        parts = _PLACEHOLDER.split(text)
        return cls(tuple(parts[::2]), tuple(parts[1::2]))

    def fill(self, values: Filled) -> str:
        """Put the values into the holes."""
        if not self.holes:
            return self.pieces[0]
        text = [self.pieces[0]]
        for hole, piece in zip(self.holes, self.pieces[1:], strict=True):
            text.append(values.get(hole, ""))
            text.append(piece)
        return "".join(text)


@dataclass(frozen=True, slots=True)
class ButtonForm:
    """A button as it was approved."""

    kind: str
    text: str
    url: Pattern | None = None
    phone: str = ""

    def fill(self, index: int, given: _Given | None, form: "Form") -> Button:
        """Check what a send says about the button, and show it."""
        sub_type, parameters = given or ("", [])
        if given is not None and sub_type not in (self.kind, _SENT_AS.get(self.kind)):
            raise refused(
                132012,
                f"buttons: Button at index {index} is of type {self.kind}, received {sub_type or 'UNKNOWN'}",
            )
        shown = _SHOWN_KINDS.get(self.kind, self.kind.lower())
        if self.url is not None:
            return Button(shown, self.text, url=self._url(index, self.url, parameters))
        first = parameters[0] if parameters and isinstance(parameters[0], dict) else None
        if self.kind == "QUICK_REPLY":
            return Button(shown, self.text, id=self._payload(index, first))
        if self.kind == "COPY_CODE":
            return Button(shown, self.text, code=self._coupon(index, first, has_offer=bool(form.offer)))
        if self.kind == "OTP":
            return Button(shown, self.text, code=_code(first))
        if self.kind in _ACTIONS:
            return Button(shown, self.text, id=self._action(index, first).get("flow_token", ""))
        if parameters:
            raise refused(132000, _count_details("buttons", len(parameters), 0))
        return Button(shown, self.text, phone=self.phone)

    def _url(self, index: int, url: Pattern, parameters: list[Any]) -> str:
        if len(parameters) != len(url.names):
            if not parameters:
                raise refused(131008, f"buttons: Button at index {index} of type Url requires a parameter")
            raise refused(132000, _count_details("buttons", len(parameters), len(url.names)))
        return url.fill({url.names[0]: _text_of("buttons", parameters[0], named=False)} if url.names else {})

    def _payload(self, index: int, first: dict[str, Any] | None) -> str:
        """Find the payload; without one the label comes back."""
        if first is None:
            return self.text
        payload = first.get("payload")
        if first.get("type") != "payload" or not isinstance(payload, str) or not payload:
            raise refused(132012, f"buttons: Button at index {index} expects a payload")
        return payload

    def _coupon(self, index: int, first: dict[str, Any] | None, *, has_offer: bool) -> str:
        if first is None:
            raise refused(131008, f"buttons: Button at index {index} of type Copy code requires a parameter")
        code, longest = first.get("coupon_code"), _LONGEST_OFFER_CODE if has_offer else _LONGEST_COUPON
        if first.get("type") != "coupon_code" or not isinstance(code, str) or not code:
            raise refused(132012, f"buttons: Button at index {index} expects a coupon_code")
        if len(code) > longest:
            raise refused(132018, f"buttons: The coupon code may have at most {longest} characters.")
        return code

    def _action(self, index: int, first: dict[str, Any] | None) -> dict[str, Any]:
        if first is None:
            if self.kind == "MPM":
                raise refused(131008, f"buttons: Button at index {index} of type Mpm requires a parameter")
            return {}
        action = first.get("action")
        if first.get("type") != "action" or not isinstance(action, dict):
            raise refused(132012, f"buttons: Button at index {index} expects an action")
        _ACTIONS[self.kind](index, action)
        return action


@dataclass(frozen=True, slots=True)
class Form:
    """The components of a template, or of one card of it, ready for the hot path."""

    named: bool
    header_format: str
    header: Pattern
    body: Pattern
    footer: str
    buttons: tuple[ButtonForm, ...]
    offer: str = ""
    offer_expires: bool = False
    cards: tuple["Form", ...] = ()
    is_code: bool = False
    """An authentication template: its one variable is a code."""

    def fill(self, components: Any, attach: Attach) -> Shown:
        """Check what a send fills in and show the message; raises RefusedError as Meta would refuse it."""
        given = _Components(components, "components")
        header, body = self._header(given.header, attach), self._body(given.body)
        offer = self._offer(given.offer)
        return Shown(
            type="template",
            header=header,
            body=body,
            footer=self.footer,
            buttons=self._buttons(given.buttons),
            sections=_sections(self.buttons, given.buttons),
            cards=self._cards(given.cards, attach) if self.cards or given.cards is not None else (),
            offer=offer,
            tap_target=None if given.tap_target is None else _tap_target(given.tap_target),
        )

    def _header(self, parameters: list[Any] | None, attach: Attach) -> Header | None:
        if self.header_format in _FILLED_HEADERS:
            return _filled_header(self.header_format, parameters or [], attach)
        if self.header_format != "TEXT" and parameters:
            raise refused(132000, _count_details("header", len(parameters), 0))
        text = self.header.fill(self._values("header", self.header, parameters))
        return Header("text", text) if text else None

    def _body(self, parameters: list[Any] | None) -> str:
        values = self._values("body", self.body, parameters)
        if self.is_code:
            for code in values.values():
                _check_code(code)
        body = self.body.fill(values)
        if len(body) > _LONGEST_BODY:
            raise refused(132005, "body: the filled-in text is too long.")
        return body

    def _offer(self, parameters: list[Any] | None) -> Offer | None:
        if not self.offer:
            if parameters is not None:
                raise refused(132012, "components: Format mismatch, the template has no limited_time_offer")
            return None
        first = parameters[0] if parameters and isinstance(parameters[0], dict) else {}
        written = first.get("limited_time_offer")
        if not self.offer_expires and parameters is None:
            return Offer(self.offer)
        if not isinstance(written, dict) or "expiration_time_ms" not in written:
            raise refused(131008, "limited_time_offer: Parameter expiration_time_ms is required.")
        expires = written["expiration_time_ms"]
        if not _is_count(expires) or not int(expires):
            raise refused(132012, "limited_time_offer: expiration_time_ms must be a time in milliseconds.")
        return Offer(self.offer, int(expires))

    def _buttons(self, given: dict[int, _Given]) -> tuple[Button, ...]:
        if any(index >= len(self.buttons) for index in given):
            raise refused(132000, "buttons: the template has no button at that index.")
        return tuple(
            [button.fill(index, given.get(index), self) for index, button in enumerate(self.buttons)]
        )

    def _cards(self, written: list[Any] | None, attach: Attach) -> tuple[Card, ...]:
        cards = written or []
        if len(cards) != len(self.cards):
            raise refused(
                132012,
                f"carousel: Number of cards ({len(cards)}) does not match the expected number of cards "
                f"({len(self.cards)})",
            )
        given: dict[int, Any] = {}
        for card in cards:
            index = card.get("card_index") if isinstance(card, dict) else None
            if not _is_count(index) or int(index) in given or int(index) >= len(cards):  # type: ignore[arg-type] # checked by _is_count
                raise refused(
                    132012, "carousel: card_index must count the cards from 0, each standing there once."
                )
            given[int(index)] = card  # type: ignore[arg-type] # as above
        return tuple(form.fill_card(index, given[index], attach) for index, form in enumerate(self.cards))

    def fill_card(self, index: int, written: dict[str, Any], attach: Attach) -> Card:
        """Check what a send fills into a card, and show it."""
        given = _Components(written.get("components"), f"carousel: card {index}")
        if given.cards is not None or given.offer is not None:
            raise refused(132012, f"carousel: card {index} takes header, body and buttons only")
        header, body = self._header(given.header, attach), self._body(given.body)
        return Card(header, body, self._buttons(given.buttons))

    def _values(self, where: str, pattern: Pattern, parameters: list[Any] | None) -> Filled:
        parameters = parameters or []
        names = pattern.names
        if len(parameters) != len(names):
            raise refused(132000, _count_details(where, len(parameters), len(names)))
        values: Filled = {}
        for position, parameter in enumerate(parameters):
            text = _text_of(where, parameter, named=self.named)
            if self.named:
                name = parameter.get("parameter_name")
                if name not in names or name in values:
                    raise refused(
                        132000, f"{where}: Parameter name ({name}) is missing, unknown or given twice"
                    )
                values[name] = text
            else:
                ordinal = str(position + 1)
                values[ordinal if ordinal in names else names[position]] = text
        return values


def compile_form(parts: list[dict[str, Any]], *, named: bool, category: str) -> Form:
    """Compile components as the template list writes them; raises ValueError with a sentence."""
    by_type = {str(part.get("type", "")).upper(): part for part in parts}
    is_code = category == "AUTHENTICATION"
    body, offer = by_type.get("BODY", {}), by_type.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer", {})
    text = body.get("text", _code_words(body) if is_code and "BODY" in by_type else None)
    if not isinstance(text, str):
        raise ValueError("it needs a BODY component with `text`.")  # noqa: TRY004 - a template with a mistake
    footer = by_type.get("FOOTER", {})
    minutes = footer.get("code_expiration_minutes")
    expiry = f"This code expires in {minutes} minutes." if minutes else ""
    cards = by_type.get("CAROUSEL", {}).get("cards", [])
    if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
        raise ValueError("`cards` must be a list of objects.")
    if not isinstance(offer, dict):
        raise ValueError("`limited_time_offer` must be an object.")  # noqa: TRY004 - as above
    header_format, header = _compile_header(by_type)
    return Form(
        named=named,
        header_format=header_format,
        header=header,
        body=Pattern.of(text),
        footer=str(footer.get("text", expiry)),
        buttons=_compile_buttons(by_type),
        offer=str(offer.get("text", "")),
        offer_expires=offer.get("has_expiration") is True,
        cards=tuple(_compile_card(card, named=named) for card in cards),
        is_code=is_code,
    )


def _compile_card(card: dict[str, Any], *, named: bool) -> Form:
    parts = card.get("components")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ValueError("`components` of a card must be a list of objects.")
    by_type = {str(part.get("type", "")).upper(): part for part in parts}
    header_format, header = _compile_header(by_type)
    text = str(by_type.get("BODY", {}).get("text", ""))
    return Form(named, header_format, header, Pattern.of(text), "", _compile_buttons(by_type))


def _compile_header(by_type: dict[str, dict[str, Any]]) -> tuple[str, Pattern]:
    header = by_type.get("HEADER", {})
    kind = str(header.get("format", "TEXT" if "text" in header else "NONE")).upper()
    return kind, Pattern.of(str(header.get("text", "")))


def _compile_buttons(by_type: dict[str, dict[str, Any]]) -> tuple[ButtonForm, ...]:
    buttons = by_type.get("BUTTONS", {}).get("buttons", [])
    if not isinstance(buttons, list) or not all(isinstance(button, dict) for button in buttons):
        raise ValueError("`buttons` must be a list of objects.")
    return tuple(map(_compile_button, buttons))


def _compile_button(facts: dict[str, Any]) -> ButtonForm:
    kind, url = str(facts.get("type", "")).upper(), facts.get("url")
    return ButtonForm(
        kind,
        str(facts.get("text") or _LABELS.get(kind, "")),
        Pattern.of(url) if kind == "URL" and isinstance(url, str) else None,
        str(facts.get("phone_number", "")),
    )


def _code_words(body: dict[str, Any]) -> str:
    words = "*{{1}}* is your verification code."
    return (
        f"{words} For your security, do not share this code."
        if body.get("add_security_recommendation")
        else words
    )


class _Components:
    """What a send says, sorted by component."""

    __slots__ = ("body", "buttons", "cards", "header", "offer", "tap_target")

    def __init__(self, components: Any, where: str) -> None:
        self.header: list[Any] | None = None
        self.body: list[Any] | None = None
        self.offer: list[Any] | None = None
        self.tap_target: list[Any] | None = None
        self.cards: list[Any] | None = None
        self.buttons: dict[int, _Given] = {}
        if components is None:
            return
        if not isinstance(components, list):
            raise refused(131009, "Param template['components'] must be an array.")
        for component in components:
            self._sort(component, where)

    def _sort(self, component: Any, where: str) -> None:
        if not isinstance(component, dict):
            raise refused(131009, "Param template['components'] must be an array of objects.")
        kind = str(component.get("type", "")).lower()
        parameters = component.get("parameters") or component.get("cards") or []
        if not isinstance(parameters, list):
            raise _unexpected(where, kind)
        if kind == "body":
            self.body = parameters
        elif kind == "button":
            index = component.get("index")
            if not _is_count(index):
                raise refused(131008, "Parameter index is required for a button.")
            self.buttons[int(index)] = (str(component.get("sub_type", "")).upper(), parameters)  # type: ignore[arg-type] # checked by _is_count
        elif kind == "header":
            self.header = parameters
        elif kind == "limited_time_offer":
            self.offer = parameters
        elif kind == "carousel":
            self.cards = parameters
        elif kind == "tap_target_configuration":
            self.tap_target = parameters
        else:
            raise _unexpected(where, kind)


def _unexpected(where: str, kind: str) -> RefusedError:
    return refused(132012, f"{where}: Format mismatch, unexpected component ({kind or 'UNKNOWN'})")


def _is_count(value: Any) -> bool:
    """Tell whether a value is a number from 0 up, also one in quotes."""
    if isinstance(value, str):
        return value.isascii() and value.isdecimal() and len(value) < 20  # noqa: PLR2004 - far more than any time
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text_of(where: str, parameter: Any, *, named: bool) -> str:
    kind = parameter.get("type") if isinstance(parameter, dict) else None
    if kind == "text":
        text = parameter.get("text")
    elif kind in {"currency", "date_time"} and not named and isinstance(parameter.get(kind), dict):
        text = parameter[kind].get("fallback_value")
    else:
        raise refused(
            132012, f"{where}: Format mismatch, expected TEXT, received {str(kind or 'UNKNOWN').upper()}"
        )
    if not isinstance(text, str) or not text:
        raise refused(131008, f"{where}: Parameter of type text is missing text value")
    if _FORBIDDEN_IN_TEXT.search(text):
        raise refused(132018, f"{where}: {_FORBIDDEN_WORDS}")
    return text


def _filled_header(expected: str, parameters: list[Any], attach: Attach) -> Header:
    parameter = parameters[0] if len(parameters) == 1 and isinstance(parameters[0], dict) else {}
    kind = str(parameter.get("type", "UNKNOWN"))
    written = parameter.get(kind)
    if kind.upper() != expected or not isinstance(written, dict):
        raise refused(132012, f"header: Format mismatch, expected {expected}, received {kind.upper()}")
    if expected == "LOCATION":
        return Header("location", location=_location(written))
    if expected == "PRODUCT":
        product = written.get("product_retailer_id")
        if not isinstance(product, str) or not product:
            raise refused(131008, "header: Parameter of type product needs product_retailer_id")
        return Header("product", product=Product(product, str(written.get("catalog_id") or "")))
    return Header(kind, media=attach(kind, written, "header"))


def _location(written: dict[str, Any]) -> Location:
    latitude, longitude = written.get("latitude"), written.get("longitude")
    if latitude is None or longitude is None:
        raise refused(131008, "header: Parameter of type location needs latitude and longitude")
    if not are_degrees(latitude, most=90) or not are_degrees(longitude, most=180):
        raise refused(132012, "header: latitude and longitude must be degrees")
    name, address = str(written.get("name") or ""), str(written.get("address") or "")
    return Location(str(latitude), str(longitude), name, address)


def _tap_target(parameters: list[Any]) -> TapTarget:
    first = parameters[0] if parameters and isinstance(parameters[0], dict) else {}
    targets = first.get("tap_target_configuration")
    target = targets[0] if isinstance(targets, list) and targets and isinstance(targets[0], dict) else {}
    url, title = target.get("url"), target.get("title")
    if not isinstance(url, str) or not url or not isinstance(title, str) or not title:
        raise refused(131008, "tap_target_configuration: Parameters url and title are required.")
    return TapTarget(url, title)


def _sections(buttons: tuple[ButtonForm, ...], given: dict[int, _Given]) -> tuple[Section, ...]:
    """Show the products behind the button for several of them; its parameters are checked already."""
    for index, (_, parameters) in given.items():
        if index < len(buttons) and buttons[index].kind == "MPM":
            sections = parameters[0]["action"]["sections"]
            return tuple(
                Section(
                    str(section.get("title") or ""),
                    products=tuple(item["product_retailer_id"] for item in section["product_items"]),
                )
                for section in sections
            )
    return ()


def _check_flow(index: int, action: dict[str, Any]) -> None:
    if not isinstance(action.get("flow_token", ""), str):
        raise refused(132012, f"buttons: Button at index {index}: flow_token must be a string")
    if not isinstance(action.get("flow_action_data", {}), dict):
        raise refused(132012, f"buttons: Button at index {index}: flow_action_data must be an object")


def _check_catalog(index: int, action: dict[str, Any]) -> None:
    if not isinstance(action.get("thumbnail_product_retailer_id", ""), str):
        raise refused(
            132012, f"buttons: Button at index {index}: thumbnail_product_retailer_id must be a string"
        )


def _check_products(index: int, action: dict[str, Any]) -> None:
    _check_catalog(index, action)
    sections = action.get("sections")
    if not isinstance(sections, list) or not sections:
        raise refused(131008, f"buttons: Button at index {index}: Parameter sections is required.")
    if len(sections) > _MOST_SECTIONS:
        raise refused(132018, f"buttons: Button at index {index}: at most {_MOST_SECTIONS} sections")
    products = 0
    for section in sections:
        items = section.get("product_items") if isinstance(section, dict) else None
        if not isinstance(items, list) or not items:
            raise refused(131008, f"buttons: Button at index {index}: Parameter product_items is required.")
        for item in items:
            product = item.get("product_retailer_id") if isinstance(item, dict) else None
            if not isinstance(product, str) or not product:
                raise refused(
                    131008, f"buttons: Button at index {index}: Parameter product_retailer_id is required."
                )
        products += len(items)
    if products > _MOST_PRODUCTS:
        raise refused(132018, f"buttons: Button at index {index}: at most {_MOST_PRODUCTS} products")


def _check_order(index: int, action: dict[str, Any]) -> None:
    if not isinstance(action.get("order_details"), dict):
        raise refused(131008, f"buttons: Button at index {index}: Parameter order_details is required.")


_ACTIONS: dict[str, Callable[[int, dict[str, Any]], None]] = {
    "FLOW": _check_flow,
    "CATALOG": _check_catalog,
    "MPM": _check_products,
    "SPM": _check_catalog,
    "ORDER_DETAILS": _check_order,
}


def _code(first: dict[str, Any] | None) -> str:
    if first is None:
        raise refused(131008, "buttons: Button at index 0 of type Url requires a parameter")
    code = _text_of("buttons", first, named=False)
    _check_code(code)
    return code


def _check_code(code: str) -> None:
    if len(code) > _LONGEST_CODE:
        raise refused(
            132018,
            "template parameter at index 0 exceeds the maximum length in the AUTHENTICATION category "
            f"({_LONGEST_CODE} characters).",
        )


def _count_details(where: str, given: int, expected: int) -> str:
    return (
        f"{where}: number of localizable_params ({given}) does not match "
        f"the expected number of params ({expected})"
    )
