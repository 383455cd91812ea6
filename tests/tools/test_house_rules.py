"""The house rules find what they forbid, and let be what is right."""

from pathlib import Path

import pytest

from tools.house_rules import (
    Source,
    findings,
    nobody_prints,
    only_project_reads_the_environment,
    only_the_owner_writes_its_tables,
    suppressions_carry_a_reason,
)


def source(text: str, path: str = "difusio/campaigns/launch.py") -> Source:
    return Source(Path(path), text)


def it_holds_in_this_repository() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    "text", ["import os\nos.environ['HOME']", "import os\nos.getenv('HOME')", "from os import environ"]
)
def it_lets_only_project_read_the_environment(text: str) -> None:
    assert len(list(only_project_reads_the_environment(source(text)))) == 1
    assert list(only_project_reads_the_environment(source(text, "difusio/project/settings.py"))) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("UPDATE outbox_delivery SET state = 'sent'", "difusio/receiving/drain.sql"),
        ("insert into consent_entry values (1)", "difusio/imports/people.sql"),
        ("DELETE FROM consent_suppression", "difusio/contacts/erase.sql"),
    ],
)
def it_lets_only_the_owner_write_its_tables_in_sql(text: str, path: str) -> None:
    owner = "outbox" if "outbox" in text else "consent"

    assert len(list(only_the_owner_writes_its_tables(source(text, path)))) == 1
    assert list(only_the_owner_writes_its_tables(source(text, f"difusio/{owner}/own.sql"))) == []


@pytest.mark.parametrize(
    "act",
    [
        "Delivery.objects.filter(pk=1).update(state='sent')",
        "Delivery(pk=1)",
        "Delivery.objects.bulk_create([])",
    ],
)
def it_lets_only_the_owner_write_its_models(act: str) -> None:
    text = f"from difusio.outbox.models import Delivery\n{act}"

    assert len(list(only_the_owner_writes_its_tables(source(text)))) == 1


def it_lets_everybody_read_them() -> None:
    text = "from difusio.outbox.models import Delivery\nDelivery.objects.filter(pk=1).count()"

    assert list(only_the_owner_writes_its_tables(source(text))) == []
    assert (
        list(only_the_owner_writes_its_tables(source("SELECT * FROM outbox_delivery", "difusio/x/y.sql")))
        == []
    )


def it_finds_a_print() -> None:
    assert len(list(nobody_prints(source("print('hello')")))) == 1


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: S603", "# type: ignore", "# type: ignore[misc]"])
def it_asks_a_suppression_for_its_rule_and_reason(comment: str) -> None:
    assert len(list(suppressions_carry_a_reason(source(f"run()  {comment}")))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "run()  # noqa: S603  # our own program",
        "run()  # noqa: S603 - our own program",
        "# Our own program.\nrun()  # noqa: S603",
        "run()  # noqa: S603  # our own program\nrun()  # noqa: S603",
    ],
)
def it_takes_a_reason_there_or_above_or_once_for_the_file(text: str) -> None:
    assert list(suppressions_carry_a_reason(source(text))) == []
