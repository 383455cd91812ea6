"""Say a segment in one sentence, in the reader's language: what lists, campaigns and the command line show.

It asks nothing of the database.  Negations are pushed down to the conditions, so that "none of these" reads as
people would say it; what joins conditions in the other way than around it stands in brackets.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final, Literal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal
from django.conf import settings
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as later

from difusio.segments.tree import (
    FIELD_PREFIX,
    AllOf,
    AnyOf,
    Did,
    FieldIs,
    Leaf,
    Messaged,
    Node,
    Not,
    Outcome,
    Scalar,
)

# A list of a hundred towns is not read: the first few say what kind of list it is.
_NAMED: Final = 6

Joint = Literal["and", "or"]


@dataclass(frozen=True, slots=True)
class _Said:
    """Clauses, and what joins them."""

    clauses: tuple[str, ...]
    joint: Joint = "and"


@dataclass(frozen=True, slots=True)
class _Verb:
    """What somebody did, did not do, and never did."""

    did: str
    did_not: str
    never: str


# Events that most shops have, as people say them; others are named by what they are called.
_VERBS: Final[Mapping[str, _Verb]] = {
    "bought": _Verb(later("who bought"), later("who did not buy"), later("who never bought")),
    "returned": _Verb(
        later("who returned something"), later("who returned nothing"), later("who never returned anything")
    ),
    "visited": _Verb(later("who visited"), later("who did not visit"), later("who never visited")),
    "abandoned_cart": _Verb(
        later("who left a cart"), later("who did not leave a cart"), later("who never left a cart")
    ),
}
_OTHER_VERB: Final = _Verb(
    later("who did %(event)s"), later("who did not do %(event)s"), later("who never did %(event)s")
)
_OUTCOMES: Final[Mapping[Outcome, tuple[str, str]]] = {
    "sent": (later("to whom we sent a message"), later("to whom we sent no message")),
    "delivered": (later("who got a message of ours"), later("who got no message of ours")),
    "read": (later("who read a message of ours"), later("who read no message of ours")),
    "replied": (later("who replied to a message of ours"), later("who replied to no message of ours")),
    "left": (later("who left after a message of ours"), later("who left after no message of ours")),
    "failed": (later("whom a message of ours did not reach"), later("whom every message of ours reached")),
}
# What a column is called in the middle of a sentence.
_COLUMNS: Final[Mapping[str, str]] = {
    "first_name": later("the first name"),
    "last_name": later("the last name"),
    "language": later("the language"),
    "country": later("the country"),
    "time_zone": later("the time zone"),
}
_EMPTY: Final[Mapping[str, tuple[str, str]]] = {
    "first_name": (later("without a first name"), later("with a first name")),
    "last_name": (later("without a last name"), later("with a last name")),
    "language": (later("without a language"), later("with a language")),
    "country": (later("without a country"), later("with a country")),
    "time_zone": (later("without a time zone"), later("with a time zone")),
}
_IS: Final[Mapping[str, tuple[str, str]]] = {
    "language": (later("whose language is %(value)s"), later("whose language is not %(value)s")),
    "country": (later("whose country is %(value)s"), later("whose country is not %(value)s")),
    "first_name": (later("called %(value)s"), later("not called %(value)s")),
}
_IS_OTHERWISE: Final = (
    later("for whom %(field)s is %(value)s"),
    later("for whom %(field)s is not %(value)s"),
)


def sentence(tree: Node, *, topics: Mapping[str, str], zone: tzinfo = UTC) -> str:
    """Say whom the tree means, with a full stop.  topics: name by key.  zone: in which dates are written."""
    said = _Speaker(topics, zone).say(tree, is_not=False)
    return _("People %(who)s.") % {"who": _joined(said.clauses, said.joint)}


def clause(tree: Node, *, topics: Mapping[str, str], zone: tzinfo = UTC) -> str:
    """Say one condition, or a group, as it stands within the sentence."""
    said = _Speaker(topics, zone).say(tree, is_not=False)
    return _joined(said.clauses, said.joint)


def language_name(code: str) -> str:
    """Give a language's name in the reader's, with its country if it says one, or the code where it has none."""
    whole = code.replace("-", "_")
    language, _, country = whole.partition("_")
    known = _locale().languages
    name = str(known.get(whole) or known.get(language, code))
    return f"{name} ({country_name(country)})" if country and whole not in known else name


def country_name(code: str) -> str:
    """Give a country's name in the reader's language, or the code where it has none."""
    return str(_locale().territories.get(code, code))


def quoted(text: str) -> str:
    """Put a word from outside between the reader's quotation marks."""
    return _("“%(text)s”") % {"text": text}


