"""A template and a variant's values, ready to be filled for one person after the other: the sender's hot path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from difusio.cloud_api.messages import (
    CompiledTemplate,
    HeaderMedia,
    MissingHeaderError,
    Path,
    compile_template,
)
from difusio.cloud_api.templates import shape_of
from difusio.message_templates.mapping import mapped, required_of
from difusio.message_templates.models import Template
from difusio.message_templates.placeholders import UnsupportedError

Contact = Mapping[str, object]


class PlaceOnTopError(UnsupportedError):
    """A place on top of a message cannot be sent from here yet: choose a template without it."""


@dataclass(frozen=True, slots=True)
class BatchMessage:
    """One message for many people, compiled once per batch.

    path: where it is posted, under the number's id.  keys: the placeholders in the order of ``values``.  fields: what
    it reads of a contact (``first_name``, ``fields.x``), so that no more needs to be loaded.  required: those that must
    not be empty.
    """

    path: Path
    keys: tuple[str, ...]
    fields: frozenset[str]
    required: tuple[str, ...]
    _template: CompiledTemplate
    _slots: tuple[str, ...]
    _renders: tuple[Callable[[Contact], str], ...]

    def values(self, contact: Contact) -> tuple[str, ...]:
        """Fill the placeholders for this person: what is sealed as content, and what ``fill_values`` takes."""
        return tuple([render(contact) for render in self._renders])

    def fill_values(self, address: str, values: tuple[str, ...], token: str) -> bytes:
        """Give the bytes to post, from what ``values`` gave.

        Raises cloud_api's UnfilledSlotError when a value is empty, BadAddressError, BadTokenError.
        """
        return self._template.fill(address, dict(zip(self._slots, values, strict=True)), token)

    def fill(self, address: str, contact: Contact, token: str) -> bytes:
        """Give the bytes to post to this person: ``values`` and ``fill_values`` in one."""
        return self.fill_values(address, self.values(contact), token)


def compile_batch(template: Template, values: Mapping[str, str]) -> BatchMessage:
    """Read a template and its values once for a whole batch.

    values: by key (see ``placeholders``).  Raises what ``mapping.mapped`` raises, and PlaceOnTopError.
    """
    pairs = mapped(template, values)
    shape = shape_of(
        name=template.name,
        language=template.language,
        category=template.category,
        components=template.components,
        parameter_format=template.parameter_format,
    )
    media = next((pair.value.render({}) for pair in pairs if pair.placeholder.place == "media"), None)
    try:
        compiled = compile_template(shape, header=_header(media) if media else None)
    except MissingHeaderError as error:
        raise PlaceOnTopError from error
    texts = [pair for pair in pairs if pair.placeholder.place != "media"]
    return BatchMessage(
        path=compiled.path,
        keys=tuple(pair.placeholder.key for pair in texts),
        fields=frozenset[str]().union(*(pair.value.fields for pair in texts)),
        required=tuple(required_of(pair.value for pair in texts)),
        _template=compiled,
        _slots=tuple(pair.placeholder.slot for pair in texts),
        _renders=tuple(pair.value.render for pair in texts),
    )


def _header(media: str) -> HeaderMedia:
    return HeaderMedia(link=media) if media.startswith("https://") else HeaderMedia(media_id=media)
