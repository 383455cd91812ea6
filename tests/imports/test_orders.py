"""Orders become contacts and events, whatever the shop's spreadsheet looks like."""

import csv
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.contacts.models import Contact, Event, Identity
from difusio.imports.models import Import
from difusio.imports.orders import import_orders
from difusio.imports.result import Imported
from difusio.project.demo.segment import DEMO_SEGMENT
from difusio.project.demo.shop import write_orders
from difusio.segments.count import count
from difusio.segments.tree import parse
from tests.imports.conftest import NOW, Write

HEADER = "InvoiceNo,InvoiceDate,CustomerID,Country,Quantity,UnitPrice"


def _import(path: Path, shop: Workspace, **more: Any) -> Imported:
    return import_orders(path, workspace_id=shop.pk, by="Dana", at=NOW, **more)


def _events() -> list[tuple[str, str, str, dict[str, Any]]]:
    keys = keyring()
    customers = {
        row.contact_id: keys.open(row.value_sealed, purpose="contacts.identity").decode()
        for row in Identity.objects.all()
    }
    return [
        (event.name, customers[event.contact_id], event.at.isoformat(), event.properties)
        for event in Event.objects.order_by("at", "name")
    ]


def it_makes_a_contact_of_each_customer_and_an_event_of_each_order(shop: Workspace, write: Write) -> None:
    path = write(HEADER, "1,12/1/2025 8:26,17850,Spain,40,3.91", "2,12/31/2025 9:00,13047,EIRE,2,10")

    result = _import(path, shop)

    assert (result.rows, result.taken, result.refused, result.refused_file) == (2, 2, 0, None)
    assert (result.contacts_new, result.contacts_updated, result.events_new, result.entries) == (2, 0, 2, 0)
    assert _events() == [
        ("bought", "17850", "2025-12-01T07:26:00+00:00", {"order": "1", "total": 156.4, "quantity": 40}),
        ("bought", "13047", "2025-12-31T08:00:00+00:00", {"order": "2", "total": 20, "quantity": 2}),
    ]
    assert set(Contact.objects.values_list("country", "is_made_up")) == {("ES", False), ("IE", False)}


def it_changes_nothing_when_the_same_file_comes_again(shop: Workspace, write: Write) -> None:
    path = write(HEADER, "1,12/13/2025 8:26,17850,Spain,40,3.91", "C2,12/14/2025 9:00,17850,Spain,-2,10")
    _import(path, shop)
    before = list(Event.objects.values()) + list(Contact.objects.values()) + list(Identity.objects.values())

    again = _import(path, shop)

    assert (again.contacts_new, again.contacts_updated, again.events_new) == (0, 0, 0)
    after = list(Event.objects.values()) + list(Contact.objects.values()) + list(Identity.objects.values())
    assert after == before
    assert Import.objects.count() == 2


def it_sums_the_lines_of_an_order(shop: Workspace, write: Write) -> None:
    path = write(
        "\ufeffNº pedido;Fecha;Artículo;Cantidad;Precio unitario;Cliente;País",
        "7;1/12/2025 08:26;Vela;6;2,55;99;España",
        '7;1/12/2025 08:27;"Marc; gran";2;1.003,39;99;España',
    )

    result = _import(path, shop)

    assert result.events_new == 1
    assert _events()[0] == (
        "bought",
        "99",
        "2025-12-01T07:26:00+00:00",
        {"order": "7", "total": 2022.08, "quantity": 8},
    )
    assert result.notes == (
        "The file was read as UTF-8, its cells parted by semicolon.",
        "Dates were read as day/month/year; no date of the file tells it from the other order: check one.",
        "Numbers were read with a decimal comma.",
    )


def it_takes_credit_notes_and_negative_quantities_as_returns(shop: Workspace, write: Write) -> None:
    path = write(
        HEADER,
        "5,12/13/2025 8:00,1,Spain,3,10",
        "5,12/13/2025 8:00,1,Spain,-1,10",
        "C6,12/14/2025 8:00,1,Spain,-2,10",
        "C7,12/15/2025 8:00,1,Spain,2,10",
    )

    _import(path, shop)

    assert [(name, properties) for name, _, _, properties in _events()] == [
        ("bought", {"order": "5", "total": 30, "quantity": 3}),
        ("returned", {"order": "5", "total": 10, "quantity": 1}),
        ("returned", {"order": "C6", "total": 20, "quantity": 2}),
        ("returned", {"order": "C7", "total": 20, "quantity": 2}),
    ]


def it_reads_catalan_headings_and_totals(shop: Workspace, write: Write) -> None:
    path = write("Comanda\tData de la comanda\tNúm. client\tImport", "A-1\t2026-03-31\t12\t1.234,50 €")

    _import(path, shop)

    assert _events() == [
        ("bought", "12", "2026-03-30T22:00:00+00:00", {"order": "A-1", "total": 1234.5, "quantity": 1})
    ]


def it_moves_an_old_history_when_asked(shop: Workspace, write: Write) -> None:
    path = write(HEADER, "1,12/13/2011 8:26,1,Spain,1,1")

    _import(path, shop, shift=timedelta(days=5461))

    assert Event.objects.get().at == datetime(2026, 11, 25, 7, 26, tzinfo=UTC)


