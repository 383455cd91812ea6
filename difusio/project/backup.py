"""Save the whole store in one file, and fill an empty store from such a file.

A backup is a zip that holds the dump of pg_dump and a manifest.  The keys are not in it, so that a stolen backup
shows no token, no identity and no message: whoever keeps backups keeps the key file too, in another place.
"""

import hashlib
import os
import secrets
import zipfile
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import IO, Any

import msgspec
import psycopg

from difusio.project.postgres_clients import Clients, Running, clients, pieces, running
from difusio.project.postgres_programs import StoreError
from difusio.project.schema_version import Migration, applied_migrations, unknown_migrations

_FORMAT = 1
_MANIFEST = "manifest.json"
_DUMP = "store.dump"
_MANIFEST_MAX_BYTES = 4_000_000
_CONNECT_S = 10
_LOCK_WAIT_S = 60
_LONGEST_S = 6 * 3600.0
_KNOWS_TRANSACTION_TIMEOUT = 17
_UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
_OURS_ALONE = 0o600
_RESTORE = ("--no-owner", "--no-privileges")  # the roles of another server are not known here

_IS_EMPTY = """
SELECT NOT EXISTS (
    SELECT FROM pg_class AS thing JOIN pg_namespace AS schema ON schema.oid = thing.relnamespace
    WHERE schema.nspname NOT LIKE 'pg\\_%' AND schema.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = thing.oid AND deptype = 'e'))
"""


class BackupError(StoreError):
    """The backup or the restore did not work."""


class NothingToSave(BackupError):
    """The store is empty: there is nothing to save yet."""


class FileExists(BackupError):
    """There is a file of that name already: choose another name, so that no backup is lost."""


class NotWritten(BackupError):
    """The backup could not be written, and nothing is left of it."""


class DatabaseNotReached(BackupError):
    """The store does not let us in: check that its server runs."""


class DumpFailed(BackupError):
    """PostgreSQL's pg_dump did not finish, and nothing is left of the backup."""


class DamagedBackup(BackupError):
    """This file is no backup of Difusió, or it is damaged: take another one; the store was not touched."""


class NewerBackup(BackupError):
    """A newer Difusió made this backup: update the program; the store was not touched."""


class OlderServer(BackupError):
    """The backup comes from a newer PostgreSQL than this store's: restore into one at least as new."""


class StoreNotEmpty(BackupError):
    """A backup goes into an empty store only, and this one is not: set DIFUSIO_HOME to a new folder (with a copy of the key file), or DATABASE_URL to a new database; the store was not touched."""  # noqa: E501 - the docstring is the message


class RestoreFailed(BackupError):
    """PostgreSQL refused the backup; the store is as empty as it was."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    postgresql: the server's number for itself, 180004 is 18.4.  pg_dump: the first part of that program's version.
    """

    format: int
    difusio: str
    postgresql: int
    pg_dump: int
    created_at: datetime
    migrations: tuple[Migration, ...]
    key_ids: tuple[str, ...]
    dump_bytes: int
    dump_sha256: str


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that is safely on its disk."""

    path: Path
    file_bytes: int
    manifest: Manifest

    @property
    def sentence(self) -> str:
        """Tell the person what there is now, and what is not in it."""
        keys = f" (keys {', '.join(self.manifest.key_ids)})" if self.manifest.key_ids else ""
        return (
            f"The store is saved in {self.path} ({self.file_bytes:,} bytes). The key file{keys} is not in it: keep"
            " a copy of the key file in another place; without it the backup's tokens and messages cannot be read."
        )


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was filled from a backup."""

    manifest: Manifest

    @property
    def sentence(self) -> str:
        """Tell the person what there is now, and what it needs."""
        keys = f" with the keys {', '.join(self.manifest.key_ids)}" if self.manifest.key_ids else ""
        return (
            f"The store is as it was on {self.manifest.created_at:%Y-%m-%d at %H:%M:%S %Z}, saved by Difusió"
            f" {self.manifest.difusio}. It needs the key file{keys} of that time."
        )


