"""Merge fields: the closed grammar of what may stand in a placeholder, and nothing else.

A value is plain text with outputs in it, each one field of the contact through allow-listed filters, as marketers know
them from Liquid: ``{{ contact.first_name | default: "friend" }}``.  python-liquid reads it; what it read is checked
node by node and made into a closure, because its own rendering takes 11 µs a field and the sender has less.  What comes
out of a person's record is text: it is never read again (design, invariant 10).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from liquid import Environment, Mode
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import Filter, FilteredExpression, Path
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError

from difusio.cloud_api.values import fitted
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.filters import FILTERS, BadFilterError, Change

CONTACT_FIELDS = frozenset({"first_name", "last_name", "language", "country"})
MAX_CHARS = 1024  # as long as a template's whole body may be

Contact = Mapping[str, object]
_Render = Callable[[Contact], str]

# The name of a field of one's own: letters, digits, spaces, _ and -, beginning with a letter.  No dunder names.
_FIELD_NAME = re.compile(r"[^\W\d_][\w -]{0,63}")
# What would open or close something of Liquid's, left over in the text beside the outputs.
_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}")
_FIELD_PATH_LENGTH = 3  # contact.fields.size
_CONTACT_PATH_LENGTH = 2  # contact.first_name

# A library's whole grammar, reduced to what stands between {{ and }}.
_liquid = Environment(tolerance=Mode.STRICT)
for _tag in set(_liquid.tags) - {"content", "output", "illegal"}:
    del _liquid.tags[_tag]


class MergeFieldError(MessageTemplateError):
    """A value cannot be read."""


class BadSyntaxError(MergeFieldError):
    """This cannot be read: write plain text, and fields as {{ contact.first_name | default: "friend" }}."""


class UnknownFieldError(MergeFieldError):
    """There is no %(name)s: write contact.first_name, last_name, language or country, or contact.fields.its_name."""


class EmptyValueError(MergeFieldError):
    """A placeholder cannot stay empty: write a text or a field."""


class EmptyDefaultError(MergeFieldError):
    """A default has to say something, because WhatsApp refuses an empty placeholder: write default: "friend"."""


class LongValueError(MergeFieldError):
    """This is longer than a whole message may be: write at most 1024 characters."""


@dataclass(frozen=True, slots=True)
class MergeField:
    """A value ready to be filled for one contact after the other.

    fields: what it reads, as ``first_name`` or ``fields.size``.  required: those of them without a default.  render:
    gives the text for a contact (``{"first_name": …, "fields": {…}}``) as WhatsApp takes it: line breaks, tabs and long
    gaps are one space (132018); it may be empty when a required field is.
    """

    fields: frozenset[str]
    required: frozenset[str]
    render: _Render

    @property
    def has_default(self) -> bool:
        """Tell whether every person gets a text, whatever is known of them."""
        return not self.required


@dataclass(frozen=True, slots=True)
class _Output:
    field: str
    has_default: bool
    render: _Render


@lru_cache(maxsize=256)
def compile_merge(text: str) -> MergeField:
    """Read a value once, for many people.

    Raises BadSyntaxError, UnknownFieldError, BadFilterError, EmptyValueError, EmptyDefaultError, LongValueError.
    """
    if len(text) > MAX_CHARS:
        raise LongValueError
    if "{%" in text or "%}" in text:
        raise BadSyntaxError
    pieces = [
        _literal(node.text) if isinstance(node, ContentNode) else _output(node) for node in _nodes(text)
    ]
    outputs = [piece for piece in pieces if isinstance(piece, _Output)]
    if not outputs and not fitted(text):
        raise EmptyValueError
    return MergeField(
        fields=frozenset(output.field for output in outputs),
        required=frozenset(output.field for output in outputs if not output.has_default),
        render=_joined(pieces),
    )


def _nodes(text: str) -> Iterable[ContentNode | OutputNode]:
    try:
        nodes = _liquid.from_string(text).nodes
    except LiquidError:
        raise BadSyntaxError from None
    for node in nodes:
        if not isinstance(node, ContentNode | OutputNode):
            raise BadSyntaxError
        yield node


def _literal(text: str) -> str:
    if _BRACES.search(text):
        raise BadSyntaxError
    return text


def _output(node: OutputNode) -> _Output:
    expression = node.expression
    if not isinstance(expression, FilteredExpression) or not isinstance(expression.left, Path):
        raise BadSyntaxError
    field = _field(expression.left)
    changes = [(applied.name, _change(applied)) for applied in expression.filters or ()]
    return _Output(
        field=field,
        has_default=any(name == "default" for name, _ in changes),
        render=_through(_reader(field), [change for _, change in changes]),
    )


def _field(path: Path) -> str:
    parts = path.path
    if all(isinstance(part, str) for part in parts):
        if len(parts) == _CONTACT_PATH_LENGTH and parts[0] == "contact" and parts[1] in CONTACT_FIELDS:
            return str(parts[1])
        if (
            len(parts) == _FIELD_PATH_LENGTH
            and parts[:2] == ["contact", "fields"]
            and _FIELD_NAME.fullmatch(str(parts[2]))
        ):
            return f"fields.{parts[2]}"
    raise UnknownFieldError(name=".".join(str(part) for part in parts))


def _change(applied: Filter) -> Change:
    if applied.name not in FILTERS:
        raise BadFilterError(name=applied.name)
    change = FILTERS[applied.name](applied.args)
    if applied.name == "default" and not change(""):
        raise EmptyDefaultError
    return change


def _reader(field: str) -> _Render:
    own = field.removeprefix("fields.")
    if own == field:
        return lambda contact: _text(contact.get(field))

    def read_own(contact: Contact) -> str:
        fields = contact.get("fields")
        return _text(fields.get(own)) if isinstance(fields, Mapping) else ""

    return read_own


def _text(value: object) -> str:
    if isinstance(value, str):
        return fitted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    # A list or an object is not something to read out to a person: as good as empty.
    return str(value) if isinstance(value, int | float) else ""


def _through(read: _Render, changes: list[Change]) -> _Render:
    if not changes:
        return read
    if len(changes) == 1:
        (change,) = changes
        return lambda contact: fitted(change(read(contact)))

    def chain(contact: Contact) -> str:
        text = read(contact)
        for change in changes:
            text = change(text)
        return fitted(text)

    return chain


def _joined(pieces: list[str | _Output]) -> _Render:
    match pieces:
        case [_Output(render=render)]:
            return render
        case [str() as text]:
            fixed = fitted(text)
            return lambda _contact: fixed
        case _:
            parts: list[_Render] = [
                piece.render if isinstance(piece, _Output) else _constant(piece) for piece in pieces
            ]
            return lambda contact: fitted("".join([part(contact) for part in parts]))


def _constant(text: str) -> _Render:
    return lambda _contact: text
