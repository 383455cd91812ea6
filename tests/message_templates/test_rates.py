from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from difusio.accounts.models import Workspace
from difusio.message_templates.models import Rate
from difusio.message_templates.rates import (
    BadCurrencyError,
    BadHeaderError,
    BadLineError,
    Cost,
    EmptyCardError,
    Imported,
    MissingFileError,
    Price,
    estimate,
    import_rate_card,
    rate,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)
DEMO = Path(__file__).parents[2] / "difusio" / "project" / "demo" / "rates.csv"


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.objects.create(name="Llibreria Ona", created_at=AT)


def _file(folder: Path, text: str) -> Path:
    path = folder / "rates.csv"
    path.write_text(text, "utf-8")
    return path


def _import(
    path: Path, workspace: Workspace, *, name: str = "Fourth quarter", valid_from: date = date(2026, 10, 1)
) -> Imported:
    return import_rate_card(
        path,
        workspace_id=workspace.pk,
        name=name,
        currency="EUR",
        valid_from=valid_from,
        source="a test",
        is_made_up=True,
        at=AT,
    )


def it_stores_prices_in_millionths(tmp_path: Path, workspace: Workspace) -> None:
    imported = _import(
        _file(tmp_path, "country,category,price\nes, marketing, 0.0615\nFR,UTILITY,0.03"), workspace
    )

    assert imported.rates == 2
    assert list(Rate.objects.order_by("country").values_list("country", "category", "price_micros")) == [
        ("ES", "MARKETING", 61_500),
        ("FR", "UTILITY", 30_000),
    ]


def it_passes_over_remarks_and_empty_lines(tmp_path: Path, workspace: Workspace) -> None:
    assert (
        _import(
            _file(tmp_path, "\ufeff# made up\n\ncountry,category,price\n# Spain\nES,UTILITY,0.02\n"),
            workspace,
        ).rates
        == 1
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ES,MARKETING", "write three cells, as ES,MARKETING,0.0500."),
        ("ES,MARKETING,0,05", "write three cells, as ES,MARKETING,0.0500."),
        ("XX,MARKETING,0.05", "'XX' is no country; write two letters, as ES."),
        ("Spain,MARKETING,0.05", "'Spain' is no country; write two letters, as ES."),
        ("ES,PROMO,0.05", "'PROMO' is no category; write MARKETING, UTILITY or AUTHENTICATION."),
        ("ES,MARKETING,free", "'free' is no price; write it with a point, as 0.0500."),
        ("ES,MARKETING,nan", "'nan' is no price of one message."),
        ("ES,MARKETING,-1", "'-1' is no price of one message."),
        ("ES,MARKETING,999999", "'999999' is no price of one message."),
        ("ES,MARKETING,0.00000001", "'0.00000001' is finer than a millionth; round it."),
        ("FR,MARKETING,0.07", "FR MARKETING has a price already; keep one."),
    ],
)
def it_refuses_a_line_and_says_why_and_stores_nothing(
    tmp_path: Path, workspace: Workspace, line: str, why: str
) -> None:
    path = _file(tmp_path, f"country,category,price\nFR,MARKETING,0.07\n{line}\n")

    with pytest.raises(BadLineError) as refused:
        _import(path, workspace)

    assert str(refused.value) == f"Line 3 cannot be used: {why}"
    assert Rate.objects.count() == 0


def it_refuses_a_file_without_the_header(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(BadHeaderError):
        _import(_file(tmp_path, "ES,MARKETING,0.05\n"), workspace)


def it_refuses_a_file_without_prices(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(EmptyCardError):
        _import(_file(tmp_path, "country,category,price\n"), workspace)


def it_refuses_a_file_that_is_not_there_or_is_no_text(tmp_path: Path, workspace: Workspace) -> None:
    picture = tmp_path / "rates.xlsx"
    picture.write_bytes(b"PK\xff\xfe\xff")

    for path in (tmp_path / "nothing.csv", picture):
        with pytest.raises(MissingFileError):
            _import(path, workspace)


@pytest.mark.parametrize("currency", ["€", "eur", "EURO", ""])
def it_refuses_a_currency_that_is_none(tmp_path: Path, workspace: Workspace, currency: str) -> None:
    with pytest.raises(BadCurrencyError):
        import_rate_card(
            _file(tmp_path, "country,category,price\nES,UTILITY,0.02"),
            workspace_id=workspace.pk,
            name="",
            currency=currency,
            valid_from=TODAY,
            source="",
            is_made_up=False,
            at=AT,
        )


def it_takes_the_newest_card_that_holds_on_the_day(tmp_path: Path, workspace: Workspace) -> None:
    for month, price in ((7, "0.06"), (10, "0.05"), (12, "0.04")):
        path = _file(tmp_path, f"country,category,price\nES,MARKETING,{price}")
        _import(path, workspace, valid_from=date(2026, month, 1))

    prices = [
        rate(workspace_id=workspace.pk, country="es", category="marketing", on=day)
        for day in (date(2026, 6, 30), date(2026, 7, 1), TODAY, date(2026, 12, 1))
    ]

    assert prices == [None, Price(60_000, "EUR"), Price(50_000, "EUR"), Price(40_000, "EUR")]


def it_takes_the_later_import_of_two_cards_for_the_same_day(tmp_path: Path, workspace: Workspace) -> None:
    _import(_file(tmp_path, "country,category,price\nES,MARKETING,0.06"), workspace)
    _import(_file(tmp_path, "country,category,price\nES,MARKETING,0.05"), workspace)

    assert rate(workspace_id=workspace.pk, country="ES", category="MARKETING", on=TODAY) == Price(
        50_000, "EUR"
    )


def it_has_no_price_for_a_country_that_is_not_on_the_card(tmp_path: Path, workspace: Workspace) -> None:
    _import(_file(tmp_path, "country,category,price\nES,MARKETING,0.06"), workspace)

    assert rate(workspace_id=workspace.pk, country="FR", category="MARKETING", on=TODAY) is None


def it_adds_up_a_campaign_and_says_for_how_many_there_is_no_price(
    tmp_path: Path, workspace: Workspace
) -> None:
    _import(
        _file(tmp_path, "country,category,price\nES,MARKETING,0.0615\nFR,MARKETING,0.07\nJP,UTILITY,0.01"),
        workspace,
    )

    cost = estimate(
        {"ES": 1000, "FR": 10, "JP": 5, "": 2}, workspace_id=workspace.pk, category="MARKETING", on=TODAY
    )

    assert cost == Cost(
        amount_micros=62_200_000,
        currency="EUR",
        priced=1010,
        unpriced=7,
        card="Fourth quarter",
        valid_from=date(2026, 10, 1),
        is_made_up=True,
    )


def it_does_not_know_the_cost_without_a_card(workspace: Workspace) -> None:
    assert estimate({"ES": 1}, workspace_id=workspace.pk, category="MARKETING", on=TODAY) is None


def it_never_prices_with_another_workspaces_card(tmp_path: Path, workspace: Workspace) -> None:
    _import(_file(tmp_path, "country,category,price\nES,MARKETING,0.06"), workspace)
    eve = Workspace.objects.create(name="Eve", created_at=AT)

    assert estimate({"ES": 1}, workspace_id=eve.pk, category="MARKETING", on=TODAY) is None


def it_reads_the_demos_card_which_says_that_it_is_made_up(workspace: Workspace) -> None:
    assert _import(DEMO, workspace).rates == 21
    assert DEMO.read_text("utf-8").startswith("# MADE-UP PRICES")