def backup(
    *,
    url: str,
    to: Path,
    at: datetime,
    program_version: str,
    key_ids: Sequence[str] = (),
    wait_s: float = _LONGEST_S,
) -> BackedUp:
    """Save the store in a new file that we alone may read; the others go on working meanwhile.

    to: the file, which appears whole or not at all; a kill may leave a hidden `.part` beside it.  at: now, aware.
    wait_s: the longest time for the dump.
    Raises NothingToSave, FileExists, NotWritten, DatabaseNotReached, DumpFailed, ClientMissing.
    """
    if to.exists():
        raise FileExists(f"({to})")
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    try:
        with (
            _opened(url) as connection,
            clients(url, connection) as programs,
            _new_archive(part) as archive,
        ):
            # The list of migrations and the dump see one moment.
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            migrations = applied_migrations(connection)
            if not migrations:
                raise NothingToSave
            dump_bytes, dump_sha256 = _dump_into(archive, connection, programs, wait_s=wait_s)
            manifest = Manifest(
                format=_FORMAT, difusio=program_version, postgresql=connection.info.server_version,
                pg_dump=programs.major, created_at=at, migrations=migrations, key_ids=tuple(key_ids),
                dump_bytes=dump_bytes, dump_sha256=dump_sha256,
            )  # fmt: skip
            archive.writestr(_MANIFEST, msgspec.json.encode(manifest))
        part.rename(to)
        _sync_folder(to.parent)
    except OSError as error:
        raise NotWritten(f"({error.filename or to}: {error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)
    return BackedUp(path=to, file_bytes=to.stat().st_size, manifest=manifest)


def restore(*, url: str, path: Path, known: AbstractSet[Migration], wait_s: float = _LONGEST_S) -> Restored:
    """Fill an empty store from a backup: wholly, or not at all.

    known: the migrations of this program (`schema_version.known_migrations`).  wait_s: the longest time for it.
    Raises DamagedBackup, NewerBackup, OlderServer, StoreNotEmpty, DatabaseNotReached, RestoreFailed, ClientMissing.
    """
    manifest = _verified(path, known)
    with _opened(url) as connection:
        server_major, from_major = (
            number // 10_000 for number in (connection.info.server_version, manifest.postgresql)
        )
        if server_major < from_major:
            raise OlderServer(f"(Version {server_major}; the backup is from {from_major}.)")
        if connection.execute(_IS_EMPTY).fetchone() != (True,):
            raise StoreNotEmpty
        connection.rollback()  # an open transaction would keep locks while the restore works
        with (
            clients(url, connection, oldest=manifest.pg_dump) as programs,
            zipfile.ZipFile(path) as archive,
            archive.open(_DUMP) as dump,
        ):
            if server_major >= _KNOWS_TRANSACTION_TIMEOUT:
                complaint = _pour(dump, programs, wait_s=wait_s)
            else:
                complaint = _pour_as_script(dump, programs, wait_s=wait_s)
        if complaint is not None:
            raise RestoreFailed(f"\n{complaint}")
        connection.autocommit = True
        connection.execute("ANALYZE")  # without statistics the first campaign would be slow
    return Restored(manifest)


@contextmanager
def _opened(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        connection = psycopg.connect(url, connect_timeout=_CONNECT_S)
    except psycopg.OperationalError as error:
        raise DatabaseNotReached from error
    with connection:
        yield connection


@contextmanager
def _new_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OURS_ALONE), "w+b") as file:
        # The dump is compressed already.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            yield archive
        file.flush()
        os.fsync(file.fileno())


def _dump_into(
    archive: zipfile.ZipFile, connection: psycopg.Connection[Any], programs: Clients, *, wait_s: float
) -> tuple[int, str]:
    exported = connection.execute("SELECT pg_export_snapshot()").fetchone()
    snapshot = exported[0] if exported else ""
    digest, written = hashlib.sha256(), 0
    command = programs.command(
        "pg_dump", "--format=custom", "--compress=3", f"--snapshot={snapshot}",
        f"--lock-wait-timeout={_LOCK_WAIT_S}s",
    )  # fmt: skip
    with (
        running(command, reading=True, wait_s=wait_s) as dump,
        archive.open(_DUMP, "w", force_zip64=True) as entry,
    ):
        for piece in dump.pieces():
            digest.update(piece)
            written += entry.write(piece)
        complaint = dump.complaint()
    if complaint is not None:
        raise DumpFailed(f"\n{complaint}")
    return written, digest.hexdigest()


def _verified(path: Path, known: AbstractSet[Migration]) -> Manifest:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive)
            if unknown := unknown_migrations(manifest.migrations, known):
                raise NewerBackup(f"({unknown})")
            digest = hashlib.sha256()
            with archive.open(_DUMP) as dump:
                for piece in pieces(dump):
                    digest.update(piece)
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        KeyError,
        NotImplementedError,
        msgspec.MsgspecError,
    ) as error:
        raise DamagedBackup(f"({path}: {error})") from error
    if digest.hexdigest() != manifest.dump_sha256:
        raise DamagedBackup(f"({path}: the dump is not the one that the manifest describes)")
    return manifest


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    entry = archive.getinfo(_MANIFEST)
    if entry.file_size > _MANIFEST_MAX_BYTES:
        raise zipfile.BadZipFile("a manifest of that size is none")
    said = archive.read(entry)
    if msgspec.json.decode(said, type=dict[str, Any]).get("format") != _FORMAT:
        raise NewerBackup
    return msgspec.json.decode(said, type=Manifest)


def _pour(dump: IO[bytes], programs: Clients, *, wait_s: float) -> str | None:
    """Send the dump into the store in one transaction; give back what went wrong."""
    command = programs.command("pg_restore", *_RESTORE, "--single-transaction", "--exit-on-error")
    with running(command, feeding=True, wait_s=wait_s) as restoring:
        restoring.feed(pieces(dump))
        return restoring.complaint()


def _pour_as_script(dump: IO[bytes], programs: Clients, *, wait_s: float) -> str | None:
    """Do the same on a server before 17, which does not know a setting that pg_restore makes at the beginning."""
    script = [str(programs.programs / "pg_restore"), "--file=-", *_RESTORE]
    into = programs.command("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    with (
        running(into, feeding=True, wait_s=wait_s) as restoring,
        running(script, feeding=True, reading=True, wait_s=wait_s) as writing,
    ):
        feeder = Thread(target=writing.feed, args=[pieces(dump)])
        feeder.start()
        try:
            restoring.feed(_lines_for_old_servers(writing))
        except _ScriptCutShort as error:
            return str(error)
        finally:
            writing.process.kill()  # has ended, unless psql did not want the rest
            feeder.join()
        return restoring.complaint()


class _ScriptCutShort(Exception):
    pass


def _lines_for_old_servers(writing: Running) -> Iterator[bytes]:
    lines = writing.lines()
    for line in lines:
        if line == _UNKNOWN_BEFORE_17:
            break
        yield line
    yield from lines
    if complaint := writing.complaint():
        raise _ScriptCutShort(complaint)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
