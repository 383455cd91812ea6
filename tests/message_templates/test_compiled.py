import json
from typing import Any

import pytest

from difusio.cloud_api.messages import UnfilledSlotError
from difusio.message_templates.compiled import PlaceOnTopError, compile_batch
from difusio.message_templates.mapping import MissingVariableError
from tests.message_templates.examples import NAMED, POSITIONAL, WITH_IMAGE, template

ASHA = {"first_name": "Asha", "last_name": "", "fields": {"code": "NADAL"}}


def _sent(body: bytes) -> Any:
    return json.loads(body)


def it_fills_a_named_template_for_one_person() -> None:
    message = compile_batch(
        template(NAMED, parameter_format="NAMED"),
        {"first_name": "{{ contact.first_name | default: 'amic' }}", "code": "{{ contact.fields.code }}"},
    )

    sent = _sent(message.fill("+34600000001", ASHA, "token-1"))

    assert message.path == "marketing_messages"
    assert (sent["to"], sent["biz_opaque_callback_data"]) == ("+34600000001", "token-1")
    assert sent["template"] == {
        "name": "tardor",
        "language": {"code": "ca"},
        "components": [
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "parameter_name": "first_name", "text": "Asha"},
                    {"type": "text", "parameter_name": "code", "text": "NADAL"},
                ],
            }
        ],
    }


def it_tells_header_body_and_button_of_a_numbered_template_apart() -> None:
    values = {
        "header.1": "tothom",
        "1": "{{ contact.first_name }}",
        "2": "X",
        "button.1": "r/{{ contact.fields.code }}",
    }
    message = compile_batch(template(POSITIONAL, category="UTILITY"), values)

    components = _sent(message.fill("ES.13491208655302741918", ASHA, "t"))["template"]["components"]

    assert message.path == "messages"
    assert [component["parameters"] for component in components] == [
        [{"type": "text", "text": "tothom"}],
        [{"type": "text", "text": "Asha"}, {"type": "text", "text": "X"}],
        [{"type": "text", "text": "r/NADAL"}],
    ]


def it_gives_what_was_filled_in_for_the_sealed_content() -> None:
    values = {"header.1": "tothom", "1": "{{ contact.first_name }}", "2": "X", "button.1": "r/1"}
    message = compile_batch(template(POSITIONAL), values)

    filled = message.values(ASHA)

    assert dict(zip(message.keys, filled, strict=True)) == {
        "header.1": "tothom",
        "1": "Asha",
        "2": "X",
        "button.1": "r/1",
    }
    assert message.fill_values("+34600000001", filled, "t") == message.fill("+34600000001", ASHA, "t")


def it_says_what_it_reads_of_a_contact_and_what_must_be_there() -> None:
    message = compile_batch(
        template(NAMED, parameter_format="NAMED"),
        {"first_name": "{{ contact.first_name | default: 'amic' }}", "code": "{{ contact.fields.code }}"},
    )

    assert message.fields == {"first_name", "fields.code"}
    assert message.required == ("fields.code",)


def it_refuses_to_send_a_hole() -> None:
    message = compile_batch(
        template(NAMED, parameter_format="NAMED"), {"first_name": "{{ contact.last_name }}", "code": "X"}
    )

    with pytest.raises(UnfilledSlotError):
        message.fill("+34600000001", ASHA, "t")


def it_checks_the_values_before_the_first_person() -> None:
    with pytest.raises(MissingVariableError):
        compile_batch(template(NAMED, parameter_format="NAMED"), {"first_name": "a"})


@pytest.mark.parametrize(
    ("value", "image"),
    [
        ("https://example.com/tardor.png", {"link": "https://example.com/tardor.png"}),
        ("1013859600285441", {"id": "1013859600285441"}),
    ],
)
def it_puts_the_same_picture_on_top_for_everybody(value: str, image: dict[str, str]) -> None:
    message = compile_batch(template(WITH_IMAGE), {"header": value})

    (header,) = _sent(message.fill("+34600000001", ASHA, "t"))["template"]["components"]

    assert header == {"type": "header", "parameters": [{"type": "image", "image": image}]}
    assert message.keys == ()


def it_refuses_a_header_that_is_a_place() -> None:
    components = [{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "Som aquí."}]

    with pytest.raises(PlaceOnTopError):
        compile_batch(template(components), {})
