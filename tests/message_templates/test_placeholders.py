from typing import Any

import pytest
from django.utils.translation import override

from difusio.message_templates.placeholders import (
    Placeholder,
    Preview,
    PreviewButton,
    UnsupportedError,
    example_values,
    placeholders,
    render_preview,
)
from tests.message_templates.examples import NAMED, POSITIONAL, WITH_IMAGE


def it_lists_named_placeholders_in_the_order_in_which_they_stand() -> None:
    found = placeholders(NAMED, parameter_format="NAMED")

    assert found == (
        Placeholder("first_name", "body.first_name", "body", "first_name", "Ona"),
        Placeholder("code", "body.code", "body", "code", "TARDOR"),
    )


def it_tells_the_first_of_the_header_from_the_first_of_the_body_and_the_button() -> None:
    found = placeholders(POSITIONAL)

    assert found == (
        Placeholder("header.1", "header.1", "header", "1", "Ona"),
        Placeholder("1", "body.1", "body", "1", "Ona"),
        Placeholder("2", "body.2", "body", "2", "25OFF"),
        Placeholder("button.1", "button.1", "button", "url", "r/abc"),
    )


def it_asks_for_the_picture_of_a_media_header() -> None:
    assert placeholders(WITH_IMAGE) == (Placeholder("header", "", "media", "image", ""),)


def it_finds_nothing_in_a_template_without_placeholders() -> None:
    assert placeholders([{"type": "BODY", "text": "Obrim demà."}]) == ()


def it_reads_the_example_of_a_copied_code() -> None:
    buttons = [{"type": "COPY_CODE", "text": "Copia", "example": "25OFF"}]

    found = placeholders([{"type": "BODY", "text": "Hola"}, {"type": "BUTTONS", "buttons": buttons}])

    assert found == (Placeholder("button.0", "button.0", "button", "copy_code", "25OFF"),)


def it_lists_an_authentication_code_once_though_its_button_repeats_it() -> None:
    buttons = [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copia"}]

    found = placeholders(
        [{"type": "BODY", "text": "{{1}}"}, {"type": "BUTTONS", "buttons": buttons}],
        category="AUTHENTICATION",
    )

    assert [placeholder.key for placeholder in found] == ["1"]


@pytest.mark.parametrize(
    ("component", "sentence"),
    [
        (
            {"type": "CAROUSEL", "cards": []},
            "Encara no es pot enviar des d'aquí una part de la mena CAROUSEL: tria una plantilla que no en tingui.",
        ),
        (
            {"type": "HEADER", "format": "PRODUCT"},
            "Encara no es pot enviar des d'aquí una capçalera de la mena PRODUCT: tria una plantilla que no en tingui.",
        ),
        (
            {"type": "BUTTONS", "buttons": [{"type": "MPM"}]},
            "Encara no es pot enviar des d'aquí un botó de la mena MPM: tria una plantilla que no en tingui.",
        ),
    ],
)
def it_refuses_what_cannot_be_sent_in_the_reader_s_language(component: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        placeholders([{"type": "BODY", "text": "Hola"}, component])

    with override("ca"):
        assert str(caught.value) == sentence


def it_shows_the_message_as_the_person_sees_it() -> None:
    values = {"header.1": "tothom", "1": "Asha", "2": "NADAL", "button.1": "r/xyz"}

    assert render_preview(POSITIONAL, values) == Preview(
        media="",
        header="Novetats per a tothom",
        body="Hola Asha, fes servir el codi NADAL, Asha.",
        footer="",
        buttons=(
            PreviewButton("quick_reply", "Atura promocions", ""),
            PreviewButton("url", "Obre", "https://example.com/r/xyz"),
        ),
    )


def it_shows_metas_examples_before_anybody_chose_values() -> None:
    preview = render_preview(NAMED, example_values(placeholders(NAMED, parameter_format="NAMED")))

    assert preview.body == "Hola Ona! El codi TARDOR val fins diumenge."
    assert preview.footer == "Respon BAIXA per no rebre'n més"


def it_leaves_a_placeholder_without_a_value_as_it_stands() -> None:
    assert render_preview(NAMED, {}).body == "Hola {{first_name}}! El codi {{code}} val fins diumenge."


def it_says_which_media_stands_on_top() -> None:
    assert render_preview(WITH_IMAGE, {}).media == "image"


def it_never_reads_a_value_as_a_placeholder() -> None:
    assert render_preview(NAMED, {"first_name": "{{code}}", "code": "X"}).body.startswith("Hola {{code}}!")
