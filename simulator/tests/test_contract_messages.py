"""Every sample that Meta gives of a message is accepted, answered in Meta's shape and shown to the person."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import Group

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]

NUMBER, APP = "106540352242922", "634974688087057"
GROUP = "Y2FwaV9ncm91cDpFWEFNUExF"
# What the samples of media are, by the kind of the message or header that names their id.
MIME = {
    "image": "image/jpeg", "video": "video/mp4", "document": "application/pdf", "audio": "audio/ogg",
    "sticker": "image/webp",
}  # fmt: skip


def _body(text: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text}


def _header(format_: str, text: str = "") -> dict[str, Any]:
    return {"type": "HEADER", "format": format_} | ({"text": text} if text else {})


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(buttons)}


_URL = {"type": "URL", "text": "Obre", "url": "https://example.com/{{1}}"}
_MORE = {"type": "QUICK_REPLY", "text": "More like this"}
_ONE, _TWO = _body("Hola {{1}}, mira això."), _body("Hola {{1}}, fes servir el codi {{2}} fins diumenge.")
_CARD = {"components": [_header("IMAGE"), _buttons(_MORE, _URL)]}
_PRODUCT_CARD = {"components": [_header("PRODUCT"), _buttons({"type": "SPM", "text": "View"})]}

# The samples fill in variables that the sheet's list of templates does not hold: these fit them.
COMPONENTS: dict[str, list[dict[str, Any]]] = {
    "autumn_newsletter_named": [_body("Hola {{first_name}}, fes servir {{code}} ara.")],
    "hello_world": [_body("Hello world.")],
    "promo_buttons": [_ONE, _buttons(_URL, {"type": "QUICK_REPLY", "text": "Atura promocions"})],
    "promo_image": [_header("IMAGE"), _ONE],
    "promo_tap": [_header("IMAGE"), _body("Mira això.")],
    "promo_video": [_header("VIDEO"), _body("Mira això.")],
    "invoice_doc": [_header("DOCUMENT"), _body("La factura.")],
    "delivery_update": [_header("LOCATION"), _TWO],
    "payment_due": [_body("Please pay {{1}} until {{2}}, thank you.")],
    "catalog_tpl": [_body("Tot el catàleg."), _buttons({"type": "CATALOG", "text": "View catalog"})],
    "coupon": [_TWO, _buttons({"type": "QUICK_REPLY", "text": "Baixa"}, {"type": "COPY_CODE"})],
    "preferences_flow": [_body("Tria."), _buttons({"type": "FLOW", "text": "Tria", "flow_id": "1"})],
    "abandoned_cart": [_header("TEXT", "Per a {{1}}"), _body("Encara hi és."), _buttons({"type": "MPM"})],
    "verification_code": [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 10},
        _buttons({"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}),
    ],
    "lto": [
        _header("IMAGE"),
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Expiring!", "has_expiration": True}},
        _TWO,
        _buttons({"type": "COPY_CODE", "example": "CARIBE25"}, _URL),
    ],
    "carousel_cards": [_TWO, {"type": "CAROUSEL", "cards": [_CARD, _CARD]}],
    "carousel_products": [_ONE, {"type": "CAROUSEL", "cards": [_PRODUCT_CARD, _PRODUCT_CARD]}],
    "single_product": [_header("PRODUCT"), _ONE, _buttons({"type": "SPM", "text": "View"})],
    "autumn_newsletter_maxprice": [_body("Our autumn sale starts today.")],
}
MORE_FACTS: dict[str, dict[str, Any]] = {
    "autumn_newsletter_named": {"parameter_format": "NAMED"},
    "verification_code": {"category": "AUTHENTICATION"},
    "autumn_newsletter_maxprice": {"optimization_spec": {"bid_strategy": "LOWEST_COST_WITH_BID_CAP"}},
}

# What the person sees of some of them, whole.
SHOWN: dict[str, dict[str, Any]] = {
    "messages.text": {
        "type": "text",
        "body": "Your order is ready: https://example.com/o/1",
        "preview_url": True,
    },
    "messages.image.id": {
        "type": "image",
        "body": "New arrivals",
        "media": {"kind": "image", "id": "1013859600285441"},
    },
    "messages.audio.voice": {
        "type": "audio",
        "media": {"kind": "audio", "id": "1490483081714658", "voice": True},
    },
    "messages.location": {
        "type": "location",
        "location": {
            "latitude": "41.3874",
            "longitude": "2.1686",
            "name": "Example Shop",
            "address": "Example Square 1, Barcelona",
        },
    },
    "messages.interactive.button": {
        "type": "interactive",
        "interactive": "button",
        "header": {"type": "image", "media": {"kind": "image", "id": "2762702990552401"}},
        "body": "Do you want our monthly news?",
        "footer": "Example Shop",
        "buttons": [
            {"kind": "reply", "title": "Yes", "id": "optin-yes"},
            {"kind": "reply", "title": "No", "id": "optin-no"},
        ],
    },
    "messages.interactive.list": {
        "type": "interactive",
        "interactive": "list",
        "header": {"type": "text", "text": "Topics"},
        "body": "Pick what you want to hear about",
        "footer": "Example Shop",
        "buttons": [{"kind": "list", "title": "See topics"}],
        "sections": [
            {
                "title": "Topics",
                "rows": [
                    {"id": "topic-events", "title": "Events", "description": "Monthly digest"},
                    {"id": "topic-offers", "title": "Offers", "description": "At most two a month"},
                ],
            }
        ],
    },
    "messages.template.limited-time-offer": {
        "type": "template",
        "header": {"type": "image", "media": {"kind": "image", "id": "1602186516975000"}},
        "body": "Hola Ona, fes servir el codi CARIBE25 fins diumenge.",
        "offer": {"text": "Expiring!", "expires_at_ms": 1790604800000},
        "buttons": [
            {"kind": "copy_code", "title": "Copy offer code", "code": "CARIBE25"},
            {"kind": "url", "title": "Obre", "url": "https://example.com/n3mtql"},
        ],
    },
    "messages.template.authentication": {
        "type": "template",
        "body": "*482915* is your verification code. For your security, do not share this code.",
        "footer": "This code expires in 10 minutes.",
        "buttons": [{"kind": "otp", "title": "Copy code", "code": "482915"}],
    },
    "messages.template.product-carousel": {
        "type": "template",
        "body": "Hola Ona, mira això.",
        "cards": [
            {
                "header": {"type": "product", "product": {"id": product, "catalog_id": "194836987003835"}},
                "buttons": [{"kind": "product", "title": "View"}],
            }
            for product in ("sku-001", "sku-002")
        ],
    },
    "messages.template.tap-target": {
        "type": "template",
        "body": "Mira això.",
        "header": {"type": "image", "media": {"kind": "image", "id": "1339522734477770"}},
        "tap_target": {"url": "https://example.com/offer", "title": "Offer details"},
    },
}


def _files(written: Any) -> Iterator[tuple[str, str]]:
    """Find the ids of media in a request, each with its type."""
    if isinstance(written, list):
        for one in written:
            yield from _files(one)
    if isinstance(written, dict):
        for name, value in written.items():
            if name in MIME and isinstance(value, dict) and "id" in value:
                yield value["id"], MIME[name]
            yield from _files(value)


def _template(request: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    if "template" not in request:
        return ()
    name, language = request["template"]["name"], request["template"]["language"]["code"]
    has_header = any(part["type"] == "header" for part in request["template"].get("components", ()))
    default = [_header("TEXT", "Per a {{1}}"), _TWO] if has_header else [_TWO]
    facts = {"name": name, "language": language, "components": COMPONENTS.get(name, default)}
    return ({**facts, **MORE_FACTS.get(name, {})},)


def _shape(value: Any) -> Any:
    """Keep members and kinds, drop values."""
    if isinstance(value, dict):
        return {name: _shape(member) for name, member in sorted(value.items())}
    return [_shape(member) for member in value] if isinstance(value, list) else type(value).__name__


def _answer_of(request: dict[str, Any]) -> str:
    """Name the sample of the answer to a request."""
    if "status" in request:
        return "success"
    if request.get("recipient_type") == "group":
        return "messages.ok.to-group"
    if "recipient" in request:
        return "messages.ok.to-bsuid"
    return "messages.template.accepted" if "template" in request else "messages.ok"


def it_accepts_every_sample_of_a_message(samples: Path, start: Starter) -> None:
    """One simulator takes them all in turn, each with the template and the files it names."""
    paths = sorted((samples / "requests").glob("*messages.*.json"))
    requests = {path.stem: json.loads(path.read_text()) for path in paths if "create" not in path.stem}
    requests = {name: request for name, request in requests.items() if "messaging_product" in request}
    assert len(requests) >= 53
    groups = (Group(group_id=GROUP, participants=("+12025550101",)),)
    simulator = start(habits={"us_marketing_paused": False}, setup={"groups": groups})
    setup = simulator.control("GET", "setup")
    for name, request in requests.items():
        for media_id, mime_type in _files(request):
            file = {"id": media_id, "mime_type": mime_type, "content": "AAAA", "phone_number_id": NUMBER}
            simulator.control("POST", "media", file)
        simulator.control("PUT", "setup", {**setup, "templates": _template(request)})
        simulator.advance(60)

        answer = simulator.graph("POST", f"{NUMBER}/{name.split('.', maxsplit=1)[0]}", request)

        assert answer.status == 200, (name, answer.body)
        sample = json.loads((samples / f"responses/{_answer_of(request)}.json").read_text())
        if name == "messages.text.to-bsuid":  # the sample of the answer is a template's
            del sample["messages"][0]["message_status"]
        assert _shape(answer.body) == _shape(sample), name
        if "status" in request:
            continue
        row = simulator.control("GET", "accepted?limit=10000")["data"][-1]
        assert row["type"] == row["shown"]["type"] == request.get("type", "text"), name
        assert row["content"], name
        if name in SHOWN:
            assert row["shown"] == SHOWN[name], name


def it_answers_calls_about_files_as_meta_does(samples: Path, simulator: RunningSimulator) -> None:
    file = simulator.control("POST", "media", {"mime_type": "image/jpeg", "phone_number_id": NUMBER})
    opened = simulator.graph("POST", f"{APP}/uploads?file_name=a.jpg&file_length=3&file_type=image/jpeg").body
    standing = simulator.graph("GET", opened["id"]).body

    token = {"Authorization": f"OAuth {simulator.scenario.setup.access_token}"}
    uploaded = httpx.post(
        f"{simulator.url}/v26.0/{NUMBER}/media",
        headers=token,
        data={"messaging_product": "whatsapp"},
        files={"file": ("a.pdf", b"%PDF-1.4", "application/pdf")},
    )

    told = {"media.get": simulator.graph("GET", file["id"]).body, "media.upload": uploaded.json()}
    told |= {"uploads.session": opened, "uploads.offset": standing}
    whole = httpx.post(
        f"{simulator.url}/v26.0/{opened['id']}",
        headers={**token, "file_offset": "0"},
        content=b"\xff\xd8\xff",
    )
    told |= {"uploads.handle": whole.json()}

    for name, body in told.items():
        assert _shape(body) == _shape(json.loads((samples / f"responses/{name}.json").read_text())), name
