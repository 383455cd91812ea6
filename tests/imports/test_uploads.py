"""A file from the pages: looked at, decided about, tried, taken in; sealed while it waits, forgotten in time."""

import ast
import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from difusio.accounts.models import AuditEntry, Workspace
from difusio.common.keyring import keyring
from difusio.consent.models import Entry, Topic, TopicKind
from difusio.consent.verify import verify
from difusio.contacts.models import Contact
from difusio.imports import spoken
from difusio.imports.choices import Choices
from difusio.imports.columns import ColumnTwice
from difusio.imports.content import as_file, pieces
from difusio.imports.jobs import is_given_up
from difusio.imports.models import Chunk, Import, Upload, UploadState
from difusio.imports.person_rows import Asserted
from difusio.imports.reading import NotText, OnlyHeader
from difusio.imports.uploads import (
    NotNow,
    TooLarge,
    change,
    choose,
    columns_seen,
    discard,
    forget_old,
    receive,
    take,
)
from difusio.work.worker import work_once
from tests.processes import wait_until
from tests.stores import own_database, store_url

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FILE = """Nom;Mòbil;Talla;Nascut
Asha;600 111 221;M;1990
Bilal;600 111 222;L;1985
Chen;12;S;1999
"""


@pytest.fixture
def shop(db: None) -> Workspace:
    shop = Workspace.objects.create(name="Botiga Ona", country="ES", created_at=AT)
    Topic.objects.create(workspace=shop, key="offers", name="Ofertes", kind=TopicKind.MARKETING)
    return shop


def _receive(shop: Workspace, text: str = FILE, name: str = "gent.csv") -> Upload:
    return receive(shop.pk, file_name=name, content=[text.encode()], by="user 7", at=AT)


ASSERTED = Asserted(
    "offers", "ca", "Vull rebre ofertes.", "full del taulell", "carpeta 3", AT - timedelta(days=9)
)


def _work() -> None:
    while work_once(owner="test"):
        pass


def it_says_what_each_column_becomes_before_anything_is_taken(shop: Workspace) -> None:
    upload = _receive(shop)

    assert [(column.heading, column.key, column.samples[0]) for column in columns_seen(upload)] == [
        ("Nom", "first_name", "Asha"),
        ("Mòbil", "phone", "600 111 221"),
        ("Talla", "field", "M"),
        ("Nascut", "field", "1990"),
    ]
    assert (upload.state, upload.kind, Contact.objects.count()) == ("looked", "people", 0)


def it_tries_a_file_and_changes_nothing_then_takes_it_in(shop: Workspace) -> None:
    upload = _receive(shop)
    choose(upload.pk, choices=Choices({3: "left_out"}, ASSERTED))
    _work()

    upload.refresh_from_db()
    facts = {name: upload.checked[name] for name in ("rows", "taken", "contacts_new", "entries", "refused")}
    assert facts == {"rows": 3, "taken": 2, "contacts_new": 2, "entries": 2, "refused": 1}
    assert (upload.state, Contact.objects.count(), Import.objects.count()) == ("checked", 0, 0)

    take(upload.pk)
    _work()

    upload.refresh_from_db()
    assert (upload.state, Contact.objects.count()) == ("taken", 2)
    taken = upload.taken_as
    assert taken is not None
    assert (taken.rows, taken.taken, taken.refused, taken.contacts_new, taken.entries) == (3, 2, 1, 2, 2)
    assert Contact.objects.get(first_name="Asha").fields == {"Talla": "M"}
    entry = Entry.objects.select_related("wording").first()
    assert entry is not None
    assert entry.wording is not None
    assert (entry.wording.text, entry.source, entry.actor) == (
        "Vull rebre ofertes.",
        "full del taulell",
        "user 7",
    )
    assert "import.taken" in AuditEntry.objects.values_list("act", flat=True)
    refused = list(
        csv.reader(io.StringIO(b"".join(pieces(upload, "refused")).decode("utf-8-sig")), delimiter=";")
    )
    assert [row[:3] for row in refused[1:]] == [
        [
            "4",
            "the phone is no number that exists: write it with its country code, as +34 600 123 456",
            "Chen",
        ]
    ]


