"""What the demo's shop says: one template in three languages, as Meta's list would write it."""

from typing import Any, Final

TEMPLATE_NAME: Final = "autumn_offers"
# One default for three languages: a leaf needs no translation.
VALUES: Final = {"first_name": '{{ contact.first_name | default: "🍂" }}'}


def _template(number: str, language: str, words: dict[str, str]) -> dict[str, Any]:
    return {
        "id": number,
        "name": TEMPLATE_NAME,
        "language": language,
        "category": "MARKETING",
        "status": "APPROVED",
        "parameter_format": "NAMED",
        "quality_score": {"score": "GREEN"},
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": words["header"]},
            {
                "type": "BODY",
                "text": words["body"],
                "example": {
                    "body_text_named_params": [{"param_name": "first_name", "example": words["example"]}]
                },
            },
            {"type": "FOOTER", "text": words["footer"]},
            {
                "type": "BUTTONS",
                "buttons": [{"type": "QUICK_REPLY", "text": words["leave"]}],
            },
        ],
    }


TEMPLATES: Final = [
    _template(
        "700000000000101",
        "ca",
        {
            "header": "Publicitat · Botiga Ona",
            "body": "Bon dia, {{first_name}}. Ha arribat la tardor: fins diumenge tens un 15 % de descompte en "
            "tota la botiga, també en línia. Passa a veure'ns quan vulguis.",
            "footer": "Respon BAIXA per no rebre'n més.",
            "leave": "No en vull rebre més",
            "example": "Ona",
        },
    ),
    _template(
        "700000000000102",
        "es",
        {
            "header": "Publicidad · Botiga Ona",
            "body": "Buenos días, {{first_name}}. Ha llegado el otoño: hasta el domingo tienes un 15 % de "
            "descuento en toda la tienda, también en línea. Ven a vernos cuando quieras.",
            "footer": "Responde BAJA para no recibir más.",
            "leave": "No quiero recibir más",
            "example": "Marta",
        },
    ),
    _template(
        "700000000000103",
        "en",
        {
            "header": "Advertising · Botiga Ona",
            "body": "Good morning, {{first_name}}. Autumn is here: until Sunday you have 15 % off everything in "
            "the shop, online too. Come and see us whenever you like.",
            "footer": "Reply STOP to get no more of these.",
            "leave": "No more of these",
            "example": "Emma",
        },
    ),
]
