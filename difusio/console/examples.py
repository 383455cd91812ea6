"""What a shop may say on its first day: the templates that a simulator starts with, and the way out.  Pure."""

from typing import Any, Final

# Language → how an offer and a service message read; {business} is the shop's name.
_WORDS: Final = {
    "ca": (
        "Publicitat · {business}",
        "Hola, {{first_name}}. Ja pots passar a veure les novetats d'aquesta setmana.",
        "No en vull rebre més",
        "Hola, {{first_name}}. Avui obrim una hora més tard. Disculpa les molèsties.",
    ),
    "es": (
        "Publicidad · {business}",
        "Hola, {{first_name}}. Ya puedes pasar a ver las novedades de esta semana.",
        "No quiero recibir más",
        "Hola, {{first_name}}. Hoy abrimos una hora más tarde. Disculpa las molestias.",
    ),
    "en": (
        "Advertising · {business}",
        "Hello, {{first_name}}. Come and see what is new this week.",
        "No more of these",
        "Hello, {{first_name}}. Today we open an hour later. Sorry for the trouble.",
    ),
}
# A line that our own reading of leaving words understands, in the language of the template, not of the page.
WAYS_OUT: Final = {
    "ca": "Respon BAIXA per no rebre'n més",
    "es": "Responde BAJA para no recibir más",
    "en": "Reply STOP to leave",
}
_HEADER_CHARACTERS: Final = 60


def example_templates(business: str) -> list[dict[str, Any]]:
    """Give an offer and a service message, each in three languages, in Meta's words."""
    name = " ".join(business.split()).replace("{", "").replace("}", "")
    found = []
    for language, (header, offer, leave, service) in _WORDS.items():
        marked = header.replace("{business}", name)[:_HEADER_CHARACTERS]
        found.append(
            _template(
                "news_of_the_week",
                language,
                "MARKETING",
                {"type": "HEADER", "format": "TEXT", "text": marked},
                _body(offer),
                {"type": "FOOTER", "text": WAYS_OUT[language]},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": leave}]},
            )
        )
        found.append(_template("opening_hours", language, "UTILITY", _body(service)))
    return found


def _template(name: str, language: str, category: str, *components: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "language": language,
        "category": category,
        "status": "APPROVED",
        "parameter_format": "NAMED",
        "components": list(components),
    }


def _body(text: str) -> dict[str, Any]:
    example = [{"param_name": "first_name", "example": "Ona"}]
    return {"type": "BODY", "text": text, "example": {"body_text_named_params": example}}
