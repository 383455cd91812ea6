"""What Meta's review says about a template: approved in which category, or rejected and why.

Source: DOC/templates/template-review, /template-categorization (read 2026-11-22); which words give a promotion away
is our inference.  DOC stands for https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_VARIABLES_TOGETHER = re.compile(r"\}\}\s*\{\{")
_SIGN_IN_VARIABLE = re.compile(r"\{\{[^{}]*[#$%][^{}]*\}\}")
_PLAIN_VARIABLE = re.compile(r"\{\{\s*(?:[1-9][0-9]*|[a-z][a-z0-9_]*)\s*\}\}")
_BRACES = re.compile(r"[{}]{2}")
_IDENTIFIERS = re.compile(
    r"\b(?:full|complete|whole|complet|completa|sencer|entero)\b.{0,30}"
    r"\b(?:card|account|id|passport|targeta|compte|tarjeta|cuenta|dni)\b"
    r"|\b(?:card|credit card|account|passport) number\b|\bcvv\b|\bnúmero de (?:la )?(?:tarjeta|targeta)\b",
    re.IGNORECASE,
)
_THREATS = re.compile(
    r"\b(?:legal action will be taken|or else we will|prendrem accions legals|tomaremos acciones legales)\b",
    re.IGNORECASE,
)
_PROMOTION = re.compile(
    r"\b(?:discounts?|sale|special offers?|offers?|promo(?:tion|tions|s)?|coupons?|vouchers?|buy now|shop now|"
    r"deals?|free gift|cashback|black friday|"
    r"descomptes?|ofert(?:a|es)|rebaix(?:a|es)|promoci(?:ó|ons)|compra ara|val de regal|"
    r"descuentos?|ofertas?|rebajas?|promoci(?:ón|ones)|compra ahora|cup(?:ón|ones))\b|[0-9]+ ?% ?(?:off|de desc)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a template is rejected: Meta's reason, what is wrong, and what to do."""

    reason: str
    said: str
    advice: str


_TOGETHER = Rejection(
    "INVALID_FORMAT",
    "Placeholders sit next to each other without text between them.",
    "Put descriptive text between the placeholders.",
)
_SIGNS = Rejection(
    "INVALID_FORMAT",
    "Variables hold special characters such as #, $ or %, or their braces do not match.",
    "Write variables as {{1}} or {{name}}.",
)
_DUPLICATE = Rejection(
    "INVALID_FORMAT",
    "Another template of the account has the same body and footer.",
    "Use that template, or write another text.",
)
_SCAM = Rejection(
    "SCAM",
    "The template asks for full card, account or identity numbers.",
    "Ask for the last digits at most.",
)
_ABUSE = Rejection(
    "ABUSIVE_CONTENT", "The template threatens its reader.", "Write what happened and what the reader can do."
)


def category_of(facts: dict[str, Any]) -> str:
    """Tell the category a template belongs to: UTILITY with words of promotion is MARKETING."""
    category = str(facts["category"])
    if category == "UTILITY" and any(_PROMOTION.search(text) for text in _texts(facts["components"])):
        return "MARKETING"
    return category


def rejection_of(facts: dict[str, Any], others: Iterable[dict[str, Any]]) -> Rejection | None:
    """Tell why a template is rejected, None if it is not; others: all other templates in its language."""
    texts = list(_texts(facts["components"]))
    for text in texts:
        if _VARIABLES_TOGETHER.search(text):
            return _TOGETHER
        if _SIGN_IN_VARIABLE.search(text) or _BRACES.search(_PLAIN_VARIABLE.sub("", text)):
            return _SIGNS
        if _IDENTIFIERS.search(text):
            return _SCAM
        if _THREATS.search(text):
            return _ABUSE
    if facts["category"] != "AUTHENTICATION":
        own = _body_and_footer(facts["components"])
        if any(_body_and_footer(other["components"]) == own for other in others):
            return _DUPLICATE
    return None


def _texts(components: list[dict[str, Any]]) -> Iterable[str]:
    for component in components:
        if isinstance(component.get("text"), str):
            yield component["text"]
        for button in component.get("buttons", ()):
            if isinstance(button.get("text"), str):
                yield button["text"]
        for card in component.get("cards", ()):
            yield from _texts(card.get("components", []))


def _body_and_footer(components: list[dict[str, Any]]) -> tuple[str, ...]:
    """Write what must not stand in two templates; cards and media make a difference."""
    return tuple(
        repr(component.get("text") or component.get("cards"))
        for component in components
        if str(component.get("type", "")).upper() in ("BODY", "FOOTER", "CAROUSEL")
    )
