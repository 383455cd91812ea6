"""Whatever people send instead of a good CSV gets one clear sentence, and nothing of it is taken."""

import codecs
from datetime import UTC
from pathlib import Path

import pytest

from difusio.accounts.models import Workspace
from difusio.contacts.models import Contact, Event
from difusio.imports.columns import Column, ColumnTwice, MissingColumn
from difusio.imports.formulas import is_formula, neutral
from difusio.imports.models import Import
from difusio.imports.order_lines import open_orders
from difusio.imports.orders import import_orders
from difusio.imports.people import import_people
from difusio.imports.reading import (
    DelimiterUnknown,
    EncodingUnknown,
    FileEmpty,
    FileUnreadable,
    NotText,
    OnlyHeader,
    QuoteOpen,
    Row,
    open_table,
)
from difusio.imports.refusal import ImportRefused
from difusio.imports.shapes import DatesContradict, NumbersContradict
from tests.imports.conftest import NOW

COLUMNS = (Column.named("name", "Name, Nom"), Column.named("phone", "Phone"))
ORDERS = "InvoiceNo,InvoiceDate,CustomerID,Country,Quantity,UnitPrice\n"


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "refusal", "sentence"),
    [
        (b"", FileEmpty, "The file is empty (0 bytes): export it again."),
        (b"\n \n\n", FileEmpty, "The file holds nothing but blank lines: export it again."),
        (ORDERS.encode(), OnlyHeader, "The file has a header and no rows below it."),
        (
            b"PK\x03\x04rest of an xlsx",
            NotText,
            "The file is a spreadsheet or a zip file, not a CSV: open it and save it as CSV UTF-8.",
        ),
        (b"%PDF-1.7", NotText, "The file is a PDF, not a CSV: open it and save it as CSV UTF-8."),
        (
            b"name,phone\n" + bytes(range(256)),
            NotText,
            "The file is not a text but a binary: save it as CSV UTF-8.",
        ),
        (
            b"name,phone\n" + b"a,b\n" * 50_000 + b"\x00",
            NotText,
            "The file is not a text but a binary: save it as CSV UTF-8.",
        ),
        (
            b"name,\x81\x8d\n",
            EncodingUnknown,
            "The file is neither UTF-8, nor UTF-16, nor Windows-1252: save it as CSV UTF-8.",
        ),
        (
            codecs.BOM_UTF16_LE + b"n\x00a",
            EncodingUnknown,
            "The file is neither UTF-8, nor UTF-16, nor Windows-1252: save it as CSV UTF-8.",
        ),
        (
            ORDERS.replace(",", ":").encode() + b"1:2:3:4:5:6\n",
            DelimiterUnknown,
            (
                "The header is one single cell, 'InvoiceNo:InvoiceDate:CustomerID:Country:Quantity:UnitPrice': "
                "part the cells with a comma, a semicolon, a tab or a bar."
            ),
        ),
        (
            b"InvoiceNo,InvoiceDate,Country,UnitPrice\n1,2,3,4\n",
            MissingColumn,
            "The column CustomerID is missing; the file has: 'InvoiceNo', 'InvoiceDate', 'Country', 'UnitPrice'.",
        ),
        (
            b"InvoiceNo,InvoiceDate,CustomerID\n1,2,3\n",
            MissingColumn,
            "The column UnitPrice or Total is missing: an order without an amount says little.",
        ),
        (
            b"InvoiceNo,InvoiceDate,CustomerID,Total,Client\n1,2,3,4,5\n",
            ColumnTwice,
            "The columns 'CustomerID' and 'Client' mean the same: leave one of them.",
        ),
        (
            ORDERS.encode() + b'1,"12/1/2025,3,4,5,6\n' * 3,
            QuoteOpen,
            "A quote is opened on line 4 and never closed: everything below would be one cell.",
        ),
        (
            ORDERS.encode() + b"1,13/12/2025,3,Spain,5,6\n2,12/13/2025,3,Spain,5,6\n",
            DatesContradict,
            (
                "Line 2 writes the day first (13/12/2025), line 3 the month first (12/13/2025): "
                "write all dates alike, best as 2026-03-31."
            ),
        ),
        (
            ORDERS.replace(",", ";").encode() + b"1;13/12/2025;3;Spain;5;6,50\n2;13/12/2025;3;Spain;5;6.50\n",
            NumbersContradict,
            "Line 2 writes a decimal comma (6,50), line 3 a decimal point (6.50): write all numbers alike.",
        ),
    ],
)
def it_refuses_a_bad_file_with_a_sentence_and_takes_nothing(
    shop: None, tmp_path: Path, content: bytes, refusal: type[ImportRefused], sentence: str
) -> None:
    path = _file(tmp_path, content)
    workspace = Workspace.objects.get()

    with pytest.raises(refusal) as refused:
        import_orders(path, workspace_id=workspace.pk, by="Dana", at=NOW)

    assert str(refused.value) == sentence
    assert not Contact.objects.exists()
    assert not Event.objects.exists()
    assert not Import.objects.exists()
    assert [each.name for each in tmp_path.iterdir()] == ["file.csv"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty (0 bytes): export it again."),
        (
            b"name,city\nAsha,Vic\n",
            "The column customer or phone or user_id or email is missing; the file has: 'name', 'city'.",
        ),
        (
            b"phone.name\n1.2\n",
            (
                "The header is one single cell, 'phone.name': "
                "part the cells with a comma, a semicolon, a tab or a bar."
            ),
        ),
    ],
)
def it_refuses_a_bad_file_of_people_alike(shop: None, tmp_path: Path, content: bytes, sentence: str) -> None:
    workspace = Workspace.objects.get()

    with pytest.raises(ImportRefused) as refused:
        import_people(_file(tmp_path, content), workspace_id=workspace.pk, by="Dana", at=NOW)

    assert str(refused.value) == sentence


