"""Every kind of message: what is taken, what is refused with which code and words, and what the person sees."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import ClockFacts, Group, Number, Scenario, Setup

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]
Json = dict[str, Any]

NUMBER, WABA = "106540352242922", "102290129340398"
PICTURE, CLIP, SOUND, GROUP = "1000000000000001", "1000000000000002", "1000000000000003", "group-1"
DAY_S = 86_400
ASHA, BEN = "+34600000001", "+34600000002"


def _template(name: str, *components: Json, **more: Any) -> Json:
    return {"name": name, "language": "ca", "components": list(components), **more}


def _buttons(*buttons: Json) -> Json:
    return {"type": "BUTTONS", "buttons": list(buttons)}


_BODY = {"type": "BODY", "text": "Mira això."}
_CARD = {
    "components": [
        {"type": "HEADER", "format": "IMAGE"},
        _buttons(
            {"type": "QUICK_REPLY", "text": "Més"},
            {"type": "URL", "text": "Obre", "url": "https://example.com/{{1}}"},
        ),
    ]
}
TEMPLATES = (
    _template("plain", _BODY),
    _template("codes", _BODY, _buttons({"type": "COPY_CODE"})),
    _template("products", _BODY, _buttons({"type": "MPM"})),
    _template("flow", _BODY, _buttons({"type": "FLOW", "text": "Tria"})),
    _template("catalog", _BODY, _buttons({"type": "CATALOG", "text": "Mira"})),
    _template("pay", _BODY, _buttons({"type": "ORDER_DETAILS"})),
    _template("call", _BODY, _buttons({"type": "PHONE_NUMBER", "text": "Truca", "phone_number": "+1"})),
    _template("place", {"type": "HEADER", "format": "LOCATION"}, _BODY),
    _template("product", {"type": "HEADER", "format": "PRODUCT"}, _BODY),
    _template("gif", {"type": "HEADER", "format": "GIF"}, _BODY),
    _template("clip", {"type": "HEADER", "format": "VIDEO"}, _BODY),
    _template("carousel", _BODY, {"type": "CAROUSEL", "cards": [_CARD, _CARD]}),
    _template(
        "offer",
        _BODY,
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Avui", "has_expiration": True}},
        _buttons({"type": "COPY_CODE"}),
    ),
    _template(
        "code",
        {"type": "BODY"},
        _buttons({"type": "OTP", "otp_type": "COPY_CODE", "text": "Copia"}),
        category="AUTHENTICATION",
    ),
    _template("max_price", _BODY, optimization_spec={"bid_amount": 25000}),
)


def _interactive(kind: str, action: Json, *, body: str | None = "Hola", **more: Any) -> Json:
    content = {"type": kind, "action": action, **more}
    return {"type": "interactive", "interactive": content | ({"body": {"text": body}} if body else {})}


def _reply(title: str = "Sí", reply_id: str = "yes") -> Json:
    return {"type": "reply", "reply": {"id": reply_id, "title": title}}


def _rows(count: int, **more: Any) -> list[Json]:
    return [{"id": str(number), "title": f"Fila {number}", **more} for number in range(count)]


def _list(*sections: Json, button: str = "Tria", **more: Any) -> Json:
    return _interactive("list", {"button": button, "sections": list(sections)}, **more)


def _link(title: str = "Obre", url: str = "https://example.com") -> Json:
    return {"name": "cta_url", "parameters": {"display_text": title, "url": url}}


def _flow(**parameters: Any) -> Json:
    known = {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Tria", **parameters}
    return _interactive("flow", {"name": "flow", "parameters": known})


def _card(index: int, **more: Any) -> Json:
    header = {"type": "image", "image": {"id": PICTURE}}
    return {"card_index": index, "type": "cta_url", "header": header, "action": _link(), **more}


def _carousel(*cards: Json, **more: Any) -> Json:
    return _interactive("carousel", {"cards": list(cards)}, **more)


def _products(*counts: int, title: str = "") -> list[Json]:
    return [
        {"product_items": [{"product_retailer_id": str(number)} for number in range(count)]}
        | ({"title": f"{title}{index}"} if title else {})
        for index, count in enumerate(counts)
    ]


def _product_list(sections: list[Json], **more: Any) -> Json:
    header = {"header": {"type": "text", "text": "Plantes"}} | more
    return _interactive("product_list", {"catalog_id": "1", "sections": sections}, **header)


def _order(name: str, **parameters: Any) -> Json:
    kind = {"review_and_pay": "order_details", "review_order": "order_status"}[name]
    return _interactive(kind, {"name": name, "parameters": {"reference_id": "r-1", **parameters}})


def _contact(**more: Any) -> Json:
    return {
        "type": "contacts",
        "contacts": [{"name": {"formatted_name": "Pere", "first_name": "Pere"}, **more}],
    }


def _filled(name: str, *components: Json) -> Json:
    content = {"name": name, "language": {"code": "ca"}, "components": list(components)}
    return {"type": "template", "template": content}


def _button(sub_type: str, *parameters: Json, index: Any = 0) -> Json:
    return {"type": "button", "sub_type": sub_type, "index": index, "parameters": list(parameters)}


def _sent_card(index: Any, *components: Json) -> Json:
    return {"card_index": index, "components": list(components)}


_CARD_FILLED = (
    {"type": "header", "parameters": [{"type": "image", "image": {"id": PICTURE}}]},
    _button("quick_reply", {"type": "payload", "payload": "more"}),
    _button("url", {"type": "text", "text": "a"}, index=1),
)
_OFFER = {
    "type": "limited_time_offer",
    "parameters": [
        {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1790604800000}}
    ],
}
_COUPON = _button("copy_code", {"type": "coupon_code", "coupon_code": "25OFF"})
_PAY = {
    "currency": "BRL",
    "type": "digital-goods",
    "total_amount": {"value": 100, "offset": 100},
    "order": {"status": "pending"},
}

TAKEN: dict[str, Json] = {
    "text": {"type": "text", "text": {"body": "x" * 4096, "preview_url": "true"}},
    "image by link": {"type": "image", "image": {"link": "https://example.com/a.jpg", "caption": "x" * 1024}},
    "document": {"type": "document", "document": {"id": PICTURE, "filename": "a.jpg"}},
    "reaction with a sign that is a letter": {
        "type": "reaction",
        "reaction": {"message_id": "x", "emoji": "ℹ️"},
    },
    "location in numbers": {"type": "location", "location": {"latitude": -90, "longitude": 180.0}},
    "contact": _contact(phones=[{"phone": "+1", "wa_id": "1"}], birthday="1990-01-23", org={"company": "X"}),
    "buttons": _interactive("button", {"buttons": [_reply(str(n), str(n)) for n in range(3)]}),
    "buttons with video": _interactive(
        "button", {"buttons": [_reply()]}, header={"type": "video", "video": {"id": CLIP}}
    ),
    "list": _list({"rows": _rows(10, description="d" * 72)}, body="x" * 4096),
    "list of sections": _list(
        *({"title": str(n), "rows": [{"id": str(n), "title": "t"}]} for n in range(10))
    ),
    "flow of version 3 in digits": _flow(flow_message_version=3),
    "flow": _flow(flow_action="navigate", flow_action_payload={"screen": "TOPICS"}),
    "product": _interactive("product", {"catalog_id": "1", "product_retailer_id": "2"}, body=None),
    "products": _product_list(_products(15, 15, title="Part ")),
    "carousel": _carousel(*map(_card, range(10))),
    "carousel of replies": _carousel(
        *(_card(n, action={"buttons": [_reply()]}, body={"text": "b"}) for n in range(2))
    ),
    "carousel of products": _carousel(
        *(
            {"card_index": n, "type": "product", "action": {"product_retailer_id": "1", "catalog_id": "2"}}
            for n in range(2)
        )
    ),
    "call permission without body": _interactive(
        "call_permission_request", {"name": "call_permission_request"}, body=None
    ),
    "order": _order("review_and_pay", **_PAY),
    "order status": _order("review_order", order={"status": "shipped"}),
    "filled carousel": _filled(
        "carousel",
        {"type": "carousel", "cards": [_sent_card(1, *_CARD_FILLED), _sent_card("0", *_CARD_FILLED)]},
    ),
    "filled offer": _filled("offer", _OFFER, _COUPON),
    "filled flow without parameters": _filled("flow"),
    "filled catalog": _filled(
        "catalog", _button("CATALOG", {"type": "action", "action": {"thumbnail_product_retailer_id": "1"}})
    ),
    "filled order": _filled(
        "pay", _button("order_details", {"type": "action", "action": {"order_details": {}}})
    ),
    "filled phone": _filled("call"),
    "unknown quote": {"type": "text", "text": {"body": "x"}, "context": {"message_id": "wamid.x"}},
    "own account": {"type": "text", "text": {"body": "x"}, "messaging_account_id": WABA},
    "identity unchecked": {"type": "text", "text": {"body": "x"}, "recipient_identity_key_hash": "x"},
}

REFUSED: dict[str, tuple[Json, int, str]] = {
    "text with a member of another": (
        {"type": "text", "text": {"body": "x", "caption": "y"}},
        100,
        'key "caption"',
    ),
    "preview not a boolean": (
        {"type": "text", "text": {"body": "x", "preview_url": 7}},
        131009,
        "preview_url",
    ),
    "caption too long": (
        {"type": "image", "image": {"id": PICTURE, "caption": "x" * 1025}},
        100,
        "image['caption']",
    ),
    "caption of audio": ({"type": "audio", "audio": {"id": SOUND, "caption": "x"}}, 100, 'key "caption"'),
    "file without id": ({"type": "video", "video": {}}, 131008, "id or link"),
    "unknown file": ({"type": "image", "image": {"id": "7"}}, 100, "media attachment ID"),
    "link to nowhere": ({"type": "image", "image": {"link": "ftp://example.com"}}, 100, "valid URI"),
    "filename of an image": ({"type": "image", "image": {"id": PICTURE, "filename": "a"}}, 100, "filename"),
    "no latitude": ({"type": "location", "location": {"longitude": 1}}, 131008, "latitude"),
    "beyond the pole": (
        {"type": "location", "location": {"latitude": 91, "longitude": 1}},
        131009,
        "degrees",
    ),
    "latitude of 400 digits": (
        {"type": "location", "location": {"latitude": 10**400, "longitude": 1}},
        131009,
        "latitude",
    ),
    "latitude not a number": (
        {"type": "location", "location": {"latitude": "nan", "longitude": 1}},
        131009,
        "degrees",
    ),
    "no contacts": ({"type": "contacts", "contacts": []}, 131008, "contacts"),
    "contacts not a list": ({"type": "contacts", "contacts": {"name": {}}}, 131009, "array"),
    "too many contacts": ({"type": "contacts", "contacts": _contact()["contacts"] * 258}, 100, "257"),
    "contact without name": ({"type": "contacts", "contacts": [{}]}, 131008, "name"),
    "contact with half a name": (
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "x"}}]},
        131008,
        "first_name",
    ),
    "contact with a wrong birthday": (_contact(birthday="23/1/1990"), 131009, "YYYY-MM-DD"),
    "contact with a phone that is none": (_contact(phones=["+1"]), 131009, "array"),
    "reaction without emoji": ({"type": "reaction", "reaction": {"message_id": "x"}}, 131008, "emoji"),
    "reaction in words": (
        {"type": "reaction", "reaction": {"message_id": "x", "emoji": "ok"}},
        131009,
        "emoji",
    ),
    "unknown kind of interactive": (_interactive("hologram", {}), 131051, "hologram"),
    "no action": ({"type": "interactive", "interactive": {"type": "button"}}, 131008, "action"),
    "no body": (_interactive("button", {"buttons": [_reply()]}, body=None), 131008, "body"),
    "body too long": (
        _interactive("button", {"buttons": [_reply()]}, body="x" * 1025),
        131009,
        "Max length: 1024",
    ),
    "footer too long": (
        _interactive("button", {"buttons": [_reply()]}, footer={"text": "x" * 61}),
        131009,
        "Max length: 60",
    ),
    "header too long": (
        _interactive("button", {"buttons": [_reply()]}, header={"type": "text", "text": "x" * 61}),
        131009,
        "Max length: 60",
    ),
    "four buttons": (
        _interactive("button", {"buttons": [_reply(str(n), str(n)) for n in range(4)]}),
        131009,
        "Max allowed buttons: 3",
    ),
    "no buttons": (_interactive("button", {"buttons": []}), 131008, "buttons"),
    "same titles": (
        _interactive("button", {"buttons": [_reply(), _reply("Sí", "b")]}),
        131009,
        "Duplicate title",
    ),
    "same ids": (_interactive("button", {"buttons": [_reply("a"), _reply("b")]}), 131009, "Duplicate id"),
    "title of 21": (
        _interactive("button", {"buttons": [_reply("x" * 21)]}),
        131009,
        "Button title length invalid. Min length: 1, Max length: 20",
    ),
    "id of 257": (_interactive("button", {"buttons": [_reply("x", "x" * 257)]}), 131009, "Max length: 256"),
    "eleven rows": (_list({"rows": _rows(11)}), 131009, "max allowed count: 10"),
    "eleven rows in two": (
        _list({"title": "a", "rows": _rows(6)}, {"title": "b", "rows": _rows(5)}),
        131009,
        "row count",
    ),
    "eleven sections": (
        _list(*({"title": str(n), "rows": [{"id": str(n), "title": "t"}]} for n in range(11))),
        131009,
        "section count",
    ),
    "same row ids": (_list({"rows": _rows(1) * 2}), 131009, "Duplicated row id"),
    "row title of 25": (_list({"rows": [{"id": "1", "title": "x" * 25}]}), 131009, "Row title"),
    "row id of 201": (_list({"rows": [{"id": "x" * 201, "title": "x"}]}), 131009, "Max length: 200"),
    "description of 73": (_list({"rows": _rows(1, description="x" * 73)}), 131009, "Max length: 72"),
    "section title of 25": (_list({"title": "x" * 25, "rows": _rows(1)}), 131009, "Section title"),
    "sections without titles": (
        _list({"rows": _rows(1)}, {"rows": [{"id": "b", "title": "b"}]}),
        131008,
        "title",
    ),
    "list button of 21": (_list({"rows": _rows(1)}, button="x" * 21), 131009, "Button label"),
    "list body of 4097": (_list({"rows": _rows(1)}, body="x" * 4097), 131009, "Max length: 4096"),
    "list with a picture": (
        _list({"rows": _rows(1)}, header={"type": "image", "image": {"id": PICTURE}}),
        131009,
        "Header type image",
    ),
    "link label of 21": (_interactive("cta_url", _link("x" * 21)), 131009, "Max length: 20"),
    "link without scheme": (_interactive("cta_url", _link(url="example.com")), 131009, "http"),
    "another name": (_interactive("cta_url", {**_link(), "name": "flow"}), 100, "CTA_URL"),
    "flow of version 2": (_flow(flow_message_version="2"), 131009, "flow_message_version"),
    "flow twice": (_flow(flow_name="x"), 131009, "exclude"),
    "flow without id": (_flow(flow_id=None), 131008, "flow_id"),
    "flow in no mode": (_flow(mode="test"), 131009, "draft or published"),
    "flow without screen": (_flow(flow_action_payload={"data": {}}), 131008, "screen"),
    "product with header": (
        _interactive(
            "product", {"catalog_id": "1", "product_retailer_id": "2"}, header={"type": "text", "text": "x"}
        ),
        131009,
        "Header type text",
    ),
    "products without header": (_product_list(_products(1), header=None), 131008, "header"),
    "31 products": (_product_list(_products(31)), 131009, "30"),
    "one card": (_carousel(_card(0)), 131009, "Min allowed cards: 2"),
    "eleven cards": (_carousel(*map(_card, range(11))), 131009, "Max allowed cards: 10"),
    "cards misnumbered": (_carousel(_card(0), _card(2)), 131009, "card_index"),
    "cards of two shapes": (_carousel(_card(0), _card(1, body={"text": "x"})), 131009, "same components"),
    "carousel with footer": (_carousel(_card(0), _card(1), footer={"text": "x"}), 131009, "no footer"),
    "carousel without body": (_carousel(_card(0), _card(1), body=None), 131008, "body"),
    "card body of 161": (
        _carousel(*(_card(n, body={"text": "x" * 161}) for n in range(2))),
        131009,
        "Max length: 160",
    ),
    "address elsewhere": (
        _interactive("address_message", {"name": "address_message", "parameters": {"country": "ES"}}),
        131009,
        "IN only",
    ),
    "order in euros": (_order("review_and_pay", **{**_PAY, "currency": "EUR"}), 131009, "BRL or INR"),
    "order of no kind": (_order("review_and_pay", **{**_PAY, "type": "gift"}), 131009, "digital-goods"),
    "order of no status": (_order("review_order", order={"status": "lost"}), 131009, "partially-shipped"),
    "other account": (
        {"type": "text", "text": {"body": "x"}, "messaging_account_id": "7"},
        131009,
        "account",
    ),
    "quote of nothing": ({"type": "text", "text": {"body": "x"}, "context": {}}, 131008, "message_id"),
    "recipient type": ({"type": "text", "text": {"body": "x"}, "recipient_type": "crowd"}, 100, "GROUP"),
    "direct marketing": ({"type": "text", "text": {"body": "x"}, "category": "marketing"}, 100, "UTILITY"),
    "direct image": ({"type": "image", "image": {"id": PICTURE}, "category": "utility"}, 100, "type text"),
    "no coupon": (_filled("codes"), 131008, "Copy code requires"),
    "coupon as text": (
        _filled("codes", _button("copy_code", {"type": "text", "text": "x"})),
        132012,
        "coupon_code",
    ),
    "coupon of 21": (
        _filled("codes", _button("copy_code", {"type": "coupon_code", "coupon_code": "x" * 21})),
        132018,
        "at most 20",
    ),
    "offer code of 16": (
        _filled("offer", _OFFER, _button("copy_code", {"type": "coupon_code", "coupon_code": "x" * 16})),
        132018,
        "at most 15",
    ),
    "offer without end": (_filled("offer", _COUPON), 131008, "expiration_time_ms"),
    "offer that ends in words": (
        _filled(
            "offer",
            _COUPON,
            {
                "type": "limited_time_offer",
                "parameters": [{"limited_time_offer": {"expiration_time_ms": "soon"}}],
            },
        ),
        132012,
        "milliseconds",
    ),
    "offer where there is none": (_filled("plain", _OFFER), 132012, "no limited_time_offer"),
    "no products": (_filled("products"), 131008, "Mpm requires"),
    "products without sections": (
        _filled("products", _button("mpm", {"type": "action", "action": {}})),
        131008,
        "sections",
    ),
    "31 products in a template": (
        _filled("products", _button("mpm", {"type": "action", "action": {"sections": _products(31)}})),
        132018,
        "at most 30",
    ),
    "flow token not a string": (
        _filled("flow", _button("flow", {"type": "action", "action": {"flow_token": 7}})),
        132012,
        "flow_token",
    ),
    "action missing": (_filled("flow", _button("flow", {"type": "text", "text": "x"})), 132012, "action"),
    "order missing": (
        _filled("pay", _button("order_details", {"type": "action", "action": {}})),
        131008,
        "order_details",
    ),
    "parameter of a phone button": (
        _filled("call", _button("phone_number", {"type": "text", "text": "x"})),
        132000,
        "(1)",
    ),
    "place without degrees": (
        _filled("place", {"type": "header", "parameters": [{"type": "location", "location": {}}]}),
        131008,
        "latitude",
    ),
    "place in words": (
        _filled(
            "place",
            {
                "type": "header",
                "parameters": [{"type": "location", "location": {"latitude": "x", "longitude": 1}}],
            },
        ),
        132012,
        "degrees",
    ),
    "product without id": (
        _filled("product", {"type": "header", "parameters": [{"type": "product", "product": {}}]}),
        131008,
        "product_retailer_id",
    ),
    "one card too few": (
        _filled("carousel", {"type": "carousel", "cards": [_sent_card(0, *_CARD_FILLED)]}),
        132012,
        "Number of cards (1)",
    ),
    "no cards": (_filled("carousel"), 132012, "Number of cards (0)"),
    "cards where there are none": (
        _filled("plain", {"type": "carousel", "cards": [_sent_card(0)]}),
        132012,
        "Number of cards (1)",
    ),
    "same card twice": (
        _filled("carousel", {"type": "carousel", "cards": [_sent_card(0, *_CARD_FILLED)] * 2}),
        132012,
        "card_index",
    ),
    "card without picture": (
        _filled(
            "carousel", {"type": "carousel", "cards": [_sent_card(n, *_CARD_FILLED[1:]) for n in range(2)]}
        ),
        132012,
        "expected IMAGE",
    ),
    "code of 16": (
        _filled(
            "code",
            {"type": "body", "parameters": [{"type": "text", "text": "x" * 16}]},
            _button("url", {"type": "text", "text": "x"}),
        ),
        132018,
        "exceeds the maximum length in the AUTHENTICATION category (15 characters)",
    ),
    "code without button": (
        _filled("code", {"type": "body", "parameters": [{"type": "text", "text": "1"}]}),
        131008,
        "requires",
    ),
    "gif on messages": (
        _filled("gif", {"type": "header", "parameters": [{"type": "gif", "gif": {"id": CLIP}}]}),
        132012,
        "marketing_messages only",
    ),
    "max price on messages": (_filled("max_price"), 131061, ""),
    "tap target without url": (
        _filled("plain", {"type": "tap_target_configuration", "parameters": []}),
        131008,
        "url and title",
    ),
}


def _setup() -> Setup:
    number = Number(phone_number_id=NUMBER, display_phone_number="+1 555-010-0100", mps=100_000)
    groups = (Group(group_id=GROUP, participants=(ASHA, BEN)), Group(group_id="group-2"))
    return Setup(numbers=(number,), templates=TEMPLATES, groups=groups)


@pytest.fixture(scope="module")
def shared() -> Iterator[RunningSimulator]:
    """One simulator for all rows of the tables; people differ."""
    with RunningSimulator(Scenario(setup=_setup(), clock=ClockFacts(rate=0))) as simulator:
        _store(simulator)
        yield simulator


def _store(simulator: RunningSimulator) -> None:
    for media_id, mime_type in ((PICTURE, "image/png"), (CLIP, "video/mp4"), (SOUND, "audio/mpeg")):
        simulator.control(
            "POST", "media", {"id": media_id, "mime_type": mime_type, "phone_number_id": NUMBER}
        )


def _send(simulator: RunningSimulator, message: Json, *, to: str = ASHA, endpoint: str = "messages") -> Reply:
    body = {"messaging_product": "whatsapp", "to": to, **message}
    return simulator.graph("POST", f"{NUMBER}/{endpoint}", body)


@pytest.mark.parametrize("case", TAKEN)
def it_takes(shared: RunningSimulator, case: str) -> None:
    answer = _send(shared, TAKEN[case], to=f"+346100{list(TAKEN).index(case):05}")

    assert answer.status == 200, answer.body


@pytest.mark.parametrize("case", REFUSED)
def it_refuses(shared: RunningSimulator, case: str) -> None:
    message, code, words = REFUSED[case]

    answer = _send(shared, message)

    assert (answer.status, answer.code) == (400, code), answer.body
    error = answer.body["error"]
    assert words in error.get("error_data", {}).get("details", "") + error["message"]
    assert error["fbtrace_id"]


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def it_never_breaks_whatever_stands_in_a_message(shared: RunningSimulator, data: st.DataObject) -> None:
    """One member of a good message becomes anything: the answer is Meta's, never a 5xx."""
    message = copy.deepcopy(data.draw(st.sampled_from([*TAKEN.values()])))
    where: Any = message
    while True:
        keys = list(where) if isinstance(where, dict) else list(range(len(where)))
        key = data.draw(st.sampled_from(keys))
        inner = where[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            where[key] = data.draw(_ANYTHING)
            break
        where = inner

    answer = _send(shared, message, to=f"+3462{data.draw(st.integers(0, 10**7)):07}")

    assert answer.status in (200, 400, 404), answer.body


def it_keeps_the_order_of_checks(start: Starter, send: Sender) -> None:
    """What is wrong with the content is told before what is wrong with the number, a template after it."""
    unregistered = Number(phone_number_id=NUMBER, display_phone_number="+15550100100", status="PENDING")
    simulator = start(setup={"numbers": (unregistered,)})

    assert _send(simulator, _interactive("button", {"buttons": []})).code == 131008
    assert _send(simulator, {"type": "text", "text": {"body": "x"}}).code == 133010
    assert send(simulator, name="nothing").code == 133010


def it_shows_quotes_of_what_it_knows_only(simulator: RunningSimulator) -> None:
    (said,) = simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})["chat"]
    for quoted in (said["wamid"], "wamid.unknown"):
        _send(simulator, {"type": "text", "text": {"body": "Bon dia"}, "context": {"message_id": quoted}})

    known, unknown = simulator.control("GET", "accepted")["data"]

    assert known["shown"] == {"type": "text", "body": "Bon dia", "context": said["wamid"]}
    assert unknown["shown"] == {"type": "text", "body": "Bon dia"}
    assert known["content_hash"] != unknown["content_hash"]


