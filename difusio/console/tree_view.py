"""What the form of a segment's tree shows: for every input its choices and suggestions, in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from difusio.common.plain_words import plain_words
from difusio.console.tree_form import LEAVES, OTHER, Part, event_name, field_name
from difusio.segments.known import Kind, Known
from difusio.segments.sentence import country_name, language_name
from difusio.segments.tree import COLUMNS, FIELD_PREFIX, MAX_PROPERTIES, OUTCOMES

GROUP_WORDS: Final = {
    "all": gettext_lazy("All of these hold"),
    "any": gettext_lazy("At least one of these holds"),
    "none": gettext_lazy("None of these holds"),
}
LEAF_WORDS: Final = {
    "field": gettext_lazy("What we know of them"),
    "event": gettext_lazy("What they did"),
    "delivery": gettext_lazy("What became of our messages"),
    "consent": gettext_lazy("What they agreed to"),
}
_COLUMN_WORDS: Final = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "language": gettext_lazy("Language"),
    "country": gettext_lazy("Country"),
    "time_zone": gettext_lazy("Time zone"),
}
_TEST_WORDS: Final = {
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "in": gettext_lazy("is one of"),
    "contains": gettext_lazy("contains"),
    "at_least": gettext_lazy("is at least"),
    "at_most": gettext_lazy("is at most"),
    "filled": gettext_lazy("is filled in"),
    "empty": gettext_lazy("is empty"),
}
_TIMES_WORDS: Final = {
    "some": gettext_lazy("at least once"),
    "at_least": gettext_lazy("at least so often"),
    "at_most": gettext_lazy("at most so often"),
    "exactly": gettext_lazy("exactly so often"),
    "between": gettext_lazy("between so and so often"),
    "never": gettext_lazy("never"),
}
_WHEN_WORDS: Final = {
    "ever": gettext_lazy("ever"),
    "lately": gettext_lazy("in the last days"),
    "since": gettext_lazy("since a day"),
    "until": gettext_lazy("until a day"),
    "between": gettext_lazy("between two days"),
}
_OUTCOME_WORDS: Final = {
    "sent": gettext_lazy("was sent to them"),
    "delivered": gettext_lazy("reached them"),
    "read": gettext_lazy("was read by them"),
    "replied": gettext_lazy("was replied to"),
    "left": gettext_lazy("made them leave"),
    "failed": gettext_lazy("did not reach them"),
}
_KIND_WORDS: Final = {
    "text": gettext_lazy("text"),
    "number": gettext_lazy("number"),
    "yes_no": gettext_lazy("yes or no"),
}
EVENT_WORDS: Final = {
    "bought": gettext_lazy("Bought"),
    "returned": gettext_lazy("Returned something"),
    "visited": gettext_lazy("Visited"),
    "abandoned_cart": gettext_lazy("Left a cart"),
}
# Of these there are few: they are ticked instead of typed.
_TICKED: Final = frozenset({"language", "country"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a choice."""

    value: str
    word: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A property that an event must have."""

    number: str
    key: str
    value: str
    kinds: Sequence[Choice]
    key_error: str
    value_error: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of the tree as the page draws it.

    number: its place among its siblings, from 1.  choices: input → its options.  suggestions: input → what was found.
    input_type: of the value: text, number or date.
    """

    part: Part
    word: str
    number: int
    is_first: bool
    is_last: bool
    parts: Sequence["Shown"] = ()
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    suggestions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    is_other: bool = False
    is_ticked: bool = False
    input_type: str = "text"
    has_more: bool = False

    @property
    def text(self) -> Mapping[str, str]:
        """Give every input as it was typed."""
        return {name: self.part.text(name) for name in self.part.inputs}

    @property
    def error(self) -> str:
        """Say what is wrong with the part as a whole."""
        return self.part.errors.get("", "")

    @property
    def after_type(self) -> str:
        """Say what kind of input holds the first day: of a moment within a day another one."""
        return "datetime-local" if "T" in self.part.text("after") else "date"

    @property
    def before_type(self) -> str:
        """Say what kind of input holds the last day."""
        return "datetime-local" if "T" in self.part.text("before") else "date"

    @property
    def values(self) -> str:
        """Give the values of a list, a line each."""
        return "\n".join(self.part.lines("values"))

    @property
    def lines(self) -> int:
        """Say how tall the list is."""
        return min(max(len(self.part.lines("values")) + 1, 3), 10)


def shown(part: Part, known: Known, *, place: int = 0, of: int = 1) -> Shown:
    """Give what the page draws of a part and of all below it.  Asks nothing of the database."""
    if part.is_group:
        parts = [shown(each, known, place=at, of=len(part.parts)) for at, each in enumerate(part.parts)]
        return Shown(
            part,
            str(GROUP_WORDS[part.kind]),
            place + 1,
            place == 0,
            place == of - 1,
            parts=parts,
            choices={"kind": _choices(GROUP_WORDS, part.kind)},
        )
    draw = {"field": _field, "event": _event, "delivery": _delivery, "consent": _consent}[part.kind]
    return draw(part, known, _Frame(str(LEAF_WORDS[part.kind]), place + 1, place == 0, place == of - 1))


def kinds_to_add() -> Sequence[tuple[str, str]]:
    """Give what can be added to a group: each kind of condition and its words."""
    return [(kind, str(LEAF_WORDS[kind])) for kind in LEAVES]


@dataclass(frozen=True, slots=True)
class _Frame:
    word: str
    number: int
    is_first: bool
    is_last: bool


