"""What people write: harmless answers and words for leaving, in the language of the message they got."""

NAMES = (
    "Ona Exemple", "Núria Mostra", "Jordi Prova", "Laia Assaig", "Pau Model", "Mercè Esbós", "Arnau Senyal",
    "José Ejemplo", "Lucía Muestra", "Íñigo Prueba", "Carmen Modelo", "Andrés Ensayo", "Begoña Boceto",
    "Alice Sample", "Ben Example", "Chloë Trial", "Dan Draft", "Zoë Pattern", "Asha Model 🌸", "Omar Sketch",
)  # fmt: skip

REPLIES: dict[str, tuple[str, ...]] = {
    "ca": (
        "Gràcies! 😊",
        "Molt bé, gràcies.",
        "Quant costa enviar-ho?",
        "A quina hora tanqueu?",
        "Ho miro demà",
    ),
    "es": (
        "¡Gracias! 😊",
        "Muy bien, gracias.",
        "¿Cuánto cuesta el envío?",
        "¿A qué hora cerráis?",
        "Lo miro mañana",
    ),
    "en": (
        "Thanks! 😊",
        "Lovely, thank you.",
        "How much is delivery?",
        "When do you close?",
        "I'll look tomorrow",
    ),
}

LEAVING: dict[str, tuple[str, ...]] = {
    "ca": ("BAIXA", "baixa", "Baixa.", "Baixa!", "BAIXA si us plau", "Stop", " baixa "),
    "es": ("BAJA", "Baja", "baja.", "¡Baja!", "Baja por favor", "stop", "BAJA "),
    "en": ("STOP", "Stop", "stop", "stop please", "Stop.", "STOP!!", "Unsubscribe"),
}

_LEAVING_WORDS = frozenset({"baixa", "baja", "stop", "unsubscribe"})
_POLITENESS = ("si us plau", "por favor", "please")


_LEAVING_LABELS = (
    "baixa",
    "baja",
    "stop",
    "unsubscribe",
    "atura",
    "deixa",
    "deja",
    "no rebre",
    "no recibir",
    "opt out",
)


def label_means_leaving(label: str) -> bool:
    """Tell whether the label of a quick reply offers to leave, such as "Atura promocions"."""
    plain = label.lower()
    return any(word in plain for word in _LEAVING_LABELS)


def language_of(code: str) -> str:
    """Choose the language people answer in, from Meta's code: `ca`, `es` or, for everything else, `en`."""
    spoken = code[:2].lower()
    return spoken if spoken in REPLIES else "en"


def means_leaving(text: str) -> bool:
    """Tell whether a text is one of the words people leave with, in any case and with any marks."""
    plain = text.lower()
    for polite in _POLITENESS:
        plain = plain.replace(polite, "")
    return plain.strip(" \t\r\n.,;:!¡?¿\"'") in _LEAVING_WORDS