def it_knows_the_same_message_of_any_kind_again(simulator: RunningSimulator) -> None:
    first, second = _reply("Sí", "a"), _reply("Sí", "b")
    for button in (first, first, second):
        _send(simulator, _interactive("button", {"buttons": [button]}))

    hashes = [row["content_hash"] for row in simulator.control("GET", "accepted")["data"]]

    assert hashes[0] == hashes[1] != hashes[2]


def it_tells_nothing_but_sent_of_a_reaction(simulator: RunningSimulator, receiver: Receiver) -> None:
    (said,) = simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})["chat"]
    _send(simulator, {"type": "reaction", "reaction": {"message_id": said["wamid"], "emoji": "😀"}})
    simulator.advance(DAY_S / 2)

    assert [status["status"] for status in receiver.statuses] == ["sent"]
    assert simulator.control("GET", "accepted")["data"][0]["shown"]["reaction"] == {
        "message_id": said["wamid"],
        "emoji": "😀",
    }


def it_fails_a_reaction_to_what_is_unknown_or_a_month_old(
    simulator: RunningSimulator, receiver: Receiver
) -> None:
    (said,) = simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})["chat"]
    simulator.advance(31 * DAY_S)
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Encara hi sou?"})
    for message_id in (said["wamid"], "wamid.unknown"):
        answer = _send(simulator, {"type": "reaction", "reaction": {"message_id": message_id, "emoji": ""}})
        assert answer.status == 200
    simulator.advance(60)

    assert [status["errors"][0]["code"] for status in receiver.statuses] == [131009, 131009]