@dataclass(frozen=True, slots=True)
class _Speaker:
    topics: Mapping[str, str]
    zone: tzinfo

    def say(self, node: Node, *, is_not: bool) -> _Said:
        if isinstance(node, Not):
            return self.say(node.node, is_not=not is_not)
        if isinstance(node, AllOf | AnyOf):
            # Not "all of them" is "one of them not", and the other way round.
            joint: Joint = "and" if isinstance(node, AllOf) is not is_not else "or"
            return _together((self.say(each, is_not=is_not) for each in node.nodes), joint)
        return _Said((self._leaf(node, is_not=is_not),))

    def _leaf(self, node: Leaf, *, is_not: bool) -> str:
        if isinstance(node, FieldIs):
            return self._field(node, is_not=is_not)
        if isinstance(node, Did):
            return self._did(node, is_not=is_not)
        if isinstance(node, Messaged):
            return self._messaged(node, is_not=is_not)
        text = _("who do not agree to %(topic)s") if is_not else _("who agree to %(topic)s")
        return text % {"topic": self._topic(node.topic)}

    def _field(self, node: FieldIs, *, is_not: bool) -> str:
        name = quoted(node.name.removeprefix(FIELD_PREFIX))
        if node.name in _COLUMNS:
            name = _(_COLUMNS[node.name])
        if node.test == "is_empty":
            return _empty(node.name, name, is_empty=bool(node.value) is not is_not)
        if node.test == "contains":
            text = _("without %(text)s in %(field)s") if is_not else _("with %(text)s in %(field)s")
            return text % {"text": quoted(str(node.value)), "field": name}
        if node.test in {"at_least", "at_most"}:
            return self._bounded(node, name, is_not=is_not)
        values = node.value if isinstance(node.value, tuple) else (node.value,)
        is_other = (node.test == "is_not") is not is_not
        text = _(_IS.get(node.name, _IS_OTHERWISE)[is_other])
        return text % {"field": name, "value": _alternatives(_value(node.name, each) for each in values)}

    def _bounded(self, node: FieldIs, name: str, *, is_not: bool) -> str:
        value = node.value
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            values = {"field": name, "bound": _date(moment) if len(value) <= len("2026-01-01") else value}
            if node.test == "at_least":
                text = (
                    _("without %(field)s from %(bound)s on")
                    if is_not
                    else _("with %(field)s from %(bound)s on")
                )
            else:
                text = (
                    _("without %(field)s up to %(bound)s") if is_not else _("with %(field)s up to %(bound)s")
                )
            return text % values
        values = {"field": name, "bound": _number(value if isinstance(value, Decimal) else Decimal(0))}
        if node.test == "at_least":
            text = (
                _("without %(field)s of %(bound)s or more")
                if is_not
                else _("with %(field)s of %(bound)s or more")
            )
        else:
            text = (
                _("without %(field)s of %(bound)s or less")
                if is_not
                else _("with %(field)s of %(bound)s or less")
            )
        return text % values

    def _did(self, node: Did, *, is_not: bool) -> str:
        verb = _VERBS.get(node.event, _OTHER_VERB)
        is_never = node.at_most == 0 and not node.sum_of
        window = self._window(node)
        if is_never:
            # Not never is once at least.
            form, times = (verb.did, "") if is_not else (verb.did_not if window else verb.never, "")
        else:
            form, times = (verb.did_not if is_not else verb.did), _times(node)
        parts = (
            _(form) % {"event": quoted(node.event)} if "%(" in form else _(form),
            times,
            window,
            _sum(node),
            _properties(node.where),
        )
        return " ".join(part for part in parts if part)

    def _window(self, node: Did) -> str:
        if node.within_days is not None:
            return _lately(node.within_days)
        after, before = node.after, node.before
        if after is not None and before is not None:
            return _("from %(first)s to %(last)s") % {
                "first": self._moment(after),
                "last": self._last_moment(before),
            }
        if after is not None:
            return _("since %(first)s") % {"first": self._moment(after)}
        return _("until %(last)s") % {"last": self._last_moment(before)} if before is not None else ""

    def _moment(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        if _is_midnight(local):
            return _date(local)
        # A bare date is midnight in UTC.
        if _is_midnight(moment.astimezone(UTC)):
            return _date(moment.astimezone(UTC))
        return str(format_datetime(local, "short", locale=_locale()))

    def _last_moment(self, end: datetime) -> str:
        """Say the last day that is meant, or the moment: an end at midnight leaves its own day out."""
        if _is_midnight(end.astimezone(self.zone)) or _is_midnight(end.astimezone(UTC)):
            return self._moment(end - timedelta(days=1))
        return self._moment(end)

    def _messaged(self, node: Messaged, *, is_not: bool) -> str:
        parts = [_(_OUTCOMES[node.outcome][is_not])]
        if node.topic:
            parts.append(_("about %(topic)s") % {"topic": self._topic(node.topic)})
        if node.template:
            parts.append(_("of the template %(template)s") % {"template": quoted(node.template)})
        if node.within_days is not None:
            parts.append(_lately(node.within_days))
        return " ".join(parts)

    def _topic(self, key: str) -> str:
        return quoted(self.topics.get(key, key))


def _together(parts: Iterable[_Said], joint: Joint) -> _Said:
    clauses: list[str] = []
    for part in parts:
        if part.joint == joint or len(part.clauses) == 1:
            clauses += part.clauses
        else:
            clauses.append(f"({_joined(part.clauses, part.joint)})")
    return _Said(tuple(clauses), joint)


def _joined(clauses: Sequence[str], joint: Joint) -> str:
    return str(format_list(list(clauses), style="or" if joint == "or" else "standard", locale=_locale()))


def _empty(column: str, name: str, *, is_empty: bool) -> str:
    if column in _EMPTY:
        return _(_EMPTY[column][not is_empty])
    return (_("with %(field)s empty") if is_empty else _("with %(field)s filled in")) % {"field": name}


def _value(column: str, value: Scalar) -> str:
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if column == "language":
        return language_name(value)
    if column == "country":
        return country_name(value)
    return quoted(value)


def _alternatives(values: Iterable[str]) -> str:
    named = list(values)
    rest = len(named) - _NAMED
    if rest > 0:
        named = [*named[:_NAMED], ngettext("%(n)s more", "%(n)s more", rest) % {"n": _number(Decimal(rest))}]
    return str(format_list(named, style="or", locale=_locale()))


def _times(node: Did) -> str:
    low, high = node.at_least, node.at_most
    if low is None and high is None:
        return ""
    if low == high and low is not None:
        return _("exactly once") if low == 1 else _("exactly %(n)s times") % {"n": _whole(low)}
    if low is not None and high is not None:
        return _("between %(low)s and %(high)s times") % {"low": _whole(low), "high": _whole(high)}
    if high is not None:
        return _("at most once") if high == 1 else _("at most %(n)s times") % {"n": _whole(high)}
    return _("at least once") if low == 1 else _("at least %(n)s times") % {"n": _whole(low or 0)}


def _lately(days: int) -> str:
    return _("in the last day") if days == 1 else _("in the last %(n)s days") % {"n": _whole(days)}


def _sum(node: Did) -> str:
    if not node.sum_of:
        return ""
    least, most = node.sum_at_least, node.sum_at_most
    values = {"property": quoted(node.sum_of)}
    if least is not None and most is not None:
        values |= {"low": _number(least), "high": _number(most)}
        return _("with between %(low)s and %(high)s of %(property)s in total") % values
    if least is not None:
        return _("with at least %(low)s of %(property)s in total") % (values | {"low": _number(least)})
    return _("with at most %(high)s of %(property)s in total") % (
        values | {"high": _number(most or Decimal(0))}
    )


def _properties(where: Sequence[tuple[str, Scalar]]) -> str:
    if not where:
        return ""
    pairs = [
        _("%(property)s equal to %(value)s") % {"property": quoted(name), "value": _value("", value)}
        for name, value in where
    ]
    return _("with %(properties)s") % {"properties": format_list(pairs, locale=_locale())}


def _date(moment: datetime) -> str:
    return str(format_date(moment.date(), "long", locale=_locale()))


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def _whole(number: int) -> str:
    return _number(Decimal(number))


def _number(number: Decimal) -> str:
    return format_decimal(number, locale=_locale(), decimal_quantization=False)


def _locale() -> Locale:
    return Locale.parse(get_language() or settings.LANGUAGE_CODE, sep="-")
