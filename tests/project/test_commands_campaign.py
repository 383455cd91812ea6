"""A campaign from the command line alone: number, templates, people, plan, check, launch, report."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import Number, Scenario, Setup

from difusio.accounts.first_run import make_owner
from difusio.common.clock import now
from tests.faults.stage import APP_SECRET, TOKEN, VERIFY_TOKEN
from tests.project.commands import complaint, figures, installation, run, said
from tests.project.test_commands import PEOPLE
from tests.sending.running import send_everything

NUMBER = Number(phone_number_id="700000000000001", display_phone_number="+34 972 00 00 01", mps=80)
TEMPLATE = {
    "name": "autumn",
    "language": "ca",
    "category": "MARKETING",
    "components": [{"type": "BODY", "text": "Bon dia, {{1}}. Respon BAIXA per no rebre'n més."}],
}


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    setup = Setup(access_token=TOKEN, app_secret=APP_SECRET, numbers=(NUMBER,), templates=(TEMPLATE,))
    with RunningSimulator(Scenario(setup=setup)) as running:
        yield running


@pytest.fixture
def shop(django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    with django_db_blocker.unblock(), installation("difusio_campaign"):
        owner = make_owner(
            email="owner@demo.example",
            password="llevat de pastisser 7",
            workspace_name="Example Shop",
            language="ca",
            time_zone="Europe/Madrid",
            country="ES",
            at=now() - timedelta(days=1),
        )
        yield owner.workspace_id


def it_runs_a_campaign_from_the_command_line(shop: int, simulator: RunningSimulator, tmp_path: Path) -> None:
    for name, word in (("token", TOKEN), ("secret", APP_SECRET), ("verify", VERIFY_TOKEN)):
        (tmp_path / name).write_text(word + "\n")
    (tmp_path / "people.csv").write_text("\n".join(PEOPLE))
    (tmp_path / "tree.json").write_text('{"field": "country", "in": ["ES"]}')
    assert figures("restraint")["quiet_from"] == "21:00"
    # Else this test would wait for the morning when it runs at night.
    assert figures("restraint", "--quiet", "off", "--cap", "3/7")["quiet_from"] is None
    assert "as 21:00-09:00" in complaint("restraint", "--quiet", "at night")
    assert "as 4/7" in complaint("restraint", "--cap", "often")

    secrets = [
        *("--token-file", tmp_path / "token", "--app-secret-file", tmp_path / "secret"),
        *("--verify-token-file", tmp_path / "verify"),
    ]
    facts = [
        *("--phone-number-id", NUMBER.phone_number_id, "--waba-id", simulator.scenario.setup.waba_id),
        *("--display-phone", NUMBER.display_phone_number, "--name", "Example Shop", "--app-id", "1"),
    ]
    added = figures("numbers", "add", *facts, *secrets, "--api-url", simulator.url)
    assert "Example Shop" in said("numbers", "list")
    assert "known already" in complaint("numbers", "add", *facts, *secrets, "--api-url", simulator.url)
    assert "https://graph.facebook.com" in complaint(
        "numbers", "add", *facts, *secrets, "--api-url", "http://elsewhere.example"
    )
    assert figures("templates", "sync", "--number", added["number"]) == {"new": 1, "changed": 0, "gone": 0}
    assert "autumn  ca  MARKETING  APPROVED" in said("templates", "list")
    said("consent", "add-topic", "offers", "Ofertes", "--kind", "marketing")
    said("contacts", "import", tmp_path / "people.csv")
    said("segments", "add", "Spain", "--tree", tmp_path / "tree.json")
    doctor = run("doctor", "--json")
    assert json.loads(doctor.stdout.splitlines()[-1])["findings"], doctor.output

    planned = figures(
        *("campaign", "plan", "Tardor", "--segment", 1, "--topic", "offers", "--number", added["number"]),
        *("--template", "autumn", "--language", "ca", "--value", "1={{ contact.first_name }}"),
    )
    campaign = planned["campaign"]
    checked = figures("campaign", "preflight", campaign)
    assert (checked["audience"], checked["eligible"], checked["skipped"]) == (3, 2, {"no_consent": 1})
    launched = figures("campaign", "launch", campaign)
    assert (launched["audience"], launched["queued"]) == (3, 2)
    assert figures("campaign", "launch", campaign) == launched
    said("campaign", "pause", campaign)
    said("campaign", "resume", campaign)

    send_everything()

    received = simulator.control("GET", "accepted")["data"]
    assert [row["content"] for row in received] == [
        "Bon dia, Asha. Respon BAIXA per no rebre'n més.",
        "Bon dia, Bilal. Respon BAIXA per no rebre'n més.",
    ]
    report = figures("campaign", "report", campaign)
    assert (report["audience"], report["steps"]["accepted"], report["skipped"]) == (3, 2, {"no_consent": 1})
    said("campaign", "audience", campaign, tmp_path / "audience.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "audience.jsonl").read_text().splitlines()]
    assert sorted((row["phone"], row["state"]) for row in rows) == [
        ("+34600111221", "accepted"),
        ("+34600111222", "accepted"),
        ("+34600111223", "skipped"),
    ]
    assert "everything has been sent" in complaint("campaign", "cancel", campaign, "--yes")