def it_marks_all_before_as_read_and_shows_typing(simulator: RunningSimulator) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    person = simulator.control("POST", f"people/{ASHA}/write", {"text": "Hi ha algú?"})
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": person["chat"][1]["wamid"]}
    path = f"{NUMBER}/messages"
    assert person["read_up_to"] == 0

    typing = simulator.graph("POST", path, {**receipt, "typing_indicator": {"type": "text"}})

    assert typing.body == {"success": True}
    person = simulator.control("GET", f"people/{ASHA}")
    now = simulator.control("GET", "clock")["now"]
    assert (person["read_up_to"], person["typing_until"]) == (2, now + 25)
    _send(simulator, {"type": "text", "text": {"body": "Sí"}})
    assert simulator.control("GET", f"people/{ASHA}")["typing_until"] == 0

    assert simulator.graph("POST", path, {**receipt, "typing_indicator": {"type": "audio"}}).code == 131009
    assert simulator.graph("POST", path, {**receipt, "status": "seen"}).code == 131009
    simulator.advance(31 * DAY_S)
    assert simulator.graph("POST", path, receipt).code == 131009


def it_marks_as_read_what_somebody_without_a_phone_or_with_another_one_wrote(
    simulator: RunningSimulator,
) -> None:
    simulator.control("POST", "people", {"people": [{"user_id": "US.13491208655302741918"}]})
    without = simulator.control("POST", "people/US.13491208655302741918/write", {"text": "Hello"})
    moved = simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.control("POST", f"people/{ASHA}/change-number", {"phone": "+34600000009"})

    for person in (without, moved):
        receipt = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": person["chat"][0]["wamid"],
        }
        assert simulator.graph("POST", f"{NUMBER}/messages", receipt).body == {"success": True}
        assert simulator.control("GET", f"people/{person['key']}")["read_up_to"] > 0


