"""Words of advertising, which Meta does not accept in a template of category UTILITY (consent rules, 10).  Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-categorization
(read 2026-11-22); the words are ours.
"""

import re
from dataclasses import dataclass
from typing import Final

from difusio.common.plain_words import plain_words

# Nothing but advertising speaks so.
_STRONG: Final = re.compile(
    r"\b(?:"
    r"descomptes?|rebaixa|rebaixes|rebaixat|liquidacio|promocio|promocions|ofertes? (?:especial|exclusiva|flash)\w*"
    r"|cupo|codi promocional|codi de descompte|aprofita|compra ara"
    r"|descuentos?|rebajas?|rebajado|liquidacion|promocion|promociones|ofertas? (?:especial|exclusiva|flash)\w*"
    r"|cupon|cupones|codigo promocional|codigo de descuento|aprovecha|compra ahora"
    r"|discounts?|on sale|flash sale|clearance|promo|promotions?|promo code|coupons?|vouchers?|special offer"
    r"|limited offer|limited time|last chance|buy now|shop now|dont miss|black friday|cyber monday"
    r")\b"
)
# So do others too: "un regal per a la Ona", "we offer", "gratis".
_WEAK: Final = re.compile(
    r"\b(?:ofertes?|ofertas?|offers?|regals?|regalos?|gifts?|gratis|gratuit\w*|for free|sorteig|sorteo|giveaway|premio?"
    r"|prize|novetats|novedades|new collection|nova colleccio|nueva coleccion|exclusi(?:u|va|vo|ve)|sale)\b"
)
# "-20 %", "20% de descompte", "2x1"; not "IVA 21 %".
_CUT: Final = re.compile(
    r"-\s?\d{1,2}\s?%|\d{1,2}\s?%\s?(?:off|dto|de desc)|\b[2-4]\s?x\s?[1-3]\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PromotionalWords:
    """What was found, as it is compared: in lower case and without accents.  weak: also used otherwise."""

    strong: tuple[str, ...]
    weak: tuple[str, ...]


def promotional_words(text: str) -> PromotionalWords:
    """Find words of advertising in Catalan, Spanish and English, each once, in the order in which they stand."""
    plain = plain_words(text)
    cuts = [found.strip() for found in _CUT.findall(text)]
    return PromotionalWords(
        strong=tuple(dict.fromkeys([*_STRONG.findall(plain), *cuts])),
        weak=tuple(dict.fromkeys(_WEAK.findall(plain))),
    )
