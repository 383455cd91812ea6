import pytest

from difusio.message_templates.mapping import (
    BadValueError,
    FieldInMediaError,
    MissingVariableError,
    UnknownVariableError,
    mapped,
    required_fields,
)
from tests.message_templates.examples import NAMED, POSITIONAL, WITH_IMAGE, template

TARDOR = template(NAMED, parameter_format="NAMED")


def it_pairs_every_placeholder_with_its_value() -> None:
    pairs = mapped(TARDOR, {"code": "NADAL", "first_name": "{{ contact.first_name | default: 'amic' }}"})

    assert [(pair.placeholder.key, pair.value.render({"first_name": "Asha"})) for pair in pairs] == [
        ("first_name", "Asha"),
        ("code", "NADAL"),
    ]


@pytest.mark.parametrize("values", [{"first_name": "Asha"}, {"first_name": "Asha", "code": " "}])
def it_refuses_a_placeholder_without_a_value(values: dict[str, str]) -> None:
    with pytest.raises(MissingVariableError) as refused:
        mapped(TARDOR, values)

    assert str(refused.value) == (
        "The placeholder code of the template tardor has no value: write a text or a field for it."
    )


def it_refuses_a_value_for_a_placeholder_that_is_not_there() -> None:
    with pytest.raises(UnknownVariableError) as refused:
        mapped(TARDOR, {"first_name": "a", "code": "b", "colour": "c"})

    assert str(refused.value) == "The template tardor has no placeholder colour: take this value out."


def it_says_which_value_cannot_be_read_and_why() -> None:
    with pytest.raises(BadValueError) as refused:
        mapped(TARDOR, {"first_name": "{{ contact.phone }}", "code": "x"})

    assert str(refused.value).startswith("The value of first_name: There is no contact.phone: write")


def it_refuses_a_picture_that_differs_from_person_to_person() -> None:
    with pytest.raises(FieldInMediaError):
        mapped(template(WITH_IMAGE), {"header": "https://example.com/{{ contact.first_name }}.png"})


def it_names_the_fields_that_must_not_be_empty_once_each() -> None:
    values = {
        "header.1": "{{ contact.first_name | default: 'tothom' }}",
        "1": "{{ contact.last_name }}",
        "2": "{{ contact.fields.code }}",
        "button.1": "{{ contact.fields.code }}",
    }

    assert required_fields(template(POSITIONAL), values) == ["fields.code", "last_name"]