def it_checks_the_identity_where_the_number_asks_for_it(start: Starter) -> None:
    number = Number(phone_number_id=NUMBER, display_phone_number="+15550100100", identity_key_check=True)
    simulator = start(setup={"numbers": (number,)})
    message = {"type": "text", "text": {"body": "x"}}

    wrong = _send(simulator, {**message, "recipient_identity_key_hash": "DF2lS5v2W6x="})

    assert (wrong.status, wrong.code) == (400, 137000)
    right = simulator.control("GET", f"people/{ASHA}")["identity_key_hash"]
    assert _send(simulator, {**message, "recipient_identity_key_hash": right}).status == 200
    simulator.control("POST", f"people/{ASHA}/change-identity", {})
    assert _send(simulator, {**message, "recipient_identity_key_hash": right}).code == 137000


def it_sends_a_utility_text_directly_outside_the_window(start: Starter, receiver: Receiver) -> None:
    simulator = start()
    message = {"type": "text", "text": {"body": "La comanda ha sortit."}, "category": "utility"}

    assert _send(simulator, message).status == 200

    simulator.advance(600)
    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered"]
    (pricing,) = [status["pricing"] for status in receiver.statuses if "pricing" in status]
    assert pricing["category"] == "utility"
    assert _send(start(setup={"direct_send": "blocked"}), message).code == 139200
    assert _send(start(setup={"direct_send": "unavailable"}), message).code == 100