def it_refuses_rows_with_their_line_and_reason_and_takes_the_others(shop: Workspace, write: Write) -> None:
    path = write(
        HEADER,
        "1,12/13/2025 8:26,17850,Spain,40,3.91",
        "2,12/13/2025 8:26,(blank),Spain,40,3.91",
        "3,13/31/2025 8:26,17850,Spain,40,3.91",
        "4,soon,17850,Spain,40,3.91",
        "5,12/13/2025 8:26,17850,Spain,many,3.91",
        "6,12/13/2025 8:26,17850,Spain,1,",
        "7,12/13/2025 8:26,17850,Spain,1",
        '=HYPERLINK("http://x"),12/13/2025 8:26,17850,Spain,1,1',
        "1,12/13/2025 8:26,13047,Spain,40,3.91",
        ",12/13/2025 8:26,13047,-Spain,40,3.91",
        '"a "quote" inside",12/13/2025 8:26,13047,Spain,40,3.91',
    )

    result = _import(path, shop)

    assert (result.rows, result.taken, result.refused) == (11, 1, 10)
    assert result.refused_file == path.with_name("file.refused.csv")
    with result.refused_file.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["line", "reason", *HEADER.split(",")]
    assert [row[:2] for row in rows[1:]] == [
        ["3", "no customer is named"],
        ["4", "the date is no date of the calendar in this file's order"],
        ["5", "the date is no date"],
        ["6", "the quantity is no number as this file writes them"],
        ["7", "the price is missing"],
        ["8", "the row has 5 cells, the header 6"],
        ["9", "the order number is a formula"],
        ["10", "line 2 gives this order to another customer"],
        ["11", "the order number is missing"],
        ["12", "a quote stands inside a quoted cell: write it twice"],
    ]
    assert rows[7][2] == '\'=HYPERLINK("http://x")'
    assert rows[9][5] == "'-Spain"
    assert result.refused_file.stat().st_mode & 0o077 == 0


def it_writes_refused_rows_where_it_is_told(shop: Workspace, write: Write, tmp_path: Path) -> None:
    path = write(HEADER, "2,12/13/2025 8:26,,Spain,40,3.91")

    result = _import(path, shop, refused_to=tmp_path / "elsewhere.csv")

    assert result.refused_file == tmp_path / "elsewhere.csv"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["elsewhere.csv", "file.csv"]


def it_remembers_the_file_and_who_answers_for_it(shop: Workspace, write: Write) -> None:
    result = _import(write(HEADER, "1,12/13/2025 8:26,1,Spain,1,1"), shop)

    stored = Import.objects.get(pk=result.import_id)
    assert (stored.kind, stored.file_name, stored.by, stored.rows, stored.taken) == (
        "orders",
        "file.csv",
        "Dana",
        1,
        1,
    )
    assert len(stored.file_hash) == 32


def it_says_which_countries_it_does_not_know(shop: Workspace, write: Write) -> None:
    result = _import(write(HEADER, "1,12/13/2025 8:26,1,Atlantis,1,1"), shop)

    assert result.notes[-1] == "1 names of countries are unknown and were left empty: Atlantis."


@pytest.fixture
def real_orders() -> Path:
    if "DIFUSIO_REAL_ORDERS" not in os.environ and os.environ.get("CI") != "true":
        pytest.skip("DIFUSIO_REAL_ORDERS names no file of real orders")
    return Path(os.environ["DIFUSIO_REAL_ORDERS"])


def it_takes_in_a_real_shops_year(shop: Workspace, real_orders: Path, tmp_path: Path) -> None:
    result = _import(real_orders, shop, refused_to=tmp_path / "refused.csv")

    assert (result.rows, result.taken, result.refused) == (25_943, 22_221, 3_722)
    assert result.contacts_new == 4_372
    assert Event.objects.filter(name="bought").count() == 18_536
    assert Event.objects.filter(name="returned").count() == 3_654


def it_takes_in_a_real_shops_lines_as_a_spanish_spreadsheet_saved_them(
    shop: Workspace, real_orders: Path, tmp_path: Path
) -> None:
    lines = real_orders.with_name("lines-es.csv")

    result = _import(lines, shop, refused_to=tmp_path / "refused.csv")

    assert (result.rows, result.taken, result.refused) == (10_000, 7_709, 2_291)
    assert result.notes[1:] == (
        "Dates were read as day/month/year; no date of the file tells it from the other order: check one.",
        "Numbers were read with a decimal comma.",
    )
    first = Event.objects.get(source_key="536365")
    assert first.properties == {"order": "536365", "total": 139.12, "quantity": 40}


def it_finds_the_demos_audience_in_a_real_shop_and_in_the_made_up_one(
    shop: Workspace, real_orders: Path, tmp_path: Path
) -> None:
    made_up = tmp_path / "orders.csv"
    write_orders(made_up, seed=1, yesterday=(NOW - timedelta(days=1)).date())
    elsewhere = Workspace.objects.create(name="Elsewhere", created_at=NOW)

    _import(real_orders, shop, shift=timedelta(days=5461), refused_to=tmp_path / "refused.csv")
    _import(made_up, elsewhere)

    tree = parse(DEMO_SEGMENT)
    assert count(tree, workspace_id=shop.pk, at=NOW) >= 2_000
    assert count(tree, workspace_id=elsewhere.pk, at=NOW) >= 2_000
