"""A backup brings everything back, or says why not and touches nothing."""

import hashlib
import json
import os
import secrets
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from difusio.project.backup import (
    DamagedBackup,
    DatabaseNotReached,
    DumpFailed,
    FileExists,
    NewerBackup,
    NothingToSave,
    NotWritten,
    OlderServer,
    RestoreFailed,
    StoreNotEmpty,
    backup,
    restore,
)
from difusio.project.postgres_clients import clients
from difusio.project.postgres_programs import packaged_programs
from tests.project.store_processes import ordinary_user

SERVER = os.environ["DATABASE_URL"]
NOW = datetime(2026, 4, 23, 9, 30, tzinfo=UTC)
KNOWN = frozenset({("contacts", "0001_initial"), ("consent", "0001_initial")})
TABLES = """
    CREATE TABLE django_migrations (id bigint PRIMARY KEY, app text, name text);
    INSERT INTO django_migrations VALUES (1, 'contacts', '0001_initial'), (2, 'consent', '0001_initial');
    CREATE TYPE mood AS ENUM ('glad', 'sorry');
    CREATE TABLE contact (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, face bytea, mood mood);
    CREATE TABLE entry (contact_id bigint REFERENCES contact, at timestamptz DEFAULT now());
    INSERT INTO contact (name, face, mood) VALUES ('Asha', '\\x00ff0a5c', 'glad'), (E'Zoë\\n\\\\.\\n🎉', NULL, 'sorry');
    INSERT INTO entry (contact_id) SELECT id FROM contact;
"""
CONTENT = "SELECT name, face, mood::text, at FROM contact JOIN entry ON contact.id = contact_id ORDER BY name"

NewDatabase = Callable[..., str]


@pytest.fixture
def new_database() -> Iterator[NewDatabase]:
    with ExitStack() as stack:

        def make(content: str = "", server: str = SERVER) -> str:
            name = f"backup_{secrets.token_hex(6)}"
            on_server(server, f"CREATE DATABASE {name}")
            stack.callback(on_server, server, f"DROP DATABASE {name} WITH (FORCE)")
            url = make_conninfo(server, dbname=name)
            if content:
                on_server(url, content)
            return url

        yield make


@pytest.fixture
def saved(new_database: NewDatabase, tmp_path: Path) -> Path:
    """A backup of a store with two people."""
    return save(new_database(TABLES), tmp_path / "saved.difusio")


@pytest.fixture
def older_server(tmp_path: Path) -> Iterator[str]:
    """A server of the oldest PostgreSQL at hand: the one before ours, that our package brings along."""
    programs = packaged_programs().parents[1] / "pginstall" / "bin"
    with ordinary_user(tmp_path) as someone:
        data = str(someone.folder / "data")
        make = ("-D", data, "--username=difusio", "--auth=trust", "--encoding=UTF8", "--no-sync")
        try:
            someone.runs(str(programs / "initdb"), *make)
        except OSError:
            pytest.skip("an ordinary user of this machine cannot run the older PostgreSQL, or there is none")
        options = f"-k {someone.folder} -h '' -F"
        someone.runs(str(programs / "pg_ctl"), "start", "-D", data, "-o", options, "-l", f"{data}/log")
        yield f"postgresql://difusio@/postgres?host={someone.folder}"
        someone.runs(str(programs / "pg_ctl"), "stop", "-D", data, "-m", "immediate")