def it_reaches_everybody_in_a_group(start: Starter, receiver: Receiver) -> None:
    simulator = start(setup={"groups": _setup().groups})
    message = {"recipient_type": "group", "type": "text", "text": {"body": "Hola a tothom"}}
    simulator.control("POST", f"people/{BEN}/write", {"text": "Hola"})

    answer = _send(simulator, message, to=GROUP)

    assert answer.body["contacts"] == [{"input": GROUP}]
    assert answer.body["messages"][0]["group_id"] == GROUP
    simulator.advance(600)
    delivered = [status for status in receiver.statuses if status["status"] == "delivered"]
    assert {status["recipient_participant_id"] for status in delivered} == {"34600000001", "34600000002"}
    assert {(status["recipient_id"], status["recipient_type"]) for status in delivered} == {(GROUP, "group")}
    (row,) = simulator.control("GET", "accepted")["data"]
    assert (row["person"], row["address"]) == (GROUP, GROUP)
    for person in (ASHA, BEN):
        assert simulator.control("GET", f"people/{person}")["chat"][-1]["wamid"] == row["wamid"]
    assert simulator.control("GET", "counts")["accepted"] == 1


def it_refuses_groups_that_cannot_be_written_to(
    shared: RunningSimulator, simulator: RunningSimulator
) -> None:
    text = {"recipient_type": "group", "type": "text", "text": {"body": "x"}}
    reaction = {"recipient_type": "group", "type": "reaction", "reaction": {"message_id": "x", "emoji": ""}}

    assert _send(simulator, text, to=GROUP).code == 131215
    assert _send(shared, text, to="nobody").code == 131041
    assert _send(shared, text, to="group-2").code == 131020
    assert _send(shared, reaction, to=GROUP).code == 131051