def _field(part: Part, known: Known, frame: _Frame) -> Shown:
    name = field_name(part)
    own = {f"{FIELD_PREFIX}{each}": each for each in sorted(known.fields, key=str.casefold)}
    is_other = part.text("name") == OTHER
    if name and not is_other and name not in COLUMNS and name not in own:
        own[name] = name.removeprefix(FIELD_PREFIX)
    is_own = name not in COLUMNS
    kind: Kind = known.fields.get(name.removeprefix(FIELD_PREFIX), "text") if is_own else "text"
    test = part.text("test")
    tests = dict(_TEST_WORDS)
    if not is_own:
        del tests["at_least"], tests["at_most"]
    if name in _TICKED:
        del tests["contains"]
    is_ticked = name in _TICKED and test == "in"
    choices = {
        "name": [
            *_choices(_COLUMN_WORDS, part.text("name")),
            *_choices(own, part.text("name")),
            *_choices({OTHER: _("Another field…")}, part.text("name")),
        ],
        "test": _choices(tests, test),
    }
    found = known.values.get(name, ())
    if name in _TICKED:
        say = language_name if name == "language" else country_name
        codes = dict.fromkeys(
            [*found, *part.lines("values"), *([part.text("value")] if part.text("value") else [])]
        )
        words = {code: say(code) for code in codes}
        key = "values" if is_ticked else "value"
        choices[key] = [
            Choice(code, word, code in (part.lines("values") if is_ticked else [part.text("value")]))
            for code, word in sorted(words.items(), key=lambda pair: plain_words(pair[1]))
        ]
    elif kind == "yes_no" and test in {"is", "is_not"}:
        choices["value"] = _choices({"true": _("yes"), "false": _("no")}, part.text("value"))
    return _shown(
        part,
        frame,
        choices=choices,
        suggestions={"value": found},
        is_other=is_other,
        is_ticked=is_ticked,
        input_type=_input_type(kind, test, part.text("value")),
    )


def _input_type(kind: Kind, test: str, value: str) -> str:
    if test not in {"at_least", "at_most"}:
        return "text"
    is_day = not value or len(value) == len("2026-03-31")
    if kind == "date" and is_day and (not value or value[4:5] == "-"):
        return "date"
    return "text"


def _event(part: Part, known: Known, frame: _Frame) -> Shown:
    name = event_name(part)
    is_other = part.text("name") == OTHER
    names = {each: str(EVENT_WORDS.get(each, each)) for each in known.events}
    if name and not is_other:
        names.setdefault(name, str(EVENT_WORDS.get(name, name)))
    properties = known.events.get(name, {})
    numbers = [key for key, kind in properties.items() if kind == "number"]
    if part.text("sum_of") and part.text("sum_of") not in numbers:
        numbers.append(part.text("sum_of"))
    rows = _rows(part, properties)
    return _shown(
        part,
        frame,
        choices={
            "name": [
                *([] if name or is_other else [Choice("", _("Choose…"), is_chosen=True)]),
                *_choices(names, part.text("name")),
                *_choices({OTHER: _("Another event…")}, part.text("name")),
            ],
            "times": _choices(_TIMES_WORDS, part.text("times") or "some"),
            "when": _choices(_WHEN_WORDS, part.text("when") or "ever"),
            "sum_of": [
                Choice("", _("nothing"), is_chosen=not part.text("sum_of")),
                *_choices({key: key for key in numbers}, part.text("sum_of")),
            ],
        },
        suggestions={"key": tuple(properties)},
        rows=rows,
        is_other=is_other,
        has_more=bool(part.text("sum_of") or part.text("low") or part.text("high") or rows[0].key),
    )


def _rows(part: Part, properties: Mapping[str, Kind]) -> list[Row]:
    """Give the properties asked for, and a row for one more."""
    written = [n for n in range(MAX_PROPERTIES) if part.text(f"key{n}") or part.text(f"value{n}")]
    last = min((written[-1] + 1) if written else 0, MAX_PROPERTIES - 1)
    rows = []
    for n in range(last + 1):
        key = part.text(f"key{n}")
        kind = part.text(f"kind{n}") or {"date": "text"}.get(
            properties.get(key, "text"), properties.get(key, "text")
        )
        rows.append(
            Row(
                str(n),
                key,
                part.text(f"value{n}"),
                _choices(_KIND_WORDS, kind),
                part.errors.get(f"key{n}", ""),
                part.errors.get(f"value{n}", ""),
            )
        )
    return rows


def _delivery(part: Part, known: Known, frame: _Frame) -> Shown:
    topic, template = part.text("topic"), part.text("template")
    return _shown(
        part,
        frame,
        choices={
            "outcome": _choices({key: _OUTCOME_WORDS[key] for key in OUTCOMES}, part.text("outcome")),
            "topic": [
                Choice("", _("any topic"), is_chosen=not topic),
                *_choices(_with(known.topics, topic), topic),
            ],
            "template": [
                Choice("", _("any template"), is_chosen=not template),
                *_choices(_with({each: each for each in known.templates}, template), template),
            ],
        },
    )


def _consent(part: Part, known: Known, frame: _Frame) -> Shown:
    topic = part.text("topic")
    return _shown(
        part,
        frame,
        choices={
            "topic": [
                *([] if topic else [Choice("", _("Choose…"), is_chosen=True)]),
                *_choices(_with(known.topics, topic), topic),
            ]
        },
    )


def _with(words: Mapping[str, str], chosen: str) -> Mapping[str, str]:
    """Keep what was chosen among the choices, also when it is gone."""
    return words if not chosen or chosen in words else {**words, chosen: chosen}


def _choices(words: Mapping[str, object], chosen: str) -> list[Choice]:
    return [Choice(value, str(word), value == chosen) for value, word in words.items()]


def _shown(part: Part, frame: _Frame, **more: object) -> Shown:
    return Shown(part, frame.word, frame.number, frame.is_first, frame.is_last, **more)  # type: ignore[arg-type]  # the names are those of Shown