def on_server(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def save(url: str, to: Path) -> Path:
    return backup(url=url, to=to, at=NOW, program_version="1.2.3", key_ids=["2026a"]).path


def rewrite(path: Path, **manifest: object) -> None:
    """Change what the manifest of a backup says."""
    with zipfile.ZipFile(path) as archive:
        said = json.loads(archive.read("manifest.json")) | manifest
        dump = archive.read("store.dump")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("store.dump", dump)
        archive.writestr("manifest.json", json.dumps(said))


def is_empty(url: str) -> bool:
    return on_server(url, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [
        (0,)
    ]


def it_brings_back_everything(new_database: NewDatabase, tmp_path: Path) -> None:
    original, copy = new_database(TABLES), new_database()

    restored = restore(url=copy, path=save(original, tmp_path / "saved"), known=KNOWN)

    assert on_server(copy, CONTENT) == on_server(original, CONTENT)
    with pytest.raises(psycopg.errors.UniqueViolation):
        on_server(copy, "INSERT INTO contact (name) VALUES ('Asha')")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        on_server(copy, "INSERT INTO entry VALUES (99)")
    assert on_server(copy, "INSERT INTO contact (name) VALUES ('Chen') RETURNING id > 2") == [(True,)]
    assert restored.sentence == (
        "The store is as it was on 2026-04-23 at 09:30:00 UTC, saved by Difusió 1.2.3."
        " It needs the key file with the keys 2026a of that time."
    )


def it_says_what_is_in_it(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        said = json.loads(archive.read("manifest.json"))
        dump = archive.read("store.dump")
        names = archive.namelist()

    server, pg_dump = said.pop("postgresql"), said.pop("pg_dump")
    assert pg_dump >= 18
    assert server == on_server(SERVER, "SELECT current_setting('server_version_num')::int")[0][0]
    assert names == ["store.dump", "manifest.json"]
    assert said == {
        "format": 1,
        "difusio": "1.2.3",
        "created_at": "2026-04-23T09:30:00Z",
        "migrations": [["contacts", "0001_initial"], ["consent", "0001_initial"]],
        "key_ids": ["2026a"],
        "dump_bytes": len(dump),
        "dump_sha256": hashlib.sha256(dump).hexdigest(),
    }


def it_is_one_file_that_only_we_may_read(saved: Path) -> None:
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def it_tells_to_keep_the_key_file_elsewhere(new_database: NewDatabase, tmp_path: Path) -> None:
    done = backup(
        url=new_database(TABLES), to=tmp_path / "saved", at=NOW, program_version="1.2.3", key_ids=["2026a"]
    )

    assert f"saved in {tmp_path / 'saved'}" in done.sentence
    assert (
        "The key file (keys 2026a) is not in it: keep a copy of the key file in another place"
        in done.sentence
    )


def it_saves_one_moment_while_others_write(new_database: NewDatabase, tmp_path: Path) -> None:
    original, copy = new_database(TABLES), new_database()
    pair = (
        "WITH one AS (INSERT INTO contact (name) VALUES (gen_random_uuid()) RETURNING id)"
        " INSERT INTO entry SELECT id FROM one"
    )
    writing, enough = threading.Event(), threading.Event()

    def write() -> None:
        with psycopg.connect(original, autocommit=True) as connection:
            while not enough.is_set():
                connection.execute(pair.encode())
                writing.set()

    writer = threading.Thread(target=write)
    writer.start()
    writing.wait(30)
    saved = save(original, tmp_path / "saved")
    enough.set()
    writer.join()
    restore(url=copy, path=saved, known=KNOWN)

    counts = "SELECT (SELECT count(*) FROM contact) - (SELECT count(*) FROM entry)"
    assert on_server(copy, counts) == [(0,)]


def it_never_writes_over_a_file(new_database: NewDatabase, saved: Path) -> None:
    before = saved.read_bytes()

    with pytest.raises(FileExists):
        save(new_database(TABLES), saved)

    assert saved.read_bytes() == before


def it_finds_nothing_to_save_in_an_empty_store(new_database: NewDatabase, tmp_path: Path) -> None:
    with pytest.raises(NothingToSave):
        save(new_database(), tmp_path / "saved")

    assert list(tmp_path.iterdir()) == []


def it_leaves_nothing_behind_where_it_cannot_write(new_database: NewDatabase, tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="No such file or directory"):
        save(new_database(TABLES), tmp_path / "missing" / "saved")

    assert list(tmp_path.iterdir()) == []


def it_leaves_nothing_behind_when_the_dump_does_not_end_in_time(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    original = new_database(TABLES)

    with psycopg.connect(original) as locked:
        locked.execute("LOCK TABLE contact IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DumpFailed, match=r"did not end within 0\.5 s"):
            backup(url=original, to=tmp_path / "saved", at=NOW, program_version="1.2.3", wait_s=0.5)

    assert list(tmp_path.iterdir()) == []


def it_says_so_when_no_server_answers(tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotReached):
        save(f"postgresql://difusio@/difusio?host={tmp_path}", tmp_path / "saved")


@pytest.mark.parametrize(
    "damage", ["a changed byte", "a cut end", "no zip", "no manifest", "a strange manifest", "no file"]
)
def it_refuses_a_damaged_file(damage: str, saved: Path, new_database: NewDatabase) -> None:
    content = bytearray(saved.read_bytes())
    match damage:
        case "a changed byte":
            content[len(content) // 3] ^= 1
            saved.write_bytes(content)
        case "a cut end":
            saved.write_bytes(content[: len(content) // 2])
        case "no zip":
            saved.write_text("PGDMP")
        case "no manifest":
            with zipfile.ZipFile(saved, "w") as archive:
                archive.writestr("store.dump", "PGDMP")
        case "a strange manifest":
            rewrite(saved, migrations="all of them")
        case _:
            saved.unlink()
    copy = new_database()

    with pytest.raises(DamagedBackup):
        restore(url=copy, path=saved, known=KNOWN)

    assert is_empty(copy)


def it_refuses_a_dump_that_the_manifest_does_not_describe(saved: Path, new_database: NewDatabase) -> None:
    copy = new_database()
    rewrite(saved, dump_sha256="0" * 64)

    with pytest.raises(DamagedBackup, match="not the one that the manifest describes"):
        restore(url=copy, path=saved, known=KNOWN)

    assert is_empty(copy)


@pytest.mark.parametrize(
    "newer", [{"format": 2}, {"migrations": [["contacts", "0002_more"], ["surveys", "0001_initial"]]}]
)
def it_refuses_the_backup_of_a_newer_difusio(
    newer: dict[str, object], saved: Path, new_database: NewDatabase
) -> None:
    copy = new_database()
    rewrite(saved, **newer)

    with pytest.raises(NewerBackup, match="update the program"):
        restore(url=copy, path=saved, known=KNOWN)

    assert is_empty(copy)


def it_fills_only_an_empty_store(saved: Path, new_database: NewDatabase) -> None:
    used = new_database("CREATE TABLE kept (name text); INSERT INTO kept VALUES ('Dana')")

    with pytest.raises(StoreNotEmpty, match="DIFUSIO_HOME to a new folder"):
        restore(url=used, path=saved, known=KNOWN)

    assert on_server(used, "SELECT name FROM kept") == [("Dana",)]


def it_leaves_the_store_empty_when_the_restore_fails_half_way(saved: Path, new_database: NewDatabase) -> None:
    contrary = new_database("CREATE TYPE mood AS ENUM ()")

    with pytest.raises(RestoreFailed, match='type "mood" already exists'):
        restore(url=contrary, path=saved, known=KNOWN)

    assert is_empty(contrary)


def it_moves_between_servers_of_one_older_version(
    older_server: str, new_database: NewDatabase, tmp_path: Path
) -> None:
    original, copy = new_database(TABLES, older_server), new_database("", older_server)
    saved = save(original, tmp_path / "saved")

    restore(url=copy, path=saved, known=KNOWN)
    contrary = new_database("CREATE TYPE mood AS ENUM ()", older_server)
    with pytest.raises(RestoreFailed, match='type "mood" already exists'):
        restore(url=contrary, path=saved, known=KNOWN)

    assert on_server(copy, CONTENT) == on_server(original, CONTENT)
    assert is_empty(contrary)


def it_moves_to_a_newer_postgresql_but_not_back(
    older_server: str, new_database: NewDatabase, tmp_path: Path
) -> None:
    original, newer = new_database(TABLES, older_server), new_database()

    restore(url=newer, path=save(original, tmp_path / "older"), known=KNOWN)
    with pytest.raises(OlderServer):
        restore(url=new_database("", older_server), path=save(newer, tmp_path / "newer"), known=KNOWN)

    assert on_server(newer, CONTENT) == on_server(original, CONTENT)


def it_shows_no_password_in_the_list_of_processes(new_database: NewDatabase) -> None:
    url = make_conninfo(new_database(), password="s:e\\cret")

    with psycopg.connect(SERVER) as connection, clients(url, connection) as programs:
        command = " ".join(programs.command("pg_dump", "--format=custom"))
        passfile = Path(str(conninfo_to_dict(programs.address)["passfile"]))
        kept = passfile.read_text(), stat.S_IMODE(passfile.stat().st_mode)

    assert "cret" not in command
    assert kept == ("*:*:*:*:s\\:e\\\\cret\n", 0o600)
    assert not passfile.exists()
