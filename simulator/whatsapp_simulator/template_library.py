"""Ready-made utility and authentication texts to make templates of: a small library in the shape of Meta's.

Meta's own has some hundreds; the texts here are ours.
Source of the shape: DOC/templates/template-library (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from typing import Any


def _entry(
    name: str, topic: str, usecase: str, body: str, params: tuple[tuple[str, str], ...], button: str = ""
) -> dict[str, Any]:
    written: dict[str, Any] = {
        "name": name,
        "language": "en_US",
        "category": "UTILITY",
        "topic": topic,
        "usecase": usecase,
        "industry": ["E_COMMERCE"],
        "body": body,
        "body_params": [example for _, example in params],
        "body_param_types": [kind for kind, _ in params],
    }
    if button:
        written["buttons"] = [{"type": "URL", "text": button, "url": "https://www.example.com/{{1}}"}]
    return {**written, "id": f"77000000000{len(name):04d}"}


LIBRARY = (
    _entry(
        "delivery_update_1",
        "ORDER_MANAGEMENT",
        "DELIVERY_UPDATE",
        "Hi {{1}}, your order {{2}} is on its way and will arrive on {{3}}. Thank you.",
        (("TEXT", "Ona"), ("TEXT", "566701"), ("DATE", "3 May")),
        "Track order",
    ),
    _entry(
        "order_confirmation_1",
        "ORDER_MANAGEMENT",
        "ORDER_CONFIRMATION",
        "Thank you, {{1}}. We have your order {{2}} and will write when it leaves us.",
        (("TEXT", "Ona"), ("TEXT", "566701")),
    ),
    _entry(
        "appointment_reminder_1",
        "EVENT_REMINDER",
        "APPOINTMENT_REMINDER",
        "Hello {{1}}, this is to remind you of your appointment on {{2}} at our place.",
        (("TEXT", "Ona"), ("DATE", "3 May")),
    ),
    _entry(
        "payment_received_1",
        "PAYMENTS",
        "PAYMENT_CONFIRMATION",
        "Hello {{1}}, we have received your payment of {{2}}. Nothing else is needed.",
        (("TEXT", "Ona"), ("AMOUNT", "25 €")),
        "See receipt",
    ),
)


def found(query: dict[str, str]) -> list[dict[str, Any]]:
    """List what a search asks for: `search`, `name`, `topic`, `usecase`, `industry`, `language`."""
    needle = query.get("search", query.get("name", "")).lower()
    return [
        entry
        for entry in LIBRARY
        if needle in f"{entry['name']} {entry['body']}".lower()
        and all(query.get(name, entry[name]) == entry[name] for name in ("topic", "usecase", "language"))
        and query.get("industry", entry["industry"][0]) in entry["industry"]
    ]


def of_name(name: str) -> dict[str, Any] | None:
    """Find an entry by its name."""
    return next((entry for entry in LIBRARY if entry["name"] == name), None)


def components_of(entry: dict[str, Any], inputs: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Write an entry as components of a template; inputs: one per button; None if they do not fit."""
    parts = [
        {"type": "BODY", "text": entry["body"], "example": {"body_text": [entry["body_params"]]}},
    ]
    buttons = []
    for button, told in zip(entry.get("buttons", ()), inputs, strict=False):
        url = told.get("url") if str(told.get("type", "")).upper() == "URL" else None
        base = url.get("base_url") if isinstance(url, dict) else None
        if not isinstance(base, str):
            return None
        example = [url["url_suffix_example"]] if isinstance(url, dict) and "url_suffix_example" in url else []
        buttons.append({**button, "url": base, **({"example": example} if example else {})})
    if len(buttons) != len(entry.get("buttons", ())):
        return None
    return [*parts, {"type": "BUTTONS", "buttons": buttons}] if buttons else parts
