"""Interactive messages: buttons, lists, links, flows, products, carousels, requests and payments.

Source: DOC/messages/interactive-reply-buttons-messages and its neighbours (read 2025-12); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections.abc import Callable
from typing import Any

from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.messages.members import (
    label,
    missing,
    only,
    optional_text,
    required_list,
    required_object,
    required_text,
    wrong,
)
from whatsapp_simulator.rendering import Attach
from whatsapp_simulator.shown import Button, Card, Header, Product, Row, Section, Shown

_HEADER, _BODY, _BODY_OF_LIST, _FOOTER = 60, 1024, 4096, 60
_BUTTONS, _TITLE, _ID = 3, 20, 256
_SECTIONS, _ROWS, _ROW_ID, _ROW_TITLE, _ROW_DESCRIPTION, _SECTION_TITLE = 10, 10, 200, 24, 72, 24
_PRODUCTS = 30
_CARDS = (2, 10)
_CARD_BODY = 160
_REFERENCE_ID = 35
# The pages disagree between 20 and about 30.
_FLOW_CTA = 30
_FLOW_MEMBERS = (
    "flow_message_version", "flow_id", "flow_name", "flow_token", "flow_cta", "mode", "flow_action",
    "flow_action_payload",
)  # fmt: skip

_NONE: tuple[str, ...] = ()
_TEXT = ("text",)
_ANY = ("text", "image", "video", "document")

Action = dict[str, Any]
Parts = dict[str, Any]
"""Members of Shown that the action fills in."""


def read_interactive(content: dict[str, Any], attach: Attach) -> Shown:
    """Read `interactive`; raises RefusedError with Meta's words."""
    kind = required_text(content, "type", "interactive")
    known = _KINDS.get(kind)
    if known is None:
        raise refused(131051, f"Interactive messages of type {kind} are not supported.")
    only(content, ("type", "header", "body", "footer", "action"), "interactive")
    read_action, headers, body_needed, has_footer = known
    parts = read_action(required_object(content, "action", "interactive"), attach)
    return Shown(
        "interactive",
        _body(content, kind, needed=body_needed),
        kind,
        _header(content.get("header"), kind, headers, attach),
        _footer(content, kind, allowed=has_footer),
        **parts,
    )


def _body(content: dict[str, Any], kind: str, *, needed: bool) -> str:
    if content.get("body") is None and not needed:
        return ""
    body = required_object(content, "body", "interactive")
    return label(body, "text", "Body text", longest=_BODY_OF_LIST if kind == "list" else _BODY)


def _footer(content: dict[str, Any], kind: str, *, allowed: bool) -> str:
    if content.get("footer") is None:
        return ""
    if not allowed:
        raise wrong(f"Interactive messages of type {kind} have no footer.")
    return label(required_object(content, "footer", "interactive"), "text", "Footer text", longest=_FOOTER)


def _header(header: Any, kind: str, allowed: tuple[str, ...], attach: Attach) -> Header | None:
    if header is None:
        if kind == "product_list":
            raise missing("header", "interactive")
        return None
    if not isinstance(header, dict):
        raise wrong("Parameter header must be a JSON object.")
    header_type = required_text(header, "type", "interactive['header']")
    if header_type not in allowed:
        raise wrong(
            f"Header type {header_type} is not valid for an interactive message of type {kind}; "
            f"it can be {' or '.join(allowed) or 'left out only'}."
        )
    if header_type == "text":
        return Header("text", label(header, "text", "Header text", longest=_HEADER))
    media = required_object(header, header_type, "interactive['header']")
    return Header(header_type, media=attach(header_type, media, f"interactive['header']['{header_type}']"))


def _reply_buttons(action: Action, _attach: Attach) -> Parts:
    only(action, ("buttons",), "interactive['action']")
    return {"buttons": _replies(required_list(action, "buttons", "interactive['action']"), _BUTTONS)}


