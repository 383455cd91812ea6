"""One PostgreSQL server in folders of ours: making its data, starting it, asking it, stopping it.

Who may do so, and when, is decided in `embedded_postgres.py`; here nobody else is expected to act.
"""

import errno
import hashlib
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from difusio.project.postgres_programs import MAJOR, Runner, StoreError, make_public_folder, runner

NAME = "difusio"  # of the database and of the role that owns it

_PORT = 5432  # only a part of the socket's name: nothing listens on a network
_SOCKET_MAX_BYTES = 99  # macOS allows 103, Linux 107
_CREATE_S = 120.0
_ASK_S = 10.0
_PRIVATE = 0o700
_LOG_MAX_BYTES = 1_000_000
_LOG_LINES_SHOWN = 12
_SMALL_SHARED_MEMORY_BYTES = 512 * 2**20
_MIB = 2**20
# What PostgreSQL keeps in memory itself: an eighth of the machine's, within these.  A campaign that does not fit makes
# each of its writers wait for the disk.
_LEAST_BUFFERS_BYTES, _MOST_BUFFERS_BYTES = 128 * _MIB, 2_048 * _MIB
_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}  # nothing of ours: PGDATA, PGOPTIONS and the like would meddle

# What the person who runs it wants otherwise stands in `local.conf`, in the folder of the server's log.
_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",  # an SSD
    # Bulk loads: no replica follows an embedded store, so a load into a new table need not be written twice.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "20s",
    # The backend of a killed client ends soon, even in a long query: the next server waits for it.
    "client_connection_check_interval": "2s",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] '",
    "log_checkpoints": "off",
    # Failing statements and their values hold names, numbers and texts of people: they never reach a log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class FolderNotUsable(StoreError):
    """The store's folder cannot be made or written: give the user who runs Difusió the right to it, or choose another."""  # noqa: E501 - the docstring is the message


class OtherUsersStore(StoreError):
    """An ordinary user made this store, and root keeps its data elsewhere: run the command as that user."""


class OtherPostgres(StoreError):
    """The store was written by another major version of PostgreSQL: restore a backup into a new store, or run the Difusió that made it."""  # noqa: E501 - the docstring is the message


class PasswordMissing(StoreError):
    """The store's data are there but its password file is gone: put the file back, or move the data away to begin anew."""  # noqa: E501 - the docstring is the message


class PasswordWrong(StoreError):
    """The store's server refuses the password in the password file: put the right file back."""


class DiskFull(StoreError):
    """The disk is full: free some space and start again; what was saved is safe."""


class DoesNotStart(StoreError):
    """PostgreSQL did not start; it said:"""


class NotDurable(StoreError):
    """The server of this store was started without fsync, for tests: end the tests first."""


