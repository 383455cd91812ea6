"""The doctor looks at what an installation stands on, and says what to do about each finding."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from difusio.campaigns.launch import launch
from difusio.common.clock import now
from difusio.message_templates.models import Template
from difusio.outbox.models import Delivery
from difusio.project.durability import clock_skew_s, has_standby
from tests.campaigns.steps import draft
from tests.cast import agreed, shop
from tests.project.commands import installation, run, said


@pytest.fixture(scope="module")
def store(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), installation("difusio_doctor") as url:
        said("numbers", "list")
        yield url


def findings() -> dict[str, dict[str, Any]]:
    result = run("doctor", "--json")
    return {one["name"]: one for one in json.loads(result.stdout.strip().splitlines()[-1])["findings"]}


def it_advises_a_second_server_and_does_not_insist(store: str) -> None:
    found = findings()["standby"]

    assert (found["says"], found["is_advice"]) == ("no commit waits for a second server", True)
    assert "··  standby" in run("doctor").stdout


def it_looks_at_the_clocks(store: str) -> None:
    assert findings()["clock"]["remedy"] == ""

    with psycopg.connect(store) as connection:
        assert abs(clock_skew_s(connection)) < 1
        assert not has_standby(connection)


def it_wants_the_key_file_for_its_owner_alone(store: str) -> None:
    file = Path(settings.DIFUSIO_KEYS_FILE)
    assert findings()["keys"]["remedy"] == ""

    file.chmod(0o644)
    try:
        assert findings()["keys"]["remedy"] == f"Others on this machine may read them: chmod 600 {file}"
    finally:
        file.chmod(0o600)


def it_finds_messages_that_nobody_sends(store: str) -> None:
    ona = shop()
    agreed(ona)
    Template.objects.update(synced_at=now())
    launch(draft(ona).pk, by="Dana", at=now())
    Delivery.objects.update(due_at=now() - timedelta(minutes=5))

    # A number has more findings than one: that Meta does not answer for it, too.
    text = run("doctor").stdout
    found = re.search(
        rf"number {ona.number.pk} +messages \(bulk\) have been due for 3\d\d s and nobody sends", text
    )
    assert found
    assert "Start `difusio send`" in text


def it_says_that_a_restored_store_is_held_until_it_is_released(store: str) -> None:
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("UPDATE accounts_installation SET released_place = 'elsewhere'")
    assert findings()["restored"]["remedy"] == "See to what happened since, then: difusio release"

    asked = run("release")
    assert asked.exit_code == 1
    assert "Resume or cancel each." in asked.stdout
    assert said("release", "--yes").strip() == "This store may send."

    assert "restored" not in findings()
    assert said("release").strip() == "This store was not held: it may send."


def it_asks_the_public_address_whether_the_receiver_is_behind_it(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "address" not in findings()
    monkeypatch.setattr(settings, "DIFUSIO_URL", "https://127.0.0.1:9")

    found = findings()["address"]

    assert found["says"].startswith("https://127.0.0.1:9/webhooks/whatsapp is not reached")
    assert "Lead this path to `difusio receive`" in found["remedy"]