def _replies(
    written: list[dict[str, Any]], most: int, kinds: tuple[str, ...] = ("reply",)
) -> tuple[Button, ...]:
    if len(written) > most:
        raise wrong(f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {most}")
    buttons = []
    for button in written:
        kind = button.get("type", "reply")
        if kind not in kinds:
            raise wrong(f"Button type must be {' or '.join(kinds)}.")
        reply = required_object(button, kind, "buttons")
        title = label(reply, "title", "Button title", longest=_TITLE)
        buttons.append(Button("reply", title, label(reply, "id", "Button id", longest=_ID)))
    _check_unique([button.title for button in buttons], "Duplicate title for buttons")
    _check_unique([button.id for button in buttons], "Duplicate id for buttons")
    return tuple(buttons)


def _list(action: Action, _attach: Attach) -> Parts:
    only(action, ("button", "sections"), "interactive['action']")
    button = label(action, "button", "Button label", longest=_TITLE)
    sections = []
    for section in _sections_of(action):
        rows = required_list(section, "rows", "sections")
        sections.append(Section(_title(section), tuple(map(_row, rows))))
    rows_in_all = [row for section in sections for row in section.rows]
    if len(rows_in_all) > _ROWS:
        raise wrong(f"Total row count exceed max allowed count: {_ROWS}")
    _check_unique([row.id for row in rows_in_all], "Duplicated row id")
    _check_titles(sections)
    return {"buttons": (Button("list", button),), "sections": tuple(sections)}


def _row(row: dict[str, Any]) -> Row:
    description = row.get("description")
    return Row(
        label(row, "id", "Row id", longest=_ROW_ID),
        label(row, "title", "Row title", longest=_ROW_TITLE),
        label(row, "description", "Row description", longest=_ROW_DESCRIPTION) if description else "",
    )


def _sections_of(action: Action) -> list[dict[str, Any]]:
    sections = required_list(action, "sections", "interactive['action']")
    if len(sections) > _SECTIONS:
        raise wrong(f"Total section count exceed max allowed count: {_SECTIONS}")
    return sections


def _title(section: dict[str, Any]) -> str:
    return label(section, "title", "Section title", longest=_SECTION_TITLE) if section.get("title") else ""


def _check_titles(sections: list[Section]) -> None:
    if len(sections) > 1 and not all(section.title for section in sections):
        raise missing("title", "sections")


def _link(action: Action, _attach: Attach) -> Parts:
    parameters = _parameters(action, "cta_url", ("display_text", "url"))
    return {"buttons": (_link_button(parameters),)}


def _link_button(parameters: dict[str, Any]) -> Button:
    title = label(parameters, "display_text", "Button display text", longest=_TITLE)
    url = required_text(parameters, "url", "parameters")
    if not url.lower().startswith(("http://", "https://")):
        raise wrong("Parameter url must be an address that begins with http:// or https://.")
    return Button("url", title, url=url)


def _flow(action: Action, _attach: Attach) -> Parts:
    where = "parameters"
    parameters = _parameters(action, "flow", _FLOW_MEMBERS)
    if parameters.get("flow_message_version") is None:
        raise missing("flow_message_version", where)
    if str(parameters["flow_message_version"]) != "3":
        raise wrong("Parameter flow_message_version must be 3.")
    flow_id, name = parameters.get("flow_id"), optional_text(parameters, "flow_name", where)
    if not flow_id and not name:
        raise missing("flow_id", where)
    if flow_id and name:
        raise wrong("Parameters flow_id and flow_name exclude each other.")
    if optional_text(parameters, "mode", where) not in ("", "draft", "published"):
        raise wrong("Parameter mode must be draft or published.")
    if optional_text(parameters, "flow_action", where) not in ("", "navigate", "data_exchange"):
        raise wrong("Parameter flow_action must be navigate or data_exchange.")
    if parameters.get("flow_action_payload") is not None:
        payload = required_object(parameters, "flow_action_payload", where)
        required_text(payload, "screen", "flow_action_payload")
    title = label(parameters, "flow_cta", "Flow button", longest=_FLOW_CTA)
    return {"buttons": (Button("flow", title, optional_text(parameters, "flow_token", where)),)}


def _product(action: Action, _attach: Attach) -> Parts:
    only(action, ("catalog_id", "product_retailer_id"), "interactive['action']")
    catalog = required_text(action, "catalog_id", "interactive['action']")
    product = required_text(action, "product_retailer_id", "interactive['action']")
    section = Section(products=(product,))
    return {"sections": (section,), "buttons": (Button("product", "View", catalog),)}


def _product_list(action: Action, _attach: Attach) -> Parts:
    only(action, ("catalog_id", "sections"), "interactive['action']")
    catalog = required_text(action, "catalog_id", "interactive['action']")
    sections = []
    for section in _sections_of(action):
        items = required_list(section, "product_items", "sections")
        products = tuple(required_text(item, "product_retailer_id", "product_items") for item in items)
        sections.append(Section(_title(section), products=products))
    if sum(len(section.products) for section in sections) > _PRODUCTS:
        raise wrong(f"Total product count exceed max allowed count: {_PRODUCTS}")
    _check_titles(sections)
    return {"sections": tuple(sections), "buttons": (Button("products", "View items", catalog),)}


def _catalog(action: Action, _attach: Attach) -> Parts:
    _check_name(action, "catalog_message")
    only(action, ("name", "parameters"), "interactive['action']")
    parameters = action.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise wrong("Parameter parameters must be a JSON object.")
    thumbnail = optional_text(parameters, "thumbnail_product_retailer_id", "parameters")
    return {"buttons": (Button("catalog", "View catalog", thumbnail),)}


def _carousel(action: Action, attach: Attach) -> Parts:
    only(action, ("cards",), "interactive['action']")
    written = required_list(action, "cards", "interactive['action']")
    least, most = _CARDS
    if not least <= len(written) <= most:
        raise wrong(f"Invalid cards count. Min allowed cards: {least}, Max allowed cards: {most}")
    if sorted(str(card.get("card_index")) for card in written) != sorted(map(str, range(len(written)))):
        raise wrong("Parameter card_index must count the cards from 0, each standing there once.")
    in_order = sorted(written, key=lambda card: int(card["card_index"]))
    cards = tuple(_card(card, attach) for card in in_order)
    shapes = {
        (card.header.type if card.header else "", bool(card.body), tuple(one.kind for one in card.buttons))
        for card in cards
    }
    if len(shapes) > 1:
        raise wrong("All cards of a carousel must have the same components.")
    return {"cards": cards}


def _card(card: dict[str, Any], attach: Attach) -> Card:
    kind = card.get("type") or "cta_url"
    action = required_object(card, "action", "cards")
    header = card.get("header")
    body = card.get("body")
    text = (
        "" if body is None else label(required_object(card, "body"), "text", "Card body", longest=_CARD_BODY)
    )
    if kind == "cta_url":
        shown = _header(header, "carousel", ("image", "video"), attach)
        if shown is None:
            raise missing("header", "cards")
        return Card(shown, text, _card_buttons(action))
    if kind == "product":
        product = required_text(action, "product_retailer_id", "cards")
        catalog = required_text(action, "catalog_id", "cards")
        return Card(Header("product", product=Product(product, catalog)), text, (Button("product", "View"),))
    raise wrong("Card type must be cta_url or product.")


def _card_buttons(action: Action) -> tuple[Button, ...]:
    if action.get("buttons") is not None:
        # Meta's page of this kind calls them quick_reply, what everywhere else is a reply.
        buttons = required_list(action, "buttons", "cards")
        return _replies(buttons, _BUTTONS - 1, ("reply", "quick_reply"))
    return (_link_button(_parameters(action, "cta_url", ("display_text", "url"))),)


def _address(action: Action, _attach: Attach) -> Parts:
    known = ("country", "values", "saved_addresses", "validation_errors")
    parameters = _parameters(action, "address_message", known)
    if required_text(parameters, "country", "parameters") != "IN":
        raise wrong("Address messages are available for the country IN only.")
    return {"buttons": (Button("address", "Provide address"),)}


def _location(action: Action, _attach: Attach) -> Parts:
    _check_name(action, "send_location")
    return {"buttons": (Button("location", "Send location"),)}


def _call_permission(action: Action, _attach: Attach) -> Parts:
    _check_name(action, "call_permission_request")
    return {"buttons": (Button("call_permission", "Choose preference"),)}


def _call(action: Action, _attach: Attach) -> Parts:
    _check_name(action, "voice_call")
    only(action, ("name", "parameters"), "interactive['action']")
    parameters = action.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise wrong("Parameter parameters must be a JSON object.")
    only(parameters, ("display_text", "ttl_minutes", "payload"), "interactive['action']['parameters']")
    title = "Call now"
    if parameters.get("display_text"):
        title = label(parameters, "display_text", "Button display text", longest=_TITLE)
    return {"buttons": (Button("voice_call", title),)}


def _contact_info(action: Action, _attach: Attach) -> Parts:
    _check_name(action, "request_contact_info")
    return {"buttons": (Button("contact_info", "Share contact info"),)}


def _order_details(action: Action, _attach: Attach) -> Parts:
    parameters = _order(action, "review_and_pay")
    if parameters.get("currency") not in ("BRL", "INR"):
        raise wrong("Parameter currency must be BRL or INR.")
    if parameters.get("type") not in ("digital-goods", "physical-goods"):
        raise wrong("Parameter type must be digital-goods or physical-goods.")
    total = required_object(parameters, "total_amount", "parameters")
    if any(not isinstance(total.get(name), int) for name in ("value", "offset")):
        raise wrong("Parameter total_amount must hold value and offset.")
    required_object(parameters, "order", "parameters")
    return {"order": parameters, "buttons": (Button("pay", "Review and pay"),)}


def _order_status(action: Action, _attach: Attach) -> Parts:
    parameters = _order(action, "review_order")
    status = required_text(required_object(parameters, "order", "parameters"), "status", "order")
    known = ("pending", "processing", "partially-shipped", "shipped", "completed", "canceled")
    if status not in known:
        raise wrong(f"Parameter status must be one of {', '.join(known)}.")
    return {"order": parameters}


def _order(action: Action, name: str) -> dict[str, Any]:
    _check_name(action, name)
    parameters = required_object(action, "parameters", "interactive['action']")
    required_text(parameters, "reference_id", "parameters", longest=_REFERENCE_ID)
    return parameters


def _parameters(action: Action, name: str, known: tuple[str, ...]) -> dict[str, Any]:
    only(action, ("name", "parameters"), "interactive['action']")
    _check_name(action, name)
    parameters = required_object(action, "parameters", "interactive['action']")
    only(parameters, known, "interactive['action']['parameters']")
    return parameters


def _check_name(action: Action, name: str) -> None:
    if required_text(action, "name", "interactive['action']") != name:
        raise parameter(f"(#100) Param interactive['action']['name'] must be one of {{{name.upper()}}}")


def _check_unique(values: list[str], details: str) -> None:
    if len(set(values)) < len(values):
        raise wrong(details)


# How the action is read, which headers there may be, whether a body is needed, whether there may be a footer.
_KINDS: dict[str, tuple[Callable[[Action, Attach], Parts], tuple[str, ...], bool, bool]] = {
    "button": (_reply_buttons, _ANY, True, True),
    "list": (_list, _TEXT, True, True),
    "cta_url": (_link, _ANY, True, True),
    "flow": (_flow, _ANY, True, True),
    "product": (_product, _NONE, False, True),
    "product_list": (_product_list, _TEXT, True, True),
    "catalog_message": (_catalog, _NONE, True, True),
    "carousel": (_carousel, _NONE, True, False),
    "address_message": (_address, _TEXT, True, True),
    "location_request_message": (_location, _NONE, True, False),
    "call_permission_request": (_call_permission, _NONE, False, False),
    "voice_call": (_call, _NONE, True, False),
    "request_contact_info": (_contact_info, _NONE, True, True),
    "order_details": (_order_details, _ANY, True, True),
    "order_status": (_order_status, _NONE, True, True),
}
