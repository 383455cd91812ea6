"""Every command explains itself, does its act, and says in one sentence what is wrong."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest
from django.conf import settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from difusio.accounts.first_run import make_owner
from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.consent.models import Entry
from difusio.log.models import Post
from difusio.numbers.models import Number
from difusio.project.cli import main
from tests.project.commands import complaint, figures, installation, run, said
from tests.stores import own_database

PEOPLE = [
    "phone,first_name,language,country,topic,consent,consent_at,consent_wording,consent_source,consent_proof",
    "+34600111221,Asha,ca,ES,offers,granted,2026-03-31 10:00,Accepto rebre ofertes,web,form 1",
    "+34600111222,Bilal,ca,ES,offers,granted,2026-03-31 10:00,Accepto rebre ofertes,web,form 2",
    "+34600111223,Chen,ca,ES,,,,,,",
]


@pytest.fixture(scope="module")
def shop(django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    """An installation with one workspace; give its number."""
    with django_db_blocker.unblock(), installation("difusio_commands"):
        owner = make_owner(
            email="owner@demo.example",
            password="llevat de pastisser 7",
            workspace_name="Botiga Ona",
            language="ca",
            time_zone="Europe/Madrid",
            country="ES",
            at=now() - timedelta(days=1),
        )
        yield owner.workspace_id


def all_commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []

    def walk(command: click.Command, path: tuple[str, ...]) -> None:
        found.append(path)
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                walk(child, (*path, name))

    walk(main, ())
    return found


@pytest.mark.parametrize("path", all_commands(), ids=lambda path: " ".join(path) or "difusio")
def it_explains_every_command(path: tuple[str, ...]) -> None:
    text = said(*path, "--help")

    # Usage, an empty line, then a sentence that says what it does.
    assert text.startswith("Usage: ")
    told = text.partition("\n\n")[2].splitlines()
    assert told[0].strip().rstrip(".")
    assert not told[0].startswith("Options:")


def it_says_what_is_there_when_nothing_is(shop: int) -> None:
    assert said("numbers", "list").strip() == "No number yet: difusio numbers add --help"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("campaign preflight 99", "There is no such campaign: look at the list of campaigns for its number."),
        ("campaign launch 99", "There is no such campaign"),
        ("campaign pause 99", "There is no such campaign"),
        ("campaign resume 99", "There is no such campaign"),
        ("campaign cancel 99 --yes", "There is no such campaign"),
        ("campaign report 99", "There is no such campaign"),
        ("campaign audience 99 /dev/null", "There is no such campaign"),
        ("segments count 99", "There is no segment 99."),
        ("numbers go-on 99", "There is no number 99: see `difusio numbers list`."),
        ("templates sync --number 99", "There is no number 99: see `difusio numbers list`."),
        ("consent verify --workspace 99", "There is no workspace 99."),
        ("contacts import --workspace 99 x.csv", "There is no workspace 99."),
        ("campaign report four", "is not a valid integer"),
        ("nonsense", "No such command 'nonsense'."),
    ],
)
def it_says_what_is_not_there(shop: int, arguments: str, sentence: str) -> None:
    assert sentence in complaint(*arguments.split())


def it_says_which_part_of_a_plan_is_not_there(shop: int) -> None:
    rest = ["--language", "ca", "--template", "autumn"]

    assert "There is no topic nothing" in complaint(
        "campaign", "plan", "x", "--segment", 1, "--topic", "nothing", "--number", 1, *rest
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be opened"),
        (b"", "The file is empty"),
        (b"\x00\x01\x02\x03binary", "The file is not a text"),
        (b"phone,first_name\r\n", "no rows below it"),
        (b"colour,size\r\nred,M\r\n", "is missing; the file has: 'colour', 'size'"),
        (b"phone,phone\r\n+34600111222,x\r\n", "mean the same"),
        (b'phone,first_name\r\n+34600111222,"Asha\r\n', "A quote is opened on line 2 and never closed"),
    ],
)
def it_refuses_a_bad_file_in_one_sentence(
    shop: int, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "people.csv"
    if content is not None:
        file.write_bytes(content)

    result = run("contacts", "import", file)

    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    assert sentence in result.stderr


def it_imports_people_exports_the_ledger_and_verifies_it(shop: int, tmp_path: Path) -> None:
    file, ledger = tmp_path / "people.csv", tmp_path / "ledger.jsonl"
    file.write_text("\n".join(PEOPLE))
    said("consent", "add-topic", "offers", "Ofertes", "--kind", "marketing")

    assert figures("contacts", "import", file) == {
        "rows": 3,
        "taken": 3,
        "new": 3,
        "entries": 2,
        "refused": 0,
    }
    said("consent", "export", ledger)

    rows = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [(row["phone"], row["act"], row["proof"] != "") for row in rows] == [
        ("+34600111221", "granted", True),
        ("+34600111222", "granted", True),
    ]
    assert ledger.stat().st_mode & 0o077 == 0
    assert figures("consent", "verify") == {"holds": True, "entries": [], "blocks": []}


def it_finds_an_entry_that_was_changed_behind_its_back(shop: int) -> None:
    entry = Entry.objects.order_by("id").first()
    assert entry is not None

    def change(source: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE consent_entry DISABLE TRIGGER USER")
            cursor.execute("UPDATE consent_entry SET source = %s WHERE id = %s", [source, entry.pk])
            cursor.execute("ALTER TABLE consent_entry ENABLE TRIGGER USER")

    change("elsewhere")
    try:
        result = run("consent", "verify", "--json")
    finally:
        change(entry.source)

    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[-1])["entries"] == [entry.pk]


def it_counts_a_segment_and_refuses_a_tree_that_is_none(shop: int, tmp_path: Path) -> None:
    tree = tmp_path / "tree.json"
    tree.write_text('{"field": "country", "in": ["ES"]}')
    assert "Segment 1 is there" in said("segments", "add", "Spain", "--tree", tree)

    assert figures("segments", "count", 1) == {"segment": 1, "people": 3, "of": 3}
    assert "There is a segment called Spain already" in complaint("segments", "add", "Spain", "--tree", tree)
    for bad in ("", "{", "[]", '{"field": "x; DROP TABLE contacts_contact"}', '{"all": 4}'):
        tree.write_text(bad)
        assert complaint("segments", "add", "Bad", "--tree", tree)


def it_brings_everything_back_from_a_backup(shop: int, tmp_path: Path) -> None:
    file = tmp_path / "difusio.backup"
    assert figures("backup", file)["bytes"] > 1_000
    assert complaint("backup", file)

    with own_database("difusio_restored") as url:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        here, settings.DATABASE_URL = settings.DATABASE_URL, url
        try:
            said("restore", file)
            assert Entry.objects.count() == 2
            assert figures("consent", "verify")["holds"] is True
            assert complaint("restore", file)
        finally:
            settings.DATABASE_URL = here


def it_is_unwell_without_a_number_and_says_what_to_do(shop: int) -> None:
    Number.objects.all().delete()

    result = run("doctor", "--json")

    assert result.exit_code == 1
    report = json.loads(result.stdout.splitlines()[-1])
    assert report["well"] is False
    remedies = {finding["name"]: finding["remedy"] for finding in report["findings"] if finding["remedy"]}
    assert remedies["number"].startswith("Add one: difusio numbers add --help")


def it_lists_what_was_set_aside_tries_it_again_and_replays_the_log(shop: int, tmp_path: Path) -> None:
    assert "Nothing was set aside" in said("log", "set-aside")
    post = Post.objects.create(
        lane=1,
        received_at=now(),
        sealed_body=keyring().seal(b"{raw", purpose="log.body"),
        quarantined_reason="not a webhook",
    )
    kept, raw = tmp_path / "log.jsonl", tmp_path / "raw.json"

    assert figures("log", "set-aside", "--json")["set_aside"][0]["post"] == post.pk
    said("log", "body", post.pk, raw)
    assert raw.read_bytes() == b"{raw"
    said("log", "again", post.pk)
    assert "1 webhooks" in said("log", "export", kept)
    assert figures("log", "replay", kept, "--json") == {"posts": 1}
    assert Post.objects.filter(folded_at=None, quarantined_reason="").count() == 2
    kept.write_text("{")
    assert "no file of `difusio log export`" in complaint("log", "replay", kept)
    assert "No webhook 4711" in complaint("log", "body", 4711, raw)
    Post.objects.all().delete()