def it_believes_a_row_that_says_no_in_the_shops_own_words(shop: Workspace) -> None:
    upload = _receive(
        shop, "Mòbil;Ha acceptat\n600111221;sí\n600111222;No\n600111223;\n600111224;1\n600111225;0\n"
    )
    choose(upload.pk, choices=Choices(asserted=ASSERTED))
    _work()
    take(upload.pk)
    _work()

    agreed = Entry.objects.filter(act="granted").values_list("contact__identities__value_hash", flat=True)
    assert {bytes(one) for one in agreed} == {
        keyring().hash(f"+34600111{end}", kind="phone") for end in ("221", "223", "224")
    }
    assert Contact.objects.count() == 5


@pytest.mark.parametrize("sign", ["-", "–", "✗", "❌", "?", "✓"])
def it_takes_a_sign_for_no_empty_cell(shop: Workspace, sign: str) -> None:
    upload = _receive(shop, f"Mòbil;Ha acceptat\n600111221;{sign}\n600111222;sí\n")
    choose(upload.pk, choices=Choices(asserted=ASSERTED))
    _work()
    take(upload.pk)
    _work()

    upload.refresh_from_db()
    assert (Contact.objects.count(), Entry.objects.count()) == (1, 1)
    assert "none of granted, withdrawn and none" in b"".join(pieces(upload, "refused")).decode("utf-8-sig")


def it_takes_no_yes_for_a_consent_whose_words_nobody_knows(shop: Workspace) -> None:
    upload = _receive(shop, "Mòbil;Ha acceptat\n600111221;sí\n600111222;no\n")
    choose(upload.pk, choices=Choices())
    _work()
    take(upload.pk)
    _work()

    upload.refresh_from_db()
    assert (Contact.objects.count(), Entry.objects.count()) == (1, 0)
    assert "a yes without its topic" in b"".join(pieces(upload, "refused")).decode("utf-8-sig")


def it_gives_nobody_a_consent_that_nobody_asserted(shop: Workspace) -> None:
    upload = _receive(shop)
    choose(upload.pk, choices=Choices())
    _work()
    take(upload.pk)
    _work()

    assert (Contact.objects.count(), Entry.objects.count()) == (2, 0)


def it_believes_a_row_that_says_none_more_than_what_is_said_of_all(shop: Workspace) -> None:
    upload = _receive(
        shop, "phone,topic,consent,consent_at\n600111221,,none,\n600111222,,,2026-01-05\n600111223,,,\n"
    )
    undated = Asserted("offers", "ca", "Vull rebre ofertes.", "web", "registre", None)
    choose(upload.pk, choices=Choices(asserted=undated))
    _work()

    upload.refresh_from_db()
    assert (upload.checked["entries"], upload.checked["reasons"]) == (1, {"a consent without its date": 1})


def it_keeps_nothing_of_a_file_in_the_clear(shop: Workspace) -> None:
    upload = _receive(shop)

    assert b"600 111 221" in b"".join(pieces(upload, "file"))
    stored = b"".join(bytes(chunk) for chunk in Chunk.objects.values_list("content_sealed", flat=True))
    assert b"600" not in stored
    assert "600" not in str(Upload.objects.values().get(pk=upload.pk))
    with as_file(upload) as path:
        assert path.read_text() == FILE
        assert path.parent.stat().st_mode & 0o77 == 0
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "error"),
    [("%PDF-1.4", NotText), ("Nom;Mòbil\n", OnlyHeader)],
)
def it_refuses_at_once_what_is_no_table(shop: Workspace, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        _receive(shop, text)
    assert not Upload.objects.exists()


def it_refuses_what_is_too_large_before_it_is_whole(shop: Workspace) -> None:
    megabyte = b"x" * (1 << 20)

    def endless() -> Iterator[bytes]:
        while True:
            yield megabyte

    with pytest.raises(TooLarge):
        receive(shop.pk, file_name="gent.csv", content=endless(), by="user 7", at=AT)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "/", "a" * 300 + ".csv", "gent\n.csv"])
