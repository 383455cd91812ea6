"""Read any shop's CSV of orders, by order or by line, as typed lines.  No database; ``orders`` takes them in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from difusio.imports.columns import Column, MissingColumn
from difusio.imports.countries import country_code
from difusio.imports.formulas import is_formula
from difusio.imports.reading import Row, Table, open_table
from difusio.imports.shapes import DateOrder, DateShape, NumberShape, UnreadableCellError

COLUMNS: Final = (
    Column.named(
        "order",
        "InvoiceNo, Invoice, Invoice number, Order, Order number, Order no, Order ID, Factura, Número de factura, "
        "Núm. factura, Nº factura, Pedido, Número de pedido, Nº pedido, Id pedido, Comanda, Número de comanda, "
        "Núm. comanda, Albarà, Albarán",
        is_needed=True,
    ),
    Column.named(
        "date",
        "InvoiceDate, Date, Order date, Created at, Purchased at, Fecha, Fecha de pedido, Fecha pedido, "
        "Fecha de factura, Fecha factura, Data, Data comanda, Data de la comanda, Data factura, Data de la factura",
        is_needed=True,
    ),
    Column.named(
        "customer",
        "CustomerID, Customer, Customer number, Customer no, Client, Client ID, Client number, Cliente, Id cliente, "
        "Número de cliente, Nº cliente, Código cliente, Código de cliente, Número de client, Núm. client, "
        "Codi client, Codi de client",
        is_needed=True,
    ),
    Column.named("country", "Country, País, Billing country, Shipping country, País de envío"),
    Column.named("quantity", "Quantity, Qty, Units, Pieces, Cantidad, Unidades, Quantitat, Unitats"),
    Column.named("price", "UnitPrice, Price, Price per unit, Precio, Precio unitario, Preu, Preu unitari"),
    Column.named("total", "Total, Amount, Order total, Importe, Importe total, Import, Import total"),
)

MAX_KEY: Final = 128
# How files say that nobody is named.
_NOBODY: Final = frozenset({"", "(blank)", "nan", "null", "none", "n/a", "na", "#n/a", "-"})
_RETURN_PREFIXES: Final = ("C", "c")
_MAX_MONEY: Final = Decimal(10) ** 12

# More names than there are countries are no names of countries.
_MAX_COUNTRIES: Final = 1_000
_NAMED_UNKNOWN: Final = 5

NO_CUSTOMER: Final = "no customer is named"


class OrderLine(NamedTuple):
    """One row of the file.  total, quantity: positive for returns too, except lines that lower an order's total."""

    line: int
    order: str
    event: Literal["bought", "returned"]
    customer: str
    at: datetime
    quantity: Decimal
    total: Decimal
    country: str


