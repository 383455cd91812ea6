"""What messages cost: rate cards, the price on a day, and the estimate of a campaign.

Meta publishes its prices as files per currency and changes them on the first day of a quarter, so they are imported,
never written into code.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/pricing (read 2026-11-22).
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import phonenumbers
from django.db import transaction

from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.models import Rate, RateCard

MICROS = 1_000_000
CATEGORIES = frozenset({"MARKETING", "UTILITY", "AUTHENTICATION"})
_HEADER = ["country", "category", "price"]
_HIGHEST_PRICE = Decimal(10_000)  # rupiahs are the smallest unit in use: some hundreds a message
_CURRENCY_LETTERS = 3


class RateCardError(MessageTemplateError):
    """A rate card cannot be read."""


class MissingFileError(RateCardError):
    """The file %(name)s cannot be read: check where it is."""


class BadHeaderError(RateCardError):
    """The first line must be country,category,price: put it above the prices."""


class BadLineError(RateCardError):
    """Line %(line)s cannot be used: %(why)s"""


class EmptyCardError(RateCardError):
    """The file holds no prices: write a line such as ES,MARKETING,0.0500 for each country and category."""


class BadCurrencyError(RateCardError):
    """A currency is three capital letters: write EUR, for example."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The card that was made, and how many prices it holds."""

    card_id: int
    rates: int


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one delivered message, in millionths of the currency."""

    micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a campaign costs when every message is delivered.

    amount_micros: millionths of the currency, for the priced people only.  unpriced: people whose country has no price
    on the card, so that the amount is too low.  is_made_up: the card's prices are not Meta's.
    """

    amount_micros: int
    currency: str
    priced: int
    unpriced: int
    card: str
    valid_from: date
    is_made_up: bool


def import_rate_card(
    path: Path,
    *,
    workspace_id: int,
    name: str,
    currency: str,
    valid_from: date,
    source: str,
    is_made_up: bool,
    at: datetime,
) -> Imported:
    """Read prices from a CSV file with the columns country, category and price, whole or not at all.

    Lines that begin with # are remarks.  country: ISO 3166, two letters.  price: of one message, with a point.  A
    second import makes a second card, and the newer one holds.
    Raises MissingFileError, BadHeaderError, BadLineError, EmptyCardError, BadCurrencyError.
    """
    if len(currency) != _CURRENCY_LETTERS or not (currency.isascii() and currency.isupper()):
        raise BadCurrencyError
    prices = _read(path)
    with transaction.atomic():
        card = RateCard.objects.create(
            workspace_id=workspace_id,
            name=name,
            currency=currency,
            valid_from=valid_from,
            source=source,
            is_made_up=is_made_up,
            imported_at=at,
        )
        Rate.objects.bulk_create(
            [
                Rate(card=card, country=country, category=category, price_micros=micros)
                for (country, category), micros in prices.items()
            ]
        )
    return Imported(card_id=card.pk, rates=len(prices))


def rate(*, workspace_id: int, country: str, category: str, on: date) -> Price | None:
    """Give the price of one message on a day, or None when no card has one.  Cost: 2 queries."""
    card = card_on(workspace_id=workspace_id, on=on)
    if card is None:
        return None
    found = Rate.objects.filter(card=card, country=country.upper(), category=category.upper()).first()
    return Price(found.price_micros, card.currency) if found else None


def estimate(counts: Mapping[str, int], *, workspace_id: int, category: str, on: date) -> Cost | None:
    """Add up what messages of a category to so many people per country cost; None: unknown, for want of a card.

    counts: ISO country → people; "" for people whose country is not known.  Cost: 2 queries.
    """
    card = card_on(workspace_id=workspace_id, on=on)
    if card is None:
        return None
    prices = dict(
        Rate.objects.filter(card=card, category=category.upper()).values_list("country", "price_micros")
    )
    priced = {country: people for country, people in counts.items() if country.upper() in prices}
    return Cost(
        amount_micros=sum(people * prices[country.upper()] for country, people in priced.items()),
        currency=card.currency,
        priced=sum(priced.values()),
        unpriced=sum(counts.values()) - sum(priced.values()),
        card=card.name,
        valid_from=card.valid_from,
        is_made_up=card.is_made_up,
    )


def card_on(*, workspace_id: int, on: date) -> RateCard | None:
    """Give the card that holds on a day: the one valid from the latest day; of two, the one imported last."""
    return (
        RateCard.objects.filter(workspace_id=workspace_id, valid_from__lte=on)
        .order_by("-valid_from", "-id")
        .first()
    )


def _read(path: Path) -> dict[tuple[str, str], int]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise MissingFileError(name=path.name) from None
    rows = _rows(lines)
    if [cell.lower() for cell in next(rows, (0, [""]))[1]] != _HEADER:
        raise BadHeaderError
    prices: dict[tuple[str, str], int] = {}
    for number, cells in rows:
        key, micros = _price(number, cells)
        if key in prices:
            raise BadLineError(line=str(number), why=f"{key[0]} {key[1]} has a price already; keep one.")
        prices[key] = micros
    if not prices:
        raise EmptyCardError
    return prices


def _rows(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of each line that says something, with the line's number, from 1."""
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("#"):
            yield number, [cell.strip() for cell in next(csv.reader([line]))]


def _price(number: int, cells: list[str]) -> tuple[tuple[str, str], int]:
    line = str(number)
    if len(cells) != len(_HEADER):
        raise BadLineError(line=line, why="write three cells, as ES,MARKETING,0.0500.")
    country, category = cells[0].upper(), cells[1].upper()
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise BadLineError(line=line, why=f"{cells[0]!r} is no country; write two letters, as ES.")
    if category not in CATEGORIES:
        raise BadLineError(
            line=line, why=f"{cells[1]!r} is no category; write MARKETING, UTILITY or AUTHENTICATION."
        )
    try:
        price = Decimal(cells[2])
    except InvalidOperation:
        raise BadLineError(
            line=line, why=f"{cells[2]!r} is no price; write it with a point, as 0.0500."
        ) from None
    if not price.is_finite() or not 0 <= price <= _HIGHEST_PRICE:
        raise BadLineError(line=line, why=f"{cells[2]!r} is no price of one message.")
    micros = price * MICROS
    if micros != micros.to_integral_value():
        raise BadLineError(line=line, why=f"{cells[2]!r} is finer than a millionth; round it.")
    return (country, category), int(micros)
