import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from difusio.cloud_api.values import fitted
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.filters import BadFilterError
from difusio.message_templates.merge_fields import (
    CONTACT_FIELDS,
    BadSyntaxError,
    EmptyDefaultError,
    EmptyValueError,
    LongValueError,
    UnknownFieldError,
    compile_merge,
)

ASHA = {
    "first_name": "Asha",
    "last_name": "de la Vall",
    "language": "ca",
    "country": "ES",
    "fields": {
        "size": 38,
        "price": 12.5,
        "member": True,
        "since": "2024-03-09",
        "tags": ["a"],
        "punts de fidelitat": "7",
    },
}
NOBODY: dict[str, object] = {"first_name": "", "fields": {}}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("Bones festes", "Bones festes"),
        ("{{ contact.first_name }}", "Asha"),
        ("{{contact.first_name}}", "Asha"),
        ('{{ contact.first_name | default: "friend" }}', "Asha"),
        ("{{ contact.first_name | default: 'amic' }}", "Asha"),
        ("{{ contact.first_name }} {{ contact.last_name }}", "Asha de la Vall"),
        ("Talla {{ contact.fields.size }}!", "Talla 38!"),
        ('{{ contact.fields["punts de fidelitat"] }}', "7"),
        ("{{ contact.fields.price }}", "12.5"),
        ("{{ contact.fields.member }}", "true"),
        ("{{ contact.fields.tags | default: 'res' }}", "res"),
        ("{{ contact.fields.unheard_of | default: 'res' }}", "res"),
        ("{{ contact.first_name | upcase }}", "ASHA"),
        ("{{ contact.first_name | downcase }}", "asha"),
        ("{{ contact.last_name | capitalize }}", "De la vall"),
        ("{{ contact.last_name | truncate: 8 }}", "de la..."),
        ('{{ contact.last_name | truncate: 6, "…" }}', "de la…"),
        ("{{ contact.first_name | truncate }}", "Asha"),
        ("{{ contact.first_name | default: 'amic' | upcase }}", "ASHA"),
        ('{{ contact.fields.since | date: "%d/%m/%Y" }}', "09/03/2024"),
        ('{{ contact.fields.since | date: "%-d.%-m.%y" }}', "9.3.24"),
        ('{{ contact.first_name | date: "%d/%m/%Y" }}', "Asha"),
        ("${contact.first_name} costa 5 $", "${contact.first_name} costa 5 $"),
        ("{ contact.first_name }", "{ contact.first_name }"),
        ("{# contact #}", "{# contact #}"),
    ],
)
def it_fills_a_value_for_one_person(text: str, rendered: str) -> None:
    assert compile_merge(text).render(ASHA) == rendered


@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}}",
        "{{ 7 }}",
        "{{ 'x' }}",
        "{{ }}",
        "{{",
        "}}",
        "{{ contact.first_name",
        "contact.first_name }}",
        "{{{ contact.first_name }}}",
        "{{ contact.first_name if true }}",
        "{{ contact.first_name, contact.last_name }}",
        "{{ (1..9) }}",
        "{% if contact %}",
        "{% raw %}{{ contact.first_name }}{% endraw %}",
        "{%",
        "%}",
        "{{ contact.first_name }}{% assign x = 1 %}",
    ],
)
def it_refuses_what_is_no_field(text: str) -> None:
    with pytest.raises(BadSyntaxError, match="write plain text"):
        compile_merge(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ first_name }}",
        "{{ contact }}",
        "{{ contact.phone }}",
        "{{ contact.first_name.upper }}",
        "{{ contact.__class__ }}",
        "{{ contact.fields }}",
        "{{ contact.fields[0] }}",
        "{{ contact.fields.__class__ }}",
        "{{ contact.fields._hidden }}",
        "{{ contact.fields.size.real }}",
        "{{ contact[contact.first_name] }}",
        "{{ contact.fields[contact.first_name] }}",
        "{{ settings.SECRET_KEY }}",
        "{{ contact.first_name.__class__.__mro__ }}",
    ],
)
def it_refuses_a_name_that_is_not_on_the_list(text: str) -> None:
    with pytest.raises(UnknownFieldError, match=r"write contact\.first_name"):
        compile_merge(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ contact.first_name | escape }}",
        "{{ contact.first_name | append: 'x' }}",
        "{{ contact.first_name | default }}",
        "{{ contact.first_name | default: contact.last_name }}",
        "{{ contact.first_name | default: 'x', allow_false: true }}",
        "{{ contact.first_name | default: 7 }}",
        "{{ contact.first_name | upcase: 1 }}",
        "{{ contact.first_name | truncate: 0 }}",
        "{{ contact.first_name | truncate: 99999999999999999999 }}",
        "{{ contact.first_name | truncate: 'x' }}",
        "{{ contact.first_name | truncate: 1, 'x', 'y' }}",
        "{{ contact.fields.since | date: '%c' }}",
        "{{ contact.fields.since | date: '%' }}",
        "{{ contact.fields.since | date }}",
    ],
)
def it_refuses_a_filter_that_is_not_on_the_list(text: str) -> None:
    with pytest.raises(BadFilterError, match="cannot stand here: write default"):
        compile_merge(text)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def it_refuses_an_empty_value(text: str) -> None:
    with pytest.raises(EmptyValueError):
        compile_merge(text)