class RefusedLine(NamedTuple):
    """A row that cannot be taken."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class OrdersFile:
    """A file of orders, looked through once.  rows: how many stand below the header."""

    table: Table
    dates: DateShape
    numbers: NumberShape
    zone: tzinfo
    rows: int
    notes: tuple[str, ...]

    def lines(self) -> Iterator[OrderLine | RefusedLine]:
        """Give each row, read or refused, in the file's order; a second call reads the file anew."""
        for row in self.table.rows():
            yield self._read(row)

    def _read(self, row: Row) -> OrderLine | RefusedLine:
        if row.fault:
            return RefusedLine(row.line, row.fault)
        try:
            return self._line(row)
        except UnreadableCellError as error:
            return RefusedLine(row.line, str(error))

    def _line(self, row: Row) -> OrderLine:
        cell, cells = self.table.places.cell, row.cells
        order, customer = cell(cells, "order"), cell(cells, "customer")
        _check_key(order, "order number")
        if customer.casefold() in _NOBODY:
            raise UnreadableCellError(NO_CUSTOMER)
        _check_key(customer, "customer number")
        try:
            at = self.dates.read(cell(cells, "date"), self.zone)
        except UnreadableCellError as error:
            raise UnreadableCellError(f"the date {error}") from None
        quantity = self._number(row, "quantity") if cell(cells, "quantity") else Decimal(1)
        has_total = bool(cell(cells, "total"))
        total = self._number(row, "total") if has_total else quantity * self._number(row, "price")
        if abs(total) > _MAX_MONEY or abs(quantity) > _MAX_MONEY:
            raise UnreadableCellError("the amount is larger than any order")
        is_return = _is_credit_note(order) or quantity < 0
        # A credit note with positive amounts gives back as much as one with negative ones.
        gives_back = is_return and (quantity < 0 or total < 0)
        return OrderLine(
            line=row.line,
            order=order,
            event="returned" if is_return else "bought",
            customer=customer,
            at=at,
            quantity=abs(quantity) if is_return else quantity,
            total=-total if gives_back else total,
            country=country_code(cell(cells, "country")) or "",
        )

    def _number(self, row: Row, key: str) -> Decimal:
        text = self.table.places.cell(row.cells, key)
        if not text:
            raise UnreadableCellError(f"the {key} is missing")
        try:
            return self.numbers.read(text)
        except UnreadableCellError as error:
            raise UnreadableCellError(f"the {key} {error}") from None


def open_orders(
    path: Path,
    *,
    zone: tzinfo,
    date_order: DateOrder | Literal[""] = "",
    prefers_day_first: bool = True,
    chosen: Mapping[int, str] = MappingProxyType({}),
) -> OrdersFile:
    """Look a file of orders through: its shape, its dates, its numbers.  Reads it twice.

    zone: where its local times are.  prefers_day_first: for dates that could be read either way.
    chosen: what a person said that columns are.
    Raises ImportRefused in all its kinds.
    """
    table = open_table(path, COLUMNS, chosen=chosen)
    if not {"total", "price"} & table.places.known.keys():
        raise MissingColumn(
            "The column UnitPrice or Total is missing: an order without an amount says little."
        )
    dates, numbers = DateShape(order=date_order), NumberShape()
    rows, unknown = _look_through(table, dates, numbers)
    is_continental = table.delimiter == ";"
    number_note = numbers.decide(prefers_comma=is_continental)
    date_note = dates.decide(prefers_day_first=prefers_day_first or numbers.comma or is_continental)
    notes = [*table.notes, date_note, number_note, _unknown_note(unknown)]
    return OrdersFile(table, dates, numbers, zone, rows, tuple(note for note in notes if note))


def _look_through(table: Table, dates: DateShape, numbers: NumberShape) -> tuple[int, dict[str, None]]:
    cell, keys = table.places.cell, [k for k in ("quantity", "price", "total") if k in table.places]
    rows = 0
    seen: set[str] = set()
    unknown: dict[str, None] = {}
    for row in table.rows():
        rows += 1
        if row.fault:
            continue
        dates.see(cell(row.cells, "date"), row.line)
        for key in keys:
            numbers.see(cell(row.cells, key), row.line)
        country = cell(row.cells, "country")
        if country not in seen and len(seen) < _MAX_COUNTRIES:
            seen.add(country)
            if country_code(country) is None:
                unknown[country] = None
    return rows, unknown


def _unknown_note(unknown: dict[str, None]) -> str:
    if not unknown:
        return ""
    names = ", ".join(name[:40] for name in list(unknown)[:_NAMED_UNKNOWN])
    return f"{len(unknown)} names of countries are unknown and were left empty: {names}."


def _check_key(text: str, name: str) -> None:
    if not text:
        raise UnreadableCellError(f"the {name} is missing")
    if len(text) > MAX_KEY:
        raise UnreadableCellError(f"the {name} is longer than {MAX_KEY} characters")
    if is_formula(text):
        raise UnreadableCellError(f"the {name} is a formula")


def _is_credit_note(order: str) -> bool:
    return order.startswith(_RETURN_PREFIXES) and order[1:2].isdigit()
