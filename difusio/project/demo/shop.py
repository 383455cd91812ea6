"""Make up a shop's order history: customers who come, buy for a while, more before Christmas, and go."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from difusio.project.demo.dice import Dice

CUSTOMERS: Final = 3_000
DAYS: Final = 548

_HEADER: Final = ("InvoiceNo", "InvoiceDate", "CustomerID", "Country", "Quantity", "UnitPrice")
_FIRST_CUSTOMER: Final = 20_001
_FIRST_INVOICE: Final = 700_001
# Out of 1,000 customers.
_COUNTRIES: Final = (
    ("Spain", 880),
    ("France", 40),
    ("Andorra", 25),
    ("Germany", 20),
    ("Italy", 12),
    ("Portugal", 12),
    ("United Kingdom", 8),
    ("USA", 3),
)
_LAST_MINUTE: Final = 21 * 60
_FIRST_MINUTE: Final = 8 * 60
# How many of its usual orders a month brings: the shop sells presents.
_SEASON: Final = (0.7, 0.7, 0.8, 0.9, 1.0, 0.9, 0.9, 0.7, 1.0, 1.1, 1.5, 1.6)
_PEAK: Final = max(_SEASON)
_FAITHFUL_SHARE: Final = 0.88
_RETURN_SHARE: Final = 0.06


@dataclass(frozen=True, slots=True)
class _Sale:
    """One order or credit note of a customer."""

    at: datetime
    customer: int
    country: str
    quantity: int
    price: Decimal
    is_return: bool


def write_orders(path: Path, *, seed: int, yesterday: date, customers: int = CUSTOMERS) -> int:
    """Write the history as a CSV of the form of a real shop's; give how many rows.

    Every date ends up to ``yesterday``, the last on it.  The same arguments give the same bytes.
    """
    dice = Dice(seed)
    sales = [sale for number in range(customers) for sale in _life(dice, number, yesterday)]
    sales.sort(key=lambda sale: (sale.at, sale.customer, sale.is_return))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_HEADER)
        for place, sale in enumerate(sales):
            writer.writerow(_row(_FIRST_INVOICE + place, sale))
    return len(sales)


def _row(number: int, sale: _Sale) -> tuple[str, ...]:
    at = sale.at
    return (
        f"C{number}" if sale.is_return else str(number),
        f"{at.month}/{at.day}/{at.year} {at.hour}:{at.minute:02}",
        str(sale.customer),
        sale.country,
        str(-sale.quantity if sale.is_return else sale.quantity),
        str(sale.price),
    )


def _life(dice: Dice, place: int, yesterday: date) -> Iterator[_Sale]:
    """Give a customer's sales: a first one, then others at their own pace until they stay away."""
    customer = _FIRST_CUSTOMER + place
    country = _country(dice, customer)
    opening = yesterday - timedelta(days=DAYS - 1)
    # More customers every month: the square root leans towards the present.
    day = DAYS * dice.chance(customer, "came") ** 0.75
    pace = 25 + dice.wait(45, customer, "pace")
    is_faithful = dice.chance(customer, "faithful") < _FAITHFUL_SHARE
    gone = DAYS if is_faithful else day + dice.wait(200, customer, "gone")
    if place == 0:
        # Somebody must buy on the last day, so that the history ends there.
        yield _sale(dice, customer, country, yesterday, "last")
    nth = 0
    while day < min(gone, DAYS):
        on = opening + timedelta(days=int(day))
        if nth == 0 or dice.chance(customer, nth, "season") < _SEASON[on.month - 1] / _PEAK:
            sale = _sale(dice, customer, country, on, nth)
            yield sale
            yield from _return(dice, sale, yesterday, nth)
        nth += 1
        day += 1 + dice.wait(pace, customer, nth, "wait")


def _sale(dice: Dice, customer: int, country: str, on: date, nth: object) -> _Sale:
    minute = _FIRST_MINUTE + dice.below(_LAST_MINUTE - _FIRST_MINUTE, customer, nth, "minute")
    at = datetime.combine(on, time(minute // 60, minute % 60), UTC)
    quantity = 1 + int(dice.wait(11, customer, nth, "quantity"))
    price = Decimal(295 + dice.below(1_900, customer, nth, "price")) / 100
    return _Sale(at, customer, country, quantity, price, is_return=False)


def _return(dice: Dice, sale: _Sale, yesterday: date, nth: int) -> Iterator[_Sale]:
    at = sale.at + timedelta(days=3 + dice.below(18, sale.customer, nth, "back"))
    if dice.chance(sale.customer, nth, "returned") < _RETURN_SHARE and at.date() <= yesterday:
        quantity = 1 + dice.below(sale.quantity, sale.customer, nth, "pieces")
        yield _Sale(at, sale.customer, sale.country, quantity, sale.price, is_return=True)


def _country(dice: Dice, customer: int) -> str:
    throw = dice.below(sum(share for _, share in _COUNTRIES), customer, "country")
    for name, share in _COUNTRIES:
        throw -= share
        if throw < 0:
            return name
    return _COUNTRIES[0][0]
