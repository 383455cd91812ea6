"""The one message that confirms a leaving: it says that it worked, and nothing else (consent rules, 14 and 19).

No promotion, no question why, no way back: 47 CFR 64.1200(a)(12) allows one such message, and under the GDPR and the
PECR who objects is not asked again.  It is free text, sent in the service window that the person's message opened.
"""

from types import MappingProxyType
from typing import Final

from difusio.rules.leaving_words import LeavingKind

_FALLBACK = "en"

_MARKETING: Final = MappingProxyType(
    {
        "ca": (
            "Fet: {business} no t'enviarà més promocions per WhatsApp. "
            "Els avisos de servei, com els d'una comanda teva, no canvien."
        ),
        "es": (
            "Hecho: {business} no te enviará más promociones por WhatsApp. "
            "Los avisos de servicio, como los de un pedido tuyo, no cambian."
        ),
        "en": (
            "Done: {business} will send you no more promotions on WhatsApp. "
            "Service messages, such as those about an order of yours, do not change."
        ),
    }
)
_EVERYTHING: Final = MappingProxyType(
    {
        "ca": "Fet: {business} no t'enviarà més missatges per WhatsApp.",
        "es": "Hecho: {business} no te enviará más mensajes por WhatsApp.",
        "en": "Done: {business} will send you no more messages on WhatsApp.",
    }
)


def confirmation(language: str, *, business: str, kind: LeavingKind = LeavingKind.ALL_MARKETING) -> str:
    """Give the text in the person's language (``ca``, ``es_AR``; others get English), with the business's name."""
    texts = _EVERYTHING if kind is LeavingKind.EVERYTHING else _MARKETING
    spoken = language.replace("-", "_").partition("_")[0].lower()
    # A name is text: braces in it are not ours to read.
    return texts.get(spoken, texts[_FALLBACK]).replace("{business}", " ".join(business.split()))