def it_trusts_no_name_of_a_file(shop: Workspace, name: str) -> None:
    upload = _receive(shop, name=name)

    with as_file(upload) as path:
        assert path.parent == Path(settings.DIFUSIO_HOME) / "uploads" / str(upload.pk)


def it_refuses_choices_that_contradict_each_other(shop: Workspace) -> None:
    upload = _receive(shop)

    with pytest.raises(ColumnTwice):
        choose(upload.pk, choices=Choices({0: "phone"}))
    assert Upload.objects.get().state == UploadState.LOOKED


def it_says_why_a_file_was_refused_and_lets_one_choose_anew(shop: Workspace) -> None:
    upload = _receive(shop, "phone,consent_at\n600111221,31/12/2025\n600111222,12/31/2025\n")
    choose(upload.pk, choices=Choices())
    _work()

    upload.refresh_from_db()
    assert upload.state == UploadState.LOOKED
    with translation.override("ca"):
        assert spoken.spoken(upload.problem).startswith("La línia 2")


def it_does_each_step_once(shop: Workspace) -> None:
    upload = _receive(shop)
    with pytest.raises(NotNow):
        take(upload.pk)
    choose(upload.pk, choices=Choices())
    for act in (take, change, discard):
        with pytest.raises(NotNow):
            act(upload.pk)
    _work()
    change(upload.pk)
    choose(upload.pk, choices=Choices())
    _work()
    take(upload.pk)
    _work()
    with pytest.raises(NotNow):
        discard(upload.pk)


def it_forgets_contents_in_time_and_keeps_the_history(shop: Workspace) -> None:
    left, taken = _receive(shop), _receive(shop)
    choose(taken.pk, choices=Choices())
    _work()
    take(taken.pk)
    _work()

    assert forget_old(at=AT + timedelta(days=29)) == 0
    assert forget_old(at=datetime.now(UTC) + timedelta(days=31)) == 2
    assert forget_old(at=datetime.now(UTC) + timedelta(days=31)) == 0

    assert list(Upload.objects.values_list("pk", flat=True)) == [taken.pk]
    assert not Chunk.objects.exists()
    assert Import.objects.count() == 1
    assert left.pk != taken.pk


def it_knows_orders_by_their_headings(shop: Workspace) -> None:
    upload = _receive(shop, "Comanda;Data;Client;Total\n1;2026-03-31;C1;10,50\n")
    assert upload.kind == "orders"
    choose(upload.pk, choices=Choices())
    _work()
    take(upload.pk)
    _work()

    assert Import.objects.values_list("kind", "events_new", "contacts_new").get() == ("orders", 1, 1)


@pytest.mark.django_db(transaction=True)
def it_says_how_far_it_is_from_a_connection_of_its_own() -> None:
    shop = Workspace.objects.create(name="Botiga Ona", country="ES", created_at=AT)
    rows = "".join(f"6{n:08d}\n" for n in range(12_000))
    upload = _receive(shop, f"phone\n{rows}")
    choose(upload.pk, choices=Choices())
    _work()

    upload.refresh_from_db()
    assert (upload.phase, upload.done, upload.of) == ("", 12_000, 12_000)
    assert upload.checked["contacts_new"] == 12_000


