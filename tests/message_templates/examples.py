"""Templates as Meta lists them; the shop, the people and the codes are made up."""

from typing import Any

from difusio.message_templates.models import Template

NAMED: list[dict[str, Any]] = [
    {
        "type": "BODY",
        "text": "Hola {{first_name}}! El codi {{code}} val fins diumenge.",
        "example": {
            "body_text_named_params": [
                {"param_name": "first_name", "example": "Ona"},
                {"param_name": "code", "example": "TARDOR"},
            ]
        },
    },
    {"type": "FOOTER", "text": "Respon BAIXA per no rebre'n més"},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Baixa"}]},
]

POSITIONAL: list[dict[str, Any]] = [
    {
        "type": "HEADER",
        "format": "TEXT",
        "text": "Novetats per a {{1}}",
        "example": {"header_text": ["Ona"]},
    },
    {
        "type": "BODY",
        "text": "Hola {{1}}, fes servir el codi {{2}}, {{1}}.",
        "example": {"body_text": [["Ona", "25OFF"]]},
    },
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Atura promocions"},
            {
                "type": "URL",
                "text": "Obre",
                "url": "https://example.com/{{1}}",
                "example": ["https://example.com/r/abc"],
            },
        ],
    },
]

WITH_IMAGE: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::EXAMPLEHANDLE"]}},
    {"type": "BODY", "text": "Ja hi som."},
]


def template(components: list[dict[str, Any]], **facts: Any) -> Template:
    """Build a template that is not stored."""
    return Template(
        **{
            "name": "tardor",
            "language": "ca",
            "category": "MARKETING",
            "status": "APPROVED",
            "parameter_format": "POSITIONAL",
            "components": components,
            **facts,
        }
    )
