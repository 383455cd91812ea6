"""Read what went in: orders, people and consents, with the checker's own eyes."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

_NOBODY: Final = {"", "(blank)", "nan", "null", "none", "n/a", "na", "#n/a", "-"}
# The countries that the demo's segment and its order files name; people files hold codes.
_COUNTRIES: Final = {"Australia": "AU", "Japan": "JP", "USA": "US", "Spain": "ES", "United Kingdom": "GB"}
_MONTHS: Final = 12


class InputError(Exception):
    """An input file cannot be read by the checker."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something a person did.  at: moved to the time of the campaign."""

    name: str
    at: datetime
    total: Decimal
    quantity: Decimal


@dataclass(slots=True)
class Person:
    """Somebody of the input, by customer number."""

    customer: str
    columns: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    @property
    def phone(self) -> str:
        """E.164 with plus, or empty."""
        return self.columns.get("phone", "")

    @property
    def user_id(self) -> str:
        """Business-scoped user id, or empty."""
        return self.columns.get("user_id", "")


@dataclass(frozen=True, slots=True)
class Act:
    """A grant or a withdrawal of one person, about one topic."""

    customer: str
    topic: str
    is_grant: bool
    at: datetime


def read_input(orders: Path | None, people: Path, *, zone: ZoneInfo, shift: timedelta) -> dict[str, Person]:
    """Give everybody by customer number.  Raises InputError."""
    found: dict[str, Person] = {}
    for row in _rows(people):
        customer = row.get("customer", "")
        if customer and customer not in found:
            found[customer] = Person(customer, {**row, "phone": phone(row.get("phone", ""))})
    for customer, country, event in _events(orders, zone=zone, shift=shift) if orders else ():
        person = found.setdefault(customer, Person(customer))
        person.columns["country"] = person.columns.get("country") or _COUNTRIES.get(country, "")
        person.events.append(event)
    return found


def read_acts(consents: Path, *, zone: ZoneInfo) -> list[Act]:
    """Give every act that the file asserts.  Raises InputError."""
    acts = []
    for row in _rows(consents):
        word = row.get("consent", "").lower()
        if word in {"granted", "withdrawn"}:
            at = datetime.fromisoformat(row["consent_at"])
            at = at if at.tzinfo else at.replace(tzinfo=zone)
            acts.append(Act(row["customer"], row["topic"], word == "granted", at))
    return acts


def phone(text: str) -> str:
    """Write a phone as E.164 with plus; the input files hold it so already."""
    digits = "".join(letter for letter in text if letter.isdigit())
    return f"+{digits}" if digits else ""


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            delimiter = max(",;\t|", key=head.count)
            file.seek(0)
            for row in csv.DictReader(file, delimiter=delimiter):
                yield {name: (cell or "").strip() for name, cell in row.items() if name}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: {error}") from None


def _events(path: Path, *, zone: ZoneInfo, shift: timedelta) -> Iterator[tuple[str, str, Event]]:
    """Sum the lines of each order: customer, country as written, event."""
    month_first = _month_first(path)
    owner: dict[str, str] = {}
    sums: dict[tuple[str, str, str], tuple[str, datetime, Decimal, Decimal]] = {}
    for row in _rows(path):
        customer, order = row.get("CustomerID", ""), row.get("InvoiceNo", "")
        if customer.lower() in _NOBODY or not order:
            continue
        try:
            at = _time(row["InvoiceDate"], month_first=month_first).replace(tzinfo=zone)
            quantity, price = _number(row["Quantity"]), _number(row["UnitPrice"])
        except (InvalidOperation, ValueError, KeyError):
            continue
        # An order belongs to the customer of its first line.
        if owner.setdefault(order, customer) != customer:
            continue
        total = quantity * price
        is_return = quantity < 0 or (order[:1] in "Cc" and order[1:2].isdigit())
        if is_return:
            total = -total if quantity < 0 or total < 0 else total
            quantity = abs(quantity)
        key = (customer, order, "returned" if is_return else "bought")
        country, first_at, old_total, old_quantity = sums.get(key, ("", at, Decimal(0), Decimal(0)))
        sums[key] = (
            row.get("Country") or country,
            min(at, first_at),
            old_total + total,
            old_quantity + quantity,
        )
    for (customer, _, name), (country, at, total, quantity) in sums.items():
        moved = datetime.fromtimestamp(at.timestamp(), tz=ZoneInfo("UTC")) + shift
        yield customer, country, Event(name, moved, round(total, 2), quantity)


def _month_first(path: Path) -> bool:
    """Tell m/d/Y from d/m/Y by the first date that can be only one of them."""
    for row in _rows(path):
        first, _, rest = row.get("InvoiceDate", "").replace("-", "/").partition("/")
        second = rest.partition("/")[0]
        if first.isdigit() and second.isdigit():
            if int(second) > _MONTHS:
                return True
            if int(first) > _MONTHS:
                return False
    return False


def _time(text: str, *, month_first: bool) -> datetime:
    if text[:4].isdigit():
        return datetime.fromisoformat(text)
    day, _, clock = text.partition(" ")
    first, second, year = (int(part) for part in day.split("/"))
    hour, minute = (int(part) for part in (clock or "0:0").split(":")[:2])
    month, day_of_month = (first, second) if month_first else (second, first)
    return datetime(year, month, day_of_month, hour, minute)  # noqa: DTZ001  # the caller knows the zone


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)


def live_at(acts: list[Act], at: datetime) -> bool:
    """Tell whether somebody agreed at a moment; of two acts at the same time the one that forbids decides."""
    past = [(act.at, not act.is_grant) for act in acts if act.at <= at]
    return bool(past) and not max(past)[1]


def by_customer(acts: list[Act]) -> Mapping[str, list[Act]]:
    """Group acts by person."""
    grouped: dict[str, list[Act]] = {}
    for act in acts:
        grouped.setdefault(act.customer, []).append(act)
    return grouped
