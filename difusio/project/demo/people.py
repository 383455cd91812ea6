"""Make up the people behind the customer numbers of any shop's orders, and what they agreed to; marked as made up."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from difusio.imports.order_lines import OrderLine, open_orders
from difusio.project.demo.dice import Dice
from difusio.project.demo.names import FIRST_NAMES, LAST_NAMES, READS, WORDINGS
from difusio.project.demo.phones import Phones
from difusio.project.demo.segment import DEMO_TOPIC

PEOPLE_FILE: Final = "people.csv"
CONSENTS_FILE: Final = "consents.csv"
SOURCE: Final = "demo shop checkout"

_PEOPLE_HEADER: Final = (
    *("customer", "first_name", "last_name", "phone", "user_id", "language", "country", "time_zone"),
    "made_up",
)
_CONSENTS_HEADER: Final = (
    *("customer", "topic", "consent", "consent_at", "consent_language", "consent_wording", "consent_source"),
    *("consent_proof", "made_up"),
)

_NEVER_AGREED: Final = 0.12
_WITHDREW: Final = 0.06
_ONLY_USER_ID: Final = 0.06
_BOTH: Final = 0.10
_NAMELESS: Final = 0.004
_AGREED_LATER: Final = 0.3
# So many people have American phones at least, so that Meta's pause of marketing there shows.
_AMERICANS: Final = 2
_USER_ID_DIGITS: Final = 18

_ZONES: Final = {
    "AD": "Europe/Andorra",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "IE": "Europe/Dublin",
    "IT": "Europe/Rome",
    "PT": "Europe/Lisbon",
    "US": "America/New_York",
}


@dataclass(frozen=True, slots=True)
class MadeUp:
    """What was written.  shift: add it to every time of the orders, so that the last falls on yesterday."""

    people_file: Path
    consents_file: Path
    shift: timedelta
    customers: int
    with_phone_only: int
    with_user_id_only: int
    with_both: int
    american: int
    nameless: int
    granted: int
    withdrew: int
    never_agreed: int


class Customer(NamedTuple):
    """A customer number of the orders: where, and from when to when they bought or returned (not shifted)."""

    number: str
    country: str
    first_at: datetime
    last_at: datetime


class _Person(NamedTuple):
    """A made-up person.  granted_at, withdrew_at: shifted; None where they never did."""

    cells: tuple[str, ...]
    customer: str
    language: str
    granted_at: datetime | None
    withdrew_at: datetime | None


def write_people(orders: Path, folder: Path, *, seed: int, at: datetime, zone: ZoneInfo) -> MadeUp:
    """Write ``people.csv`` and ``consents.csv`` for the customers of a CSV of orders.

    zone: where the orders' local times are.  The same arguments give the same bytes.
    Raises ImportRefused when the orders cannot be read.
    """
    customers = list(customers_of(orders, zone))
    shift = shift_to_yesterday(max(each.last_at for each in customers), at=at, zone=zone)
    people = list(_people(customers, Dice(seed), shift=shift, at=at))
    _write(folder / PEOPLE_FILE, _PEOPLE_HEADER, [person.cells for person in people])
    _write(folder / CONSENTS_FILE, _CONSENTS_HEADER, [row for each in people for row in _consents(each)])
    return _summary(folder, shift, people)


def customers_of(orders: Path, zone: ZoneInfo) -> Iterator[Customer]:
    """Give each customer of the orders once, sorted by number.  Raises ImportRefused."""
    found: dict[str, Customer] = {}
    for line in open_orders(orders, zone=zone).lines():
        if not isinstance(line, OrderLine):
            continue
        old = found.get(line.customer)
        found[line.customer] = Customer(
            line.customer,
            line.country or (old.country if old else ""),
            min(old.first_at, line.at) if old else line.at,
            max(old.last_at, line.at) if old else line.at,
        )
    return iter([found[number] for number in sorted(found)])


def shift_to_yesterday(last_at: datetime, *, at: datetime, zone: ZoneInfo) -> timedelta:
    """Give the whole days that bring the last order to the day before ``at``, at its own time of day."""
    yesterday = at.astimezone(zone).date() - timedelta(days=1)
    return yesterday - last_at.astimezone(zone).date()


def _people(
    customers: Sequence[Customer], dice: Dice, *, shift: timedelta, at: datetime
) -> Iterator[_Person]:
    phones = Phones(dice)
    americans = _americans(customers)
    for customer in customers:
        is_american = customer.number in americans
        yield _person(
            customer, "US" if is_american else customer.country, phones, shift, at, is_sure=is_american
        )


def _americans(customers: Sequence[Customer]) -> set[str]:
    """Choose who has an American phone though the orders name too few: those who bought last."""
    own = [each.number for each in customers if each.country == "US"]
    if len(own) >= _AMERICANS:
        return set(own[:_AMERICANS])
    latest = sorted(customers, key=lambda each: (each.last_at, each.number), reverse=True)
    return set(own) | {each.number for each in latest[: _AMERICANS - len(own)]}


def _person(
    customer: Customer, country: str, phones: Phones, shift: timedelta, at: datetime, *, is_sure: bool
) -> _Person:
    """Make one person up.  is_sure: they have a phone and agreed, because the demo needs them."""
    dice, number = phones.dice, customer.number
    language = _language(dice, number, country)
    reach = 1.0 if is_sure else dice.chance(number, "reach")
    phone = phones.phone(country, number) if reach >= _ONLY_USER_ID else ""
    user_id = _user_id(dice, number, country) if reach < _ONLY_USER_ID + _BOTH else ""
    is_nameless = dice.chance(number, "nameless") < _NAMELESS
    granted_at, withdrew_at = _acts(dice, customer, shift, at, is_sure=is_sure)
    cells = (
        number,
        "" if is_nameless else dice.pick(FIRST_NAMES[language], number, "first"),
        dice.pick(LAST_NAMES[language], number, "last"),
        phone,
        user_id,
        language,
        country,
        _ZONES.get(country, ""),
        "yes",
    )
    return _Person(cells, number, language, granted_at, withdrew_at)


def _language(dice: Dice, number: str, country: str) -> str:
    throw = dice.below(100, number, "language")
    for language, share in READS.get(country, READS[""]):
        throw -= share
        if throw < 0:
            return language
    return "en"


def _user_id(dice: Dice, number: str, country: str) -> str:
    """Make up a business-scoped user id: the country, a point, letters and digits (Meta's form)."""
    digits = "".join(str(dice.below(10, number, "user id", place)) for place in range(_USER_ID_DIGITS))
    # The customer number makes it unique whatever the throws.
    return f"{country or 'ES'}.{''.join(filter(str.isalnum, number))}{digits}"


def _acts(
    dice: Dice, customer: Customer, shift: timedelta, at: datetime, *, is_sure: bool
) -> tuple[datetime | None, datetime | None]:
    throw = 1.0 if is_sure else dice.chance(customer.number, "consent")
    if throw < _NEVER_AGREED:
        return None, None
    granted_at = customer.first_at + shift - timedelta(minutes=2)
    if dice.chance(customer.number, "later") < _AGREED_LATER:
        granted_at += timedelta(days=1 + dice.below(30, customer.number, "agreed after"))
    granted_at = min(granted_at, at - timedelta(hours=1)).replace(second=0, microsecond=0)
    if throw >= _NEVER_AGREED + _WITHDREW:
        return granted_at, None
    share = 0.1 + 0.8 * dice.chance(customer.number, "withdrew after")
    return granted_at, (granted_at + (at - granted_at) * share).replace(microsecond=0)


def _consents(person: _Person) -> Iterator[tuple[str, ...]]:
    if person.granted_at is None:
        return
    proof = f"made up: checkout of customer {person.customer}, box ticked"
    granted = (person.granted_at.isoformat(), person.language, WORDINGS[person.language], SOURCE, proof)
    yield (person.customer, DEMO_TOPIC, "granted", *granted, "yes")
    if person.withdrew_at is not None:
        proof = f"made up: preferences of customer {person.customer}, box cleared"
        yield (
            person.customer,
            DEMO_TOPIC,
            "withdrawn",
            person.withdrew_at.isoformat(),
            "",
            "",
            SOURCE,
            proof,
            "yes",
        )


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _summary(folder: Path, shift: timedelta, people: Sequence[_Person]) -> MadeUp:
    place = {name: _PEOPLE_HEADER.index(name) for name in ("phone", "user_id", "country", "first_name")}
    reach = Counter((bool(each.cells[place["phone"]]), bool(each.cells[place["user_id"]])) for each in people)
    return MadeUp(
        people_file=folder / PEOPLE_FILE,
        consents_file=folder / CONSENTS_FILE,
        shift=shift,
        customers=len(people),
        with_phone_only=reach[True, False],
        with_user_id_only=reach[False, True],
        with_both=reach[True, True],
        american=sum(each.cells[place["country"]] == "US" for each in people),
        nameless=sum(not each.cells[place["first_name"]] for each in people),
        granted=sum(each.granted_at is not None for each in people),
        withdrew=sum(each.withdrew_at is not None for each in people),
        never_agreed=sum(each.granted_at is None for each in people),
    )