def folder_of(home: Path, system_folder: Path) -> Path:
    """Name the folder that holds the store of this home."""
    home = home.resolve()
    if os.geteuid() != 0:
        return home / "postgres"
    return system_folder / "stores" / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Site:
    """Where the things of one store are, and who runs its server.

    The server's user owns `data` and the socket's folder, and nothing else: what root reads, writes or locks
    stands beside them, so that a server gone bad cannot lead root astray.
    """

    home: Path
    folder: Path
    runner: Runner

    @classmethod
    def of(cls, home: Path, system_folder: Path) -> "Site":
        """Find the place of a home's store, and make its folders where they are missing."""
        folder = folder_of(home, system_folder)
        site = cls(home=home.resolve(), folder=folder, runner=runner(system_folder))
        site.make_folders()
        return site

    def make_folders(self) -> None:
        """Make the folders that are missing; those that exist keep their rights."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.runner.user is None:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            return
        if (self.home / "postgres" / "data").exists():
            raise OtherUsersStore(f"({self.home})")
        for public in (self.folder.parent, self.folder):
            make_public_folder(public)

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    @property
    def socket_note(self) -> Path:
        """The file that names the folder of the socket."""
        return self.folder / "socket-folder"

    @property
    def password_file(self) -> Path:
        """The file that holds the password of our role."""
        return self.home / "postgres.password"

    def url(self) -> str:
        """Name the running server, password included."""
        password = self.password_file.read_text()
        return f"postgresql://{NAME}:{password}@/{NAME}?host={quote(self.socket_note.read_text(), safe='')}"


@dataclass(frozen=True, slots=True)
class Started:
    """A server that we are the parent of, and where its words begin in the log."""

    process: "subprocess.Popen[bytes]"
    log_from: int

    def was_killed(self) -> bool:
        """Tell, once it is gone, whether somebody killed it; otherwise it ended by itself."""
        return self.process.wait(_ASK_S) < 0

    def why_it_ended(self, site: Site) -> StoreError:
        """Put into a sentence why it is gone."""
        said = site.log.read_bytes()[self.log_from :].decode(errors="replace")
        return _failure("\n".join(said.splitlines()[-_LOG_LINES_SHOWN:]), site)


def start(site: Site, *, lock: int, durable: bool) -> Started:
    """Start the server, making its data first if there are none; it keeps the lock as long as it lives.

    The caller holds the lock, so no server works on the data now.  `is_ready` tells when the new one answers.
    Raises OtherPostgres, PasswordMissing, DoesNotStart, DiskFull.
    """
    if not site.data.exists():
        _create(site, lock=lock, durable=durable)
    _refuse_other_versions(site)
    if not site.password_file.exists():
        raise PasswordMissing(f"({site.password_file}; the data: {site.data})")
    sockets = _socket_folder(site)
    # With the lock in our hands these three are left over from a kill; their process ids may be strangers' by
    # now, in a container even likely, and PostgreSQL would then refuse to start.
    for leftover in (
        site.data / "postmaster.pid",
        sockets / f".s.PGSQL.{_PORT}",
        sockets / f".s.PGSQL.{_PORT}.lock",
    ):
        leftover.unlink(missing_ok=True)
    for_the_server = 0o644 if site.runner.user else 0o600
    _write(site.folder / "hba.conf", f"local all {NAME} scram-sha-256\n", mode=for_the_server)
    _write(site.folder / "server.conf", _settings(site, sockets, durable=durable), mode=for_the_server)
    if site.log.exists() and site.log.stat().st_size > _LOG_MAX_BYTES:
        site.log.replace(site.log.with_suffix(".log.1"))
    site.log.touch(mode=0o600)
    with site.log.open("ab") as log:
        log_from = log.tell()
        process = subprocess.Popen(
            [site.runner.program("postgres"), "-D", str(site.data),
             "-c", f"config_file={site.folder / 'server.conf'}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for us, not for the server
            pass_fds=(lock,), umask=0o077, cwd="/", env=_ENVIRONMENT,
            user=site.runner.uid, group=site.runner.gid, extra_groups=site.runner.groups,
        )  # fmt: skip
    return Started(process, log_from)


def is_ready(site: Site, *, durable: bool, timeout_s: float) -> bool:
    """Tell whether the server lets our role in.

    Raises PasswordMissing, PasswordWrong, NotDurable.
    """
    if not site.password_file.exists():
        raise PasswordMissing(f"({site.password_file}; the data: {site.data})")
    try:
        with psycopg.connect(
            site.url(), connect_timeout=max(2, int(timeout_s)), autocommit=True
        ) as connection:
            row = connection.execute("SELECT current_setting('fsync')").fetchone()
    except FileNotFoundError:
        return False  # the server that is ending now was killed before it had noted its socket
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise PasswordWrong(f"({site.password_file})") from None
        return False  # starting, recovering, or on its way out
    if durable and row != ("on",):
        raise NotDurable(f"({site.folder})")
    return True


def ask_to_stop(site: Site, *, lock: int) -> bool:
    """Ask the server to stop: clients are cut off, what is committed is safe.  False: it could not be asked.

    The lock goes to the program that asks: were we killed now, nobody would join a server about to be asked.
    """
    asked = _run(
        site, "pg_ctl", "stop", "-D", str(site.data), "-m", "fast", "--no-wait",
        timeout_s=_ASK_S, pass_fds=(lock,),
    )  # fmt: skip
    return asked.returncode == 0


def drop_socket_folder(site: Site) -> None:
    """Delete the folder of the socket: only one that we have made and noted."""
    with suppress(FileNotFoundError):
        # A folder of that name that is not ours (the system emptied /tmp, a stranger came) stays as it is.
        shutil.rmtree(site.socket_note.read_text(), ignore_errors=True)


@contextmanager
def as_sentences(home: Path) -> Iterator[None]:
    """Turn what the system says about our files into errors that a person can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"({home})") from error
        raise FolderNotUsable(f"({error.filename or home}: {error.strerror})") from error


def _create(site: Site, *, lock: int, durable: bool) -> None:
    """Make the data beside their final place, and rename: a kill never leaves half a store behind."""
    for leftover in site.folder.glob("data.new-*"):
        shutil.rmtree(leftover)
    new = Path(tempfile.mkdtemp(prefix="data.new-", dir=site.folder))
    site.runner.own(new)
    if not site.password_file.exists():
        _write(site.password_file, secrets.token_urlsafe(32))
    try:
        _create_in(new, site, lock=lock, durable=durable)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    new.rename(site.data)
    _sync_folder(site.folder)


def _create_in(new: Path, site: Site, *, lock: int, durable: bool) -> None:
    # The built-in locale is the same on every system and in every version of its libraries.  PostgreSQL's own
    # access rules stay shut; the server is started with ours.
    made = _run(
        site, "initdb", "-D", str(new), "--username=postgres", "--encoding=UTF8", "--locale=C",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--text-search-config=simple",
        "--data-checksums", "--auth=reject", "--no-instructions", *(() if durable else ("--no-sync",)),
        timeout_s=_CREATE_S, pass_fds=(lock,),
    )  # fmt: skip
    if made.returncode:
        raise _failure(made.stdout, site)
    # Our role owns its database and is no superuser: what slips into a query cannot read files or run programs.
    # In single-user mode each line is one statement, and nobody has to listen for them.
    password = site.password_file.read_text()
    statements = (
        f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{password}'\n"
        f"GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO {NAME}\n"
        f"CREATE DATABASE {NAME} OWNER {NAME}\n"
    )
    named = _run(
        site, "postgres", "--single", "-D", str(new), "-c", "exit_on_error=on", "-c", "log_checkpoints=off",
        "-c", "log_min_error_statement=panic", *(() if durable else ("-F",)), "postgres",
        timeout_s=_CREATE_S, pass_fds=(lock,), given=statements,
    )  # fmt: skip
    if named.returncode:
        raise _failure(named.stdout, site)