def it_is_taken_in_once_though_its_worker_is_killed(
    django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> None:
    with django_db_blocker.unblock(), own_database("difusio_killed_import") as url:
        shop = Workspace.objects.create(name="Botiga Ona", country="ES", created_at=AT)
        Topic.objects.create(workspace=shop, key="offers", name="Ofertes", kind=TopicKind.MARKETING)
        rows = "".join(f"6{n:08d};Nom{n}\n" for n in range(15_000))
        upload = _receive(shop, f"phone;Nom\n{rows}")
        choose(upload.pk, choices=Choices(asserted=ASSERTED))
        _work()
        take(upload.pk)

        worker = _worker(url)
        wait_until(lambda: Upload.objects.get().done >= 5_000, "it is in the middle of it")
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        assert (Contact.objects.count(), Upload.objects.get().state) == (0, "taking")

        worker = _worker(url)
        wait_until(lambda: Upload.objects.get().state == "taken", "another worker took it up")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0

        assert (Contact.objects.count(), Entry.objects.count(), Import.objects.count()) == (15_000, 15_000, 1)
        assert Import.objects.get().contacts_new == 15_000
        assert not is_given_up(Upload.objects.get())


def it_goes_on_with_what_people_agreed_to_after_a_kill_and_leaves_the_people_as_they_are(
    django_db_blocker: DjangoDbBlocker,
) -> None:
    with django_db_blocker.unblock(), own_database("difusio_killed_import") as url:
        shop = Workspace.objects.create(name="Botiga Ona", country="ES", created_at=AT)
        Topic.objects.create(workspace=shop, key="offers", name="Ofertes", kind=TopicKind.MARKETING)
        rows = "".join(f"6{n:08d};Nom{n}\n" for n in range(25_000))
        upload = _receive(shop, f"phone;Nom\n12;Chen\n{rows}")
        choose(upload.pk, choices=Choices(asserted=ASSERTED))
        _work()
        take(upload.pk)

        worker = _worker(url)
        wait_until(Entry.objects.exists, "it is writing what they agreed to")
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        written = Entry.objects.count()
        assert (Contact.objects.count(), written < 25_000, Upload.objects.get().state) == (
            25_000,
            True,
            "taking",
        )
        corrected, erased = Contact.objects.order_by("pk")[0], Contact.objects.order_by("-pk")[0]
        Contact.objects.filter(pk=corrected.pk).update(first_name="Núria")
        Contact.objects.filter(pk=erased.pk).update(erased_at=AT)

        worker = _worker(url)
        wait_until(lambda: Upload.objects.get().state == "taken", "another worker took it up")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0

        taken = Import.objects.get()
        assert (taken.contacts_new, taken.refused, taken.entries) == (25_000, 1, 24_999)
        assert (Entry.objects.count(), Entry.objects.filter(contact=erased).count()) == (24_999, 0)
        assert Entry.objects.values("contact").distinct().count() == 24_999
        assert Contact.objects.get(pk=corrected.pk).first_name == "Núria"
        assert Upload.objects.get().taken_as == taken
        assert verify(shop.pk).holds


def _worker(url: str) -> "subprocess.Popen[bytes]":
    assert url == store_url("difusio_killed_import")
    return subprocess.Popen(
        [sys.executable, "-m", "difusio", "work"],
        env={**os.environ, "DATABASE_URL": url},
        start_new_session=True,
    )


def _said() -> Iterator[str]:
    """Find every sentence that an import may refuse a file or a row with."""
    folder = Path(spoken.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Raise(
                    exc=ast.Call(func=ast.Name(id=name), args=[ast.Constant() | ast.JoinedStr() as said])
                ):
                    # What ends with another error's words is told with them.
                    if name != "ValueError" and "{error}" not in ast.unparse(said):
                        yield _text(said)


def _text(said: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(said, ast.Constant):
        return str(said.value)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in said.values)


def it_says_every_refusal_in_the_readers_language() -> None:
    # A cell's fault is told with the column's name before it.
    sentences = [f"the date {said}" if said.startswith("is no date") else said for said in _said()]
    sentences = [f"the price {said}" if said.startswith("is no number") else said for said in sentences]

    with translation.override("ca"):
        assert [said for said in sentences if spoken.spoken(said) == said] == []
