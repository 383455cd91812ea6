"""Compare who should have got a message with who did.  Pure: everything is handed in.

A person counts as one however addressed.  What the platform itself says of a delivery excuses nothing, except where
it is said here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from difusio_checker.inputs import Act, Person, by_customer, live_at
from difusio_checker.outside import LedgerRow, Member, Seen
from difusio_checker.segment import is_meant

# Leaving takes effect within so many seconds (design, invariant 6).
LEAVING_S: Final = 5.0
_PAUSED: Final = ("US",)
_EXAMPLES: Final = 5
# A message that failed because the person gets enough marketing may be tried once more, a day later.
_MAY_BE_TRIED_AGAIN: Final = 131049
# What the audience says of people whose turn has not come, or will not: counted apart, and few may there be.
_UNSENT: Final = frozenset({"queued", "claimed", "sending", "expired", "cancelled"})


@dataclass(frozen=True, slots=True)
class Case:
    """What is compared.  since: campaign messages accepted before do not count; templates: empty for all."""

    people: Mapping[str, Person]
    acts: list[Act]
    segment: Mapping[str, Any]
    audience: list[Member]
    ledger: list[LedgerRow]
    seen: Seen
    topic: str
    launched_at: datetime
    since: float
    templates: frozenset[str] = frozenset()
    allow_parked: int = 0
    allow_unsent: int = 0


@dataclass(slots=True)
class Result:
    """What was found, as numbers; examples holds customer numbers for those that should be nought."""

    expected: int = 0
    received: int = 0
    lost: int = 0
    sent_twice: int = 0
    without_consent: int = 0
    after_leaving: int = 0
    strangers: int = 0
    withdrawn: int = 0
    refused: int = 0
    parked: int = 0
    in_doubt: int = 0
    capped: int = 0
    unsent: int = 0
    leavings: int = 0
    confirmed_once: int = 0
    confirmed_more: int = 0
    unconfirmed: int = 0
    audience_differs: dict[str, int] = field(default_factory=lambda: {"missing": 0, "extra": 0, "twice": 0})
    ledger_differs: dict[str, int] = field(default_factory=lambda: {"missing": 0, "extra_grants": 0})
    examples: dict[str, list[str]] = field(default_factory=dict)
    holds: bool = False

    def note(self, name: str, people: Iterable[str]) -> int:
        """Keep some examples; give how many there are."""
        found = sorted(people)
        if found:
            self.examples[name] = found[:_EXAMPLES]
        return len(found)

    def as_json(self) -> dict[str, Any]:
        """Give the result as plain values."""
        return asdict(self)


def judge(case: Case) -> Result:
    """Find what is wrong.  ``holds`` is True only when nothing is."""
    result, who = Result(), _Who(case.people)
    meant = {key for key, person in case.people.items() if is_meant(case.segment, person, case.launched_at)}
    states = _audience(case, who, meant, result)
    _ledger(case, who, result)
    received = _received(case, who, result)
    _lost(case, who, meant, states, received, result)
    _leavings(case, who, result)
    result.parked = sum(member.state == "parked" for member in case.audience)
    result.in_doubt = sum(member.state == "in_doubt" for member in case.audience)
    wrong = (
        result.lost + result.sent_twice + result.without_consent + result.after_leaving + result.strangers
        + result.confirmed_more + result.unconfirmed + result.in_doubt + max(0, result.parked - case.allow_parked)
        + max(0, result.unsent - case.allow_unsent)
        + sum(result.audience_differs.values()) + sum(result.ledger_differs.values())
    )  # fmt: skip
    result.holds = wrong == 0
    return result


class _Who:
    """Finds the person behind an address, or a row of an export."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self._known = people
        self._by_address: dict[str, str] = {}
        for key, person in people.items():
            for address in (person.phone, person.user_id):
                if address:
                    self._by_address[address] = key

    def at(self, address: str, person: str) -> str:
        """Give the customer number; for somebody unknown the simulator's key, marked."""
        return self._by_address.get(address) or f"?{person}"

    def of(self, row: Member | LedgerRow) -> str:
        """Give the customer number of an exported row."""
        if row.customer in self._known:
            return row.customer
        found = self._by_address.get(row.phone) or self._by_address.get(row.user_id)
        return found or f"?{row.customer or row.phone or row.user_id}"


def _audience(case: Case, who: _Who, meant: set[str], result: Result) -> dict[str, Member]:
    """Compare the frozen audience with those whom the segment means by the input."""
    states: dict[str, Member] = {}
    twice: set[str] = set()
    for member in case.audience:
        key = who.of(member)
        if key in states:
            twice.add(key)
        states[key] = member
    result.audience_differs = {
        "missing": result.note("audience_missing", meant - states.keys()),
        "extra": result.note("audience_extra", states.keys() - meant),
        "twice": result.note("audience_twice", twice),
    }
    return states


def _ledger(case: Case, who: _Who, result: Result) -> None:
    """Every act of the input stands in the ledger, and no grant that the input does not hold."""
    asked = {(act.customer, act.is_grant, act.at) for act in case.acts if act.topic == case.topic}
    told = {(who.of(row), row.is_grant, row.at) for row in case.ledger if row.topic == case.topic}
    result.ledger_differs = {
        "missing": result.note("ledger_missing", {key for key, _, _ in asked - told}),
        "extra_grants": result.note("ledger_extra_grants", {key for key, grant, _ in told - asked if grant}),
    }