def _refuse_other_versions(site: Site) -> None:
    found = (site.data / "PG_VERSION").read_text().strip()
    if found != str(MAJOR):
        raise OtherPostgres(f"(The data in {site.data}: {found}; this program: {MAJOR}.)")


def _socket_folder(site: Site) -> Path:
    """Choose a private folder for the socket, short enough for the system, and note it for those who join.

    The one that was noted stays: whoever used the server that is gone looks for the next one there.
    """
    if (noted := _noted_socket_folder(site)) is not None:
        return noted
    drop_socket_folder(site)
    sockets = site.folder / "run"
    if len(os.fsencode(sockets / f".s.PGSQL.{_PORT}")) > _SOCKET_MAX_BYTES:
        sockets = Path(tempfile.mkdtemp(prefix="difusio-", dir="/tmp"))  # a random name, mode 0700
    else:
        sockets.mkdir(mode=0o700, exist_ok=True)
    site.runner.own(sockets)
    _write(site.socket_note, str(sockets))
    return sockets


def _noted_socket_folder(site: Site) -> Path | None:
    """Give the folder of the server before this one, if it is there and nobody else's."""
    try:
        noted = Path(site.socket_note.read_text())
        found = noted.lstat()
    except FileNotFoundError:
        return None
    owner = os.geteuid() if site.runner.uid is None else site.runner.uid
    is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == _PRIVATE
    return noted if is_private and found.st_uid == owner else None


def _settings(site: Site, sockets: Path, *, durable: bool) -> str:
    switch = "on" if durable else "off"
    settings = (
        _SETTINGS
        | memory_settings(_memory_bytes())
        | {
            "hba_file": _quoted(str(site.folder / "hba.conf")),
            # The value is a list: the inner quotes keep a comma or a space in the path.
            "unix_socket_directories": _quoted('"' + str(sockets).replace('"', '""') + '"'),
            "fsync": switch,
            "full_page_writes": switch,
            "synchronous_commit": switch,
        }
    )
    if sys.platform == "darwin":
        settings["wal_sync_method"] = (
            "fsync_writethrough"  # a plain fsync leaves the data in the drive's cache
        )
    elif _shared_memory_bytes() < _SMALL_SHARED_MEMORY_BYTES:
        settings["dynamic_shared_memory_type"] = "mmap"  # Docker gives 64 MB: too little for a parallel join
    ours = "".join(f"{name} = {value}\n" for name, value in settings.items())
    local = site.folder / "local.conf"
    return ours + (local.read_text() if local.exists() else "")  # what is said last, holds


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def memory_settings(memory_bytes: int) -> dict[str, str]:
    """Give PostgreSQL's share of so much memory, and how much of it the system's cache may take."""
    buffers = min(max(memory_bytes // 8, _LEAST_BUFFERS_BYTES), _MOST_BUFFERS_BYTES)
    cached = max(memory_bytes // 2, 2 * _LEAST_BUFFERS_BYTES)
    return {"shared_buffers": f"{buffers // _MIB}MB", "effective_cache_size": f"{cached // _MIB}MB"}


def _memory_bytes() -> int:
    """Give the machine's memory, or what a container of Linux may use of it."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        allowed = int(_MEMORY_LIMIT.read_text("ascii"))
    except (OSError, ValueError):  # no such file, or no limit: "max"
        return pages
    return min(pages, allowed)


def _shared_memory_bytes() -> int:
    try:
        return shutil.disk_usage("/dev/shm").total  # noqa: S108 - asked, not written
    except OSError:
        return 0


def _run(
    site: Site, program: str, *arguments: str, timeout_s: float, pass_fds: tuple[int, ...], given: str = ""
) -> "subprocess.CompletedProcess[str]":
    command = [site.runner.program(program), *arguments]
    try:
        return subprocess.run(
            command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", check=False, timeout=timeout_s, start_new_session=True, pass_fds=pass_fds,
            umask=0o077, cwd="/", env=_ENVIRONMENT,
            user=site.runner.uid, group=site.runner.gid, extra_groups=site.runner.groups,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, f"{program} did not end within {timeout_s:.0f} s.")


def _failure(said: str, site: Site) -> StoreError:
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return DiskFull(f"({site.folder})")
    return DoesNotStart(f"\n{said}\n(The whole log: {site.log})")


def _write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put a text into place whole or not at all."""
    handle, new = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(handle, mode)
        os.fsync(handle)
    os.replace(new, path)  # noqa: PTH105 - a plain name from mkstemp


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
