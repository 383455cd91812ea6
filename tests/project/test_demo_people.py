"""The demo's shop and people: plausible, made up, the same for the same seed, and enough of them."""

import csv
import os
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from difusio.common.phone import parse_phone
from difusio.project.demo.dice import Dice
from difusio.project.demo.people import MadeUp, write_people
from difusio.project.demo.phones import COUNTRIES, Phones
from difusio.project.demo.shop import CUSTOMERS, write_orders

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
YESTERDAY = date(2026, 11, 21)
ZONE = ZoneInfo("Europe/Madrid")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    write_orders(path, seed=7, yesterday=YESTERDAY, customers=400)
    return path


def _made_up(orders: Path, folder: Path, *, seed: int = 7) -> MadeUp:
    folder.mkdir()
    return write_people(orders, folder, seed=seed, at=AT, zone=ZONE)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def it_writes_the_same_bytes_for_the_same_seed(tmp_path: Path, orders: Path) -> None:
    again = tmp_path / "again.csv"
    write_orders(again, seed=7, yesterday=YESTERDAY, customers=400)
    first, second = _made_up(orders, tmp_path / "1"), _made_up(orders, tmp_path / "2")

    assert again.read_bytes() == orders.read_bytes()
    assert second.people_file.read_bytes() == first.people_file.read_bytes()
    assert second.consents_file.read_bytes() == first.consents_file.read_bytes()


def it_writes_others_for_another_seed(tmp_path: Path, orders: Path) -> None:
    first, second = _made_up(orders, tmp_path / "1"), _made_up(orders, tmp_path / "2", seed=8)

    assert second.people_file.read_bytes() != first.people_file.read_bytes()


def it_gives_the_shop_every_customer_and_a_sale_on_the_last_day(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"

    rows = write_orders(path, seed=1, yesterday=YESTERDAY)

    written = _rows(path)
    assert len(written) == rows
    assert len({row["CustomerID"] for row in written}) == CUSTOMERS
    assert written[-1]["InvoiceDate"].startswith("11/21/2026 ")
    spanish = {row["CustomerID"] for row in written if row["Country"] == "Spain"}
    assert len(spanish) > CUSTOMERS * 0.8


def it_gives_each_person_a_way_to_be_written_to(tmp_path: Path, orders: Path) -> None:
    people = _rows(_made_up(orders, tmp_path / "made-up").people_file)

    phones = [row["phone"] for row in people if row["phone"]]
    assert len(people) == 400
    assert len(set(phones)) == len(phones)
    assert all(parse_phone(phone).e164 == phone for phone in phones)
    user_ids = [row["user_id"] for row in people if row["user_id"]]
    assert len(set(user_ids)) == len(user_ids)
    assert all(re.fullmatch(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}", user_id) for user_id in user_ids)
    assert all(row["phone"] or row["user_id"] for row in people)
    assert {row["made_up"] for row in people} == {"yes"}
    assert {row["language"] for row in people} == {"ca", "es", "en"}


def it_makes_up_the_shares_that_the_demo_shows(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    write_orders(orders, seed=1, yesterday=YESTERDAY)

    made_up = _made_up(orders, tmp_path / "made-up")

    assert made_up.customers == CUSTOMERS
    assert 0.05 < made_up.with_user_id_only / CUSTOMERS < 0.07
    assert 0.08 < made_up.with_both / CUSTOMERS < 0.12
    assert 0.10 < made_up.never_agreed / CUSTOMERS < 0.14
    assert 0.05 < made_up.withdrew / CUSTOMERS < 0.07
    assert made_up.granted + made_up.never_agreed == CUSTOMERS
    assert made_up.american >= 2
    assert made_up.nameless >= 3


def it_writes_consent_with_its_words_source_time_and_proof(tmp_path: Path, orders: Path) -> None:
    consents = _rows(_made_up(orders, tmp_path / "made-up").consents_file)

    acts: dict[str, list[dict[str, str]]] = {}
    for row in consents:
        acts.setdefault(row["customer"], []).append(row)
    for rows in acts.values():
        assert [row["consent"] for row in rows] in (["granted"], ["granted", "withdrawn"])
        assert rows[0]["consent_wording"]
        assert rows[0]["consent_source"] == "demo shop checkout"
        assert rows[0]["consent_proof"].startswith("made up: ")
        times = [datetime.fromisoformat(row["consent_at"]) for row in rows]
        assert times == sorted(times)
        assert times[-1] < AT


def it_moves_an_old_history_so_that_it_ends_yesterday(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    write_orders(orders, seed=7, yesterday=date(2011, 12, 9), customers=40)

    made_up = _made_up(orders, tmp_path / "made-up")

    assert made_up.shift == timedelta(days=(YESTERDAY - date(2011, 12, 9)).days)


def it_gives_americans_consent_and_a_phone_where_the_orders_name_none(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    lines = [f"{n},11/{n}/2026 10:00,{100 + n},Spain,1,5.00" for n in range(13, 20)]
    orders.write_text("\n".join(["InvoiceNo,InvoiceDate,CustomerID,Country,Quantity,UnitPrice", *lines]))

    made_up = _made_up(orders, tmp_path / "made-up")

    americans = [row for row in _rows(made_up.people_file) if row["country"] == "US"]
    granted = Counter(row["customer"] for row in _rows(made_up.consents_file))
    assert [row["customer"] for row in americans] == ["118", "119"]
    assert all(row["phone"].startswith("+1") and granted[row["customer"]] == 1 for row in americans)


@pytest.mark.parametrize("country", COUNTRIES)
def it_makes_up_phones_that_exist_in_their_country(country: str) -> None:
    phones = Phones(Dice(3))

    given = [phones.phone(country, str(number)) for number in range(200)]

    assert len(set(given)) == 200
    assert {parse_phone(phone).country for phone in given} == {country}


def it_makes_people_up_for_a_real_shop(tmp_path: Path) -> None:
    if "DIFUSIO_REAL_ORDERS" not in os.environ and os.environ.get("CI") != "true":
        pytest.skip("DIFUSIO_REAL_ORDERS names no file of real orders")

    made_up = _made_up(Path(os.environ["DIFUSIO_REAL_ORDERS"]), tmp_path / "made-up")

    assert made_up.customers == 4_372
    assert made_up.shift == timedelta(days=(YESTERDAY - date(2011, 12, 9)).days)
