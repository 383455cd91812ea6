"""What Meta's management webhooks say: templates, numbers, the account.

Source: DOC/webhooks/reference (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import time
from typing import Any

from whatsapp_simulator.catalogue import Standing

_PAUSES = (
    ("FIRST_PAUSE", "Paused for 3 hours because of recurring negative feedback."),
    ("SECOND_PAUSE", "Paused for 6 hours because of recurring negative feedback."),
)
UNPAUSED = ("UNPAUSE", "Your WhatsApp message template has been unpaused.")
PACED = ("RATE_LIMITING_PAUSE", "Paused while being paced.")
DISABLED = ("DISABLED", "Disabled after the third pause.")


def pause_words(pauses: int) -> tuple[str, str]:
    """Tell the title and description of the pause with that number, counted from one."""
    return _PAUSES[min(pauses, len(_PAUSES)) - 1]


def _template(standing: Standing) -> dict[str, Any]:
    number = standing.template_id
    return {
        "message_template_id": int(number) if number.isdecimal() else number,
        "message_template_name": standing.template.name,
        "message_template_language": standing.template.language,
    }


def template_status(
    standing: Standing,
    event: str,
    *,
    reason: str | None = "NONE",
    other: tuple[str, str] | None = None,
    rejection: tuple[str, str] | None = None,
    disabled_at: float | None = None,
) -> dict[str, Any]:
    """Write `message_template_status_update`; other: title and description."""
    written = {
        "event": event,
        **_template(standing),
        "reason": reason,
        "message_template_category": standing.template.category,
    }
    if disabled_at is not None:
        written["disable_info"] = {"disable_date": str(int(disabled_at))}
    if other is not None:
        written["other_info"] = {"title": other[0], "description": other[1]}
    if rejection is not None:
        written["rejection_info"] = {"reason": rejection[0], "recommendation": rejection[1]}
    return written


def template_quality(standing: Standing, *, previous: str, new: str) -> dict[str, Any]:
    """Write `message_template_quality_update`."""
    return {"previous_quality_score": previous, "new_quality_score": new, **_template(standing)}


def category_will_change(standing: Standing, *, correct: str, at: float) -> dict[str, Any]:
    """Write the announcement of `template_category_update`: `new_category` is the present one."""
    return {
        **_template(standing),
        "new_category": standing.template.category,
        "correct_category": correct,
        "category_update_timestamp": int(at),
    }


def category_changed(standing: Standing, *, previous: str) -> dict[str, Any]:
    """Write the completed `template_category_update`."""
    return {**_template(standing), "previous_category": previous, "new_category": standing.template.category}


def template_components(standing: Standing) -> dict[str, Any]:
    """Write `message_template_components_update` with the texts as they are now."""
    written = _template(standing)
    parts = {str(part.get("type", "")).upper(): part for part in standing.facts["components"]}
    for kind, member in (("HEADER", "title"), ("BODY", "element"), ("FOOTER", "footer")):
        text = parts.get(kind, {}).get("text")
        if text:
            written[f"message_template_{member}"] = text
    buttons = [_button(button) for button in parts.get("BUTTONS", {}).get("buttons", ())]
    if buttons:
        written["message_template_buttons"] = buttons
    return written


def _button(button: dict[str, Any]) -> dict[str, Any]:
    written = {"message_template_button_type": str(button.get("type", "")).upper()}
    for name in ("text", "url", "phone_number"):
        if button.get(name):
            written[f"message_template_button_{name}"] = button[name]
    return written


def date_in_words(at: float) -> str:
    """Write a day as bans are dated: September 22, 2026."""
    day = time.gmtime(at)
    return time.strftime("%B ", day) + f"{day.tm_mday}, {day.tm_year}"
