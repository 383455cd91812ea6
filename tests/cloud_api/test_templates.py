import json
from typing import Any

import pytest

from difusio.cloud_api.templates import (
    ButtonSlot,
    Category,
    TemplateError,
    TemplateShape,
    UnsupportedTemplateError,
    read_page,
    shape_of,
)
from tests.cloud_api.examples import example

BODY = {"type": "BODY", "text": "Hola {{1}}, el codi és {{2}}. Fins aviat, {{1}}!"}


def it_reads_metas_own_listing() -> None:
    templates, after = read_page(json.dumps(example("responses/message_templates.list.json")).encode())

    (template,) = templates
    assert (template.name, template.language, template.status) == ("autumn_newsletter", "ca", "APPROVED")
    assert after == "QVFIU_AFTER"
    assert shape_of(
        name=template.name,
        language=template.language,
        category=template.category,
        components=template.components,
        parameter_format=template.parameter_format,
    ) == TemplateShape(
        name="autumn_newsletter",
        language="ca",
        category=Category.MARKETING,
        body_slots=("1", "2"),
        button_slots=(ButtonSlot(0, "url"),),
        quick_replies=(1,),
    )


def it_ends_the_listing_where_meta_names_no_next_page() -> None:
    page = b'{"data":[],"paging":{"cursors":{"before":"a","after":"b"}}}'

    assert read_page(page) == ((), None)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data":3}', b"<html>", b"\xff"])
def it_refuses_a_listing_that_is_none(body: bytes) -> None:
    with pytest.raises(TemplateError):
        read_page(body)


def it_writes_languages_as_meta_takes_them() -> None:
    page = b'{"data":[{"id":"1","name":"a","language":"pt-BR","status":"PENDING","category":"UTILITY"}]}'

    assert read_page(page)[0][0].language == "pt_BR"


def it_orders_positions_by_number_and_names_as_they_stand() -> None:
    positions = " ".join(f"{{{{{n}}}}}" for n in (10, 2, 1))
    named = {"type": "BODY", "text": "{{ zeta }} {{alpha}} {{zeta}}"}

    assert _shape({"type": "BODY", "text": positions}).body_slots == ("1", "2", "10")
    assert _shape(named, parameter_format="NAMED").body_slots == ("zeta", "alpha")


def it_names_every_value_a_send_must_give() -> None:
    shape = _shape(
        {"type": "HEADER", "format": "TEXT", "text": "Bon dia {{1}}"},
        BODY,
        {"type": "FOOTER", "text": "Respon STOP"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "PHONE_NUMBER", "text": "Truca", "phone_number": "+15550100100"},
                {"type": "URL", "text": "Obre", "url": "https://example.com/{{1}}"},
                {"type": "URL", "text": "Web", "url": "https://example.com/"},
                {"type": "COPY_CODE"},
                {"type": "FLOW", "text": "Omple"},
            ],
        },
    )

    assert shape.slots == ("header.1", "body.1", "body.2", "button.1", "button.3", "button.4")


def it_asks_the_code_of_an_authentication_template_once() -> None:
    shape = _shape(
        {"type": "BODY", "text": "Your code is below.", "add_security_recommendation": True},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        category="AUTHENTICATION",
    )

    assert shape.slots == ("body.1",)
    assert shape.button_slots == (ButtonSlot(0, "otp"),)


@pytest.mark.parametrize(
    "component",
    [
        {"type": "CAROUSEL", "cards": []},
        {"type": "LIMITED_TIME_OFFER"},
        {"type": "HEADER", "format": "PRODUCT"},
        {"type": "BUTTONS", "buttons": [{"type": "MPM"}]},
        {},
    ],
)
def it_says_which_part_it_cannot_send(component: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedTemplateError, match="cannot be sent from here yet"):
        _shape(component)


def _shape(
    *components: dict[str, Any], category: str = "MARKETING", parameter_format: str = "POSITIONAL"
) -> TemplateShape:
    return shape_of(
        name="t", language="ca", category=category, components=components, parameter_format=parameter_format
    )