def it_sends_a_gif_and_a_max_price_on_the_marketing_endpoint(shared: RunningSimulator) -> None:
    gif = _filled("gif", {"type": "header", "parameters": [{"type": "gif", "gif": {"id": CLIP}}]})
    bid = {"bid_spec": {"per_message_bid_multiplier": 0.5}}

    assert _send(shared, gif, endpoint="marketing_messages").status == 200
    assert _send(shared, {**_filled("max_price"), **bid}, endpoint="marketing_messages").status == 200
    assert _send(shared, {**_filled("plain"), **bid}, endpoint="marketing_messages").code == 100
    wrong = {"bid_spec": {"per_message_bid_multiplier": -1}}
    assert _send(shared, {**_filled("max_price"), **wrong}, endpoint="marketing_messages").code == 100
    to_id = {**_filled("max_price"), "recipient": "US.1"}
    assert _send(shared, to_id, to="", endpoint="marketing_messages").code == 131062


@pytest.mark.parametrize(
    ("name", "endpoint", "more", "arrives"),
    [
        ("plain_code", "messages", {}, False),
        ("plain_code", "messages", {"message_send_ttl_seconds": 900}, False),
        ("plain_utility", "messages", {}, True),
        ("plain_utility", "messages", {"message_send_ttl_seconds": 60}, False),
        ("plain_utility", "messages", {"message_send_ttl_seconds": -1}, True),
        ("plain_ca", "messages", {"message_send_ttl_seconds": 43_200}, True),
        ("plain_ca", "marketing_messages", {"message_send_ttl_seconds": 43_200}, False),
        ("plain_ca", "marketing_messages", {}, True),
    ],
)
def it_drops_what_is_not_delivered_in_its_life_time(
    start: Starter, receiver: Receiver, *, name: str, endpoint: str, more: Json, arrives: bool
) -> None:
    category = {"plain_code": "AUTHENTICATION", "plain_utility": "UTILITY"}.get(name, "MARKETING")
    late = {"delivered": 0, "delivered_late": 1, "late_s": (DAY_S, DAY_S)}
    simulator = start(habits=late, setup={"templates": (_template(name, _BODY, category=category, **more),)})

    assert _send(simulator, _filled(name), endpoint=endpoint).status == 200

    simulator.advance(2 * DAY_S)
    assert [one["status"] for one in receiver.statuses] == ["sent", "delivered"][: 1 + arrives]


