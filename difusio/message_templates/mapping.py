"""Check what a variant puts into a template's placeholders, before anybody is written to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.merge_fields import MergeField, MergeFieldError, compile_merge
from difusio.message_templates.models import Template
from difusio.message_templates.placeholders import Placeholder, placeholders


class MappingError(MessageTemplateError):
    """The values do not fit the template."""


class MissingVariableError(MappingError):
    """The placeholder %(key)s of the template %(template)s has no value: write a text or a field for it."""


class UnknownVariableError(MappingError):
    """The template %(template)s has no placeholder %(key)s: take this value out."""


class BadValueError(MappingError):
    """The value of %(key)s: %(why)s"""


class FieldInMediaError(MappingError):
    """Everybody gets the same picture, film or document: write its https address or media id, without fields."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A placeholder and the value that fills it."""

    placeholder: Placeholder
    value: MergeField


def mapped(template: Template, values: Mapping[str, str]) -> tuple[Mapped, ...]:
    """Pair every placeholder with its value, in the template's order.

    values: by key (see ``placeholders``).  Raises MissingVariableError, UnknownVariableError, BadValueError,
    FieldInMediaError, and what ``placeholders`` raises.
    """
    found = placeholders(
        template.components, parameter_format=template.parameter_format, category=template.category
    )
    known = {placeholder.key for placeholder in found}
    for key in values:
        if key not in known:
            raise UnknownVariableError(key=key, template=template.name)
    return tuple(_pair(placeholder, values, template.name) for placeholder in found)


def required_fields(template: Template, values: Mapping[str, str]) -> list[str]:
    """Name the contact's fields that must not be empty, because no default stands in for them: sorted, each once.

    ``first_name``, ``last_name``, ``language`` and ``country`` are columns of the contact, ``fields.x`` is the key x of
    its fields.  Raises what ``mapped`` raises.
    """
    return required_of(pair.value for pair in mapped(template, values))


def required_of(values: Iterable[MergeField]) -> list[str]:
    """Name the fields without a default of values that are compiled already."""
    return sorted({field for value in values for field in value.required})


def _pair(placeholder: Placeholder, values: Mapping[str, str], template: str) -> Mapped:
    text = values.get(placeholder.key)
    if text is None or not text.strip():
        raise MissingVariableError(key=placeholder.key, template=template)
    try:
        value = compile_merge(text)
    except MergeFieldError as error:
        raise BadValueError(key=placeholder.key, why=str(error)) from error
    if placeholder.place == "media" and value.fields:
        raise FieldInMediaError
    return Mapped(placeholder, value)