def it_refuses_a_default_that_says_nothing() -> None:
    with pytest.raises(EmptyDefaultError):
        compile_merge('{{ contact.first_name | default: " " }}')


def it_refuses_a_value_that_is_longer_than_a_message() -> None:
    with pytest.raises(LongValueError):
        compile_merge("x" * 1025)


def it_uses_the_default_for_who_has_nothing_or_only_spaces() -> None:
    field = compile_merge('{{ contact.first_name | default: "friend" }}')

    assert [
        field.render(contact) for contact in (NOBODY, {"first_name": " \n "}, {}, {"first_name": None})
    ] == ["friend"] * 4


def it_says_which_fields_must_not_be_empty() -> None:
    field = compile_merge(
        "{{ contact.first_name | default: 'a' }} {{ contact.fields.code }} {{ contact.country }}"
    )

    assert field.fields == {"first_name", "fields.code", "country"}
    assert field.required == {"fields.code", "country"}
    assert not field.has_default


def it_needs_nothing_of_anybody_for_a_plain_text() -> None:
    field = compile_merge("Bones festes")

    assert (field.fields, field.required, field.has_default) == (frozenset(), frozenset(), True)


def it_gives_an_empty_text_when_a_required_field_is_empty() -> None:
    assert compile_merge("{{ contact.first_name }}").render(NOBODY) == ""


def it_makes_line_breaks_tabs_and_long_gaps_one_space() -> None:
    contact = {"first_name": " Ona\r\n\tMaria      Puig "}

    assert compile_merge("{{ contact.first_name }}").render(contact) == "Ona Maria Puig"
    assert compile_merge("Hola\n{{ contact.first_name | upcase }}").render(contact) == "Hola ONA MARIA PUIG"


def it_never_reads_a_persons_record_as_a_field() -> None:
    contact = {"first_name": "{{ contact.last_name }}{% x %}", "last_name": "secret"}

    assert compile_merge("{{ contact.first_name }}").render(contact) == "{{ contact.last_name }}{% x %}"


_SYNTAX = st.sampled_from(
    [
        "{{", "}}", "{%", "%}", "${", "}", "7*7", "contact", ".", "first_name", "fields", "size", "__class__", "|", " ",
        "default", ":", "'", '"', "x", "upcase", "truncate", "20", ",", "[", "]", "-", "raw", "endraw", "\n", "é", "{#",
        "if", "else", "true", "nil", "(1..3)", "date", "%d", "settings", "\\", "\x00",
    ]
)  # fmt: skip


@given(st.lists(_SYNTAX, max_size=14).map("".join) | st.text(max_size=60))
@example("{{7*7}}")
@example("{{ contact.first_name | default: '{{7*7}}' }}")
@example("{%raw%}{{7*7}}{%endraw%}")
@example("${7*7}#{7*7}<%= 7*7 %>")
@example("{{ contact.fields.__class__ }}")
def it_reads_only_allowed_names_whatever_is_written(text: str) -> None:
    """Reliability requirement 31: only allow-listed names are substituted, everything else comes out literally."""
    asked: list[str] = []

    class Watched(dict[str, object]):
        def get(self, key: str, default: object = None, /) -> object:
            asked.append(key)
            return super().get(key, default)

    try:
        field = compile_merge(text)
    except MessageTemplateError:
        return
    rendered = field.render(Watched(ASHA, fields=Watched(size="38")))

    assert {name for name in field.fields if not name.startswith("fields.")} <= CONTACT_FIELDS
    assert set(asked) <= CONTACT_FIELDS | {"fields"} | {name.removeprefix("fields.") for name in field.fields}
    if not field.fields:
        assert rendered == fitted(text)


@given(st.text(max_size=80))
def it_puts_whatever_stands_in_the_record_out_literally(name: str) -> None:
    rendered = compile_merge("{{ contact.first_name }}").render({"first_name": name})

    assert rendered == fitted(name)


@given(st.text(max_size=40))
def it_explains_every_refusal_in_a_sentence(text: str) -> None:
    try:
        compile_merge("{{" + text + "}}")
    except MessageTemplateError as error:
        assert str(error).endswith(".")
        assert "write" in str(error)