def it_keeps_marketing_on_messages_where_there_is_no_other_way(start: Starter) -> None:
    """Switching it off bites on accounts that have the other endpoint."""
    switches = {"disable_marketing_messages_on_cloud_api": True, "templates": TEMPLATES}
    onboarded = start(setup=switches)
    other = start(setup={**switches, "marketing_messages_onboarding_status": "ELIGIBLE"})

    assert _send(onboarded, _filled("plain")).code == 131063
    assert _send(other, _filled("plain")).status == 200


def it_lets_the_marketing_endpoint_learn_a_template_that_is_new_or_was_left_alone(start: Starter) -> None:
    simulator = start(setup={"templates": TEMPLATES})
    simulator.control("PUT", "rules", {"reviews": False})
    facts = _template("nova", {"type": "BODY", "text": "Tenim novetats a la botiga."}, category="MARKETING")
    assert simulator.graph("POST", f"{WABA}/message_templates", facts).body["status"] == "APPROVED"

    def code(name: str) -> int | None:
        return _send(simulator, _filled(name), endpoint="marketing_messages").code

    assert (code("nova"), code("plain")) == (134101, None)
    assert _send(simulator, _filled("nova")).status == 200
    simulator.advance(601)
    assert code("nova") is None
    simulator.advance(8 * DAY_S)
    assert code("nova") == 134101
    simulator.advance(601)
    assert code("nova") is None


def it_checks_the_identity_once_the_number_was_told_to(simulator: RunningSimulator) -> None:
    message = {"type": "text", "text": {"body": "x"}, "recipient_identity_key_hash": "DF2lS5v2W6x="}
    assert _send(simulator, message).status == 200

    switched = {"user_identity_change": {"enable_identity_key_check": True}}
    assert simulator.graph("POST", f"{NUMBER}/settings", switched).status == 200

    assert _send(simulator, message).code == 137000