def it_says_that_a_file_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"The file nowhere\.csv cannot be opened: No such file"):
        open_table(tmp_path / "nowhere.csv", COLUMNS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def it_finds_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f'Nom{delimiter}Phone\r\nNúria{delimiter}"1{delimiter}2"\r\n'

    table = open_table(_file(tmp_path, text.encode(encoding)), COLUMNS)

    assert table.delimiter == delimiter
    assert list(table.rows()) == [Row(2, ["Núria", f"1{delimiter}2"])]
    assert table.places.known == {"name": 0, "phone": 1}


def it_counts_lines_as_an_editor_does(tmp_path: Path) -> None:
    content = b'Name,Phone,,\n"two\nlines",1,,\n\n,,,\nlast,2,,\nlong,3,,,,\nshort,4\n'

    rows = list(open_table(_file(tmp_path, content), COLUMNS).rows())

    assert rows == [
        Row(2, ["two\nlines", "1", "", ""]),
        Row(6, ["last", "2", "", ""]),
        Row(7, ["long", "3", "", ""]),
        Row(8, ["short", "4"], "the row has 2 cells, the header 4"),
    ]


@pytest.mark.parametrize(
    ("dates", "order", "months"),
    [
        (["1/2/2025", "13/2/2025"], "d/m/Y", [2, 2]),
        (["1/2/2025", "1/13/2025"], "m/d/Y", [1, 1]),
        (["2025-03-01", "2025-04-01T10:00:00Z"], "iso", [3, 4]),
        (["1/2/2025 8:26 PM", "1/3/2025 12:00 am"], "d/m/Y", [2, 3]),
    ],
)
def it_decides_the_order_of_dates_for_the_whole_file(
    tmp_path: Path, dates: list[str], order: str, months: list[int]
) -> None:
    lines = "".join(f"{n},{date},1,Spain,1,1\n" for n, date in enumerate(dates))

    file = open_orders(_file(tmp_path, (ORDERS + lines).encode()), zone=UTC)

    assert file.dates.order == order
    assert [file.dates.read(date, UTC).month for date in dates] == months


def it_reads_dates_as_asked_where_the_file_does_not_tell(tmp_path: Path) -> None:
    path = _file(tmp_path, (ORDERS + "1,1/2/2025,1,Spain,1,1\n").encode())

    file = open_orders(path, zone=UTC, date_order="m/d/Y")

    assert "Dates were read as m/d/Y, as asked." in file.notes


@pytest.mark.parametrize(
    "cell", ["=1+1", '=HYPERLINK("x")', "\t=1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|x!A1"]
)
def it_tells_formulas(cell: str) -> None:
    assert is_formula(cell)
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["", "Asha", "+34 600 123 456", "-5", "@anna", "- none -", "a=b", "+34 (600) 12"]
)
def it_leaves_text_that_begins_like_a_formula(cell: str) -> None:
    assert not is_formula(cell)