def _received(case: Case, who: _Who, result: Result) -> set[str]:
    """Look at each campaign message that the simulator accepted: to whom, how often, allowed by what."""
    ledger: dict[str, list[LedgerRow]] = {}
    for row in case.ledger:
        if row.topic == case.topic:
            ledger.setdefault(who.of(row), []).append(row)
    left_at = _left_at(case, who)
    times: Counter[tuple[str, str]] = Counter()
    without: set[str] = set()
    late: set[str] = set()
    for message in case.seen.accepted:
        if not message.is_template or message.at < case.since:
            continue
        if case.templates and message.template not in case.templates:
            continue
        key = who.at(message.address, message.person)
        times[key, message.content_hash] += message.failed_with != _MAY_BE_TRIED_AGAIN
        if not _is_allowed(ledger.get(key, []), message.at):
            without.add(key)
        if key in left_at and message.at > left_at[key] + LEAVING_S:
            late.add(key)
    received = {key for key, _ in times}
    result.received = len(received)
    result.sent_twice = result.note("sent_twice", [key for (key, _), n in times.items() if n > 1])
    result.without_consent = result.note("without_consent", without)
    result.after_leaving = result.note("after_leaving", late)
    result.strangers = result.note("strangers", [key for key in received if key.startswith("?")])
    return received


def _is_allowed(rows: list[LedgerRow], at: float) -> bool:
    """Tell whether, of what was known when a message was accepted, the latest act is a grant."""
    known = [(row.at, not row.is_grant) for row in rows if row.known_at.timestamp() <= at]
    return bool(known) and not max(known)[1]


def _lost(
    case: Case, who: _Who, meant: set[str], states: Mapping[str, Member], received: set[str], result: Result
) -> None:
    """Count who should have got it by the input and did not, and whether that has a reason seen from outside."""
    acts = by_customer([act for act in case.acts if act.topic == case.topic])
    expected = {key for key in meant if _may_get(case.people[key], acts.get(key, []), case.launched_at)}
    result.expected = len(expected)
    missed = expected - received
    # Who left after the last message went out was missed for another reason.
    last = max((message.at for message in case.seen.accepted if message.is_template), default=0.0) + LEAVING_S
    left = {
        who.of(row)
        for row in case.ledger
        if row.topic == case.topic
        and not row.is_grant
        and case.launched_at.timestamp() <= row.known_at.timestamp() <= last
    }
    left |= {key for key, at in _left_at(case, who).items() if at <= last}
    withdrawn = missed & left
    refused = {key for key in missed if key in states and states[key].state == "refused"}
    # The simulator counts refusals by code, not by person: it must have refused at least as many requests.
    if len(refused) > sum(case.seen.refused.values()):
        refused = set()
    open_ends = {key for key in missed if key in states and states[key].state in {"parked", "in_doubt"}}
    unsent = {key for key in missed if key in states and states[key].state in _UNSENT}
    capped = {
        key for key in missed & _got_another(case, who) if key in states and states[key].reason == "capped"
    }
    result.withdrawn, result.refused = len(withdrawn), len(refused)
    result.unsent, result.capped = len(unsent - withdrawn), len(capped)
    result.lost = result.note("lost", missed - withdrawn - refused - open_ends - unsent - capped)


def _got_another(case: Case, who: _Who) -> set[str]:
    """Give those who got a template message that is not counted here: they may have had their share of marketing."""
    return {
        who.at(message.address, message.person)
        for message in case.seen.accepted
        if message.is_template
        and (message.at < case.since or (case.templates and message.template not in case.templates))
    }


def _may_get(person: Person, acts: list[Act], at: datetime) -> bool:
    """Tell whether a person can be written to by the input: an address, a live grant, no pause where they live."""
    if not (person.phone or person.user_id):
        return False
    # The phone decides where there is one; a user id begins with its country.
    country = person.columns.get("country", "") if person.phone else person.user_id[:2]
    return country not in _PAUSED and live_at(acts, at)


def _left_at(case: Case, who: _Who) -> dict[str, float]:
    """Give when each person who left in the simulator, and did not come back, left first."""
    left: dict[str, float] = {}
    for act in case.seen.written:
        key = who.at(act.address, act.person)
        if act.is_return:
            left.pop(key, None)
        elif act.is_leaving:
            left.setdefault(key, act.at)
    return left


def _wrote_so(case: Case, who: _Who) -> set[str]:
    """Give the people whose first leaving was a message or a tap."""
    first: dict[str, bool] = {}
    for act in case.seen.written:
        if act.is_leaving:
            first.setdefault(who.at(act.address, act.person), act.is_native)
    return {key for key, is_native in first.items() if not is_native}


def _leavings(case: Case, who: _Who, result: Result) -> None:
    """Count the free texts that people got after they left: one confirms, more are too many, none is too few.

    Who left by WhatsApp's own switch first is told so by WhatsApp, and need not hear it from us.
    """
    left = _left_at(case, who)
    result.leavings = len(left)
    texts: Counter[str] = Counter()
    for message in case.seen.accepted:
        key = who.at(message.address, message.person)
        if not message.is_template and key in left and message.at >= left[key]:
            texts[key] += 1
    result.confirmed_once = sum(n == 1 for n in texts.values())
    result.confirmed_more = result.note("confirmed_more", [key for key, n in texts.items() if n > 1])
    result.unconfirmed = result.note("unconfirmed", _wrote_so(case, who) & left.keys() - texts.keys())


def launched_at(audience: list[Member]) -> datetime:
    """Give when the audience was frozen: the time of its first row."""
    return min((member.at for member in audience), default=datetime.now(UTC))
