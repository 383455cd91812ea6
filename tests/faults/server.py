"""A PostgreSQL of our own, durable as a real one: killed, cut off from power, doubled, replaced by its double."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

import psycopg

from difusio.project.postgres_programs import Runner, runner
from tests.processes import wait_until

_SECTOR_BYTES: Final = 4_096
_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    # Each write of the log is synced by the write itself: what is in its files when all is killed, the disk has.
    "wal_sync_method": "open_datasync",
    # Whoever commits without waiting for the disk is not saved by chance.
    "wal_writer_delay": "10s",
    # Only a start makes a checkpoint, so that we know which writes were synced.
    "checkpoint_timeout": "1d",
    "max_wal_size": "8GB",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
}
_START_S: Final = 60.0


class Server:
    """One server, with its data, its log and its socket in a folder of its own.  place: where that shall be."""

    def __init__(self, by: Runner, place: Path | None = None, **settings: str) -> None:
        self.folder = folder = Path(tempfile.mkdtemp(prefix="difusio-server-", dir=place))
        by.own(folder)
        self.data = folder / "data"
        self.sockets = folder / "run"
        self._image = folder / "image"
        self._by = by
        self._settings = _SETTINGS | settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the database is."""
        return f"postgresql://difusio@/difusio?host={self.sockets}"

    def create(self) -> None:
        """Make its data, its database, and start it."""
        self.run(
            "initdb",
            "-D",
            self.data,
            "--username=difusio",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
            "--no-sync",
        )
        self.start()
        with psycopg.connect(f"postgresql://difusio@/postgres?host={self.sockets}", autocommit=True) as first:
            first.execute("CREATE DATABASE difusio")

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.sockets.mkdir(exist_ok=True)
        self._by.own(self.sockets)
        # What a kill left behind.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._by.program("postgres"), "-D", str(self.data), "-k", str(self.sockets), *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/", umask=0o077,
                env={"LC_ALL": "C", "TZ": "UTC"}, user=self._by.uid, group=self._by.gid, extra_groups=self._by.groups,
            )  # fmt: skip
        wait_until(self._answers, "the server answers", timeout_s=_START_S)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it in order: all is synced."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_START_S)

    def kill(self) -> None:
        """Kill all its processes at one moment."""
        if self._process is None:
            return
        family = _stop(self._process.pid)
        for pid in family:
            _signal(pid, signal.SIGKILL)
        self._process.wait()
        wait_until(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), "all its processes are gone"
        )

    def remove(self) -> None:
        """Kill it and delete all that is its own."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def remember_what_is_synced(self) -> None:
        """Keep the data as they are on the disk: call it while the server is stopped."""
        shutil.rmtree(self._image, ignore_errors=True)
        shutil.copytree(
            self.data, self._image, ignore=lambda folder, _: ["pg_wal"] if folder == str(self.data) else []
        )

    def cut_power(self, dice: Random) -> None:
        """Kill it, and lose what it wrote and never synced: all of it, or any part by sectors, as the dice say.

        Synced were the log (each write by itself), the control file, and everything else at the last checkpoint.
        """
        self.kill()
        keeps = dice.choice([0.0, 0.5])
        for path in sorted(self.data.rglob("*")):
            below = path.relative_to(self.data)
            if below.parts[0] == "pg_wal" or below == Path("global/pg_control") or not path.is_file():
                continue
            _lose(path, self._image / below, dice, keeps)
        for path in sorted(self._image.rglob("*")):
            there = self.data / path.relative_to(self._image)
            # What was deleted since is there again.
            if path.is_file() and not there.exists() and path.name != "postmaster.pid":
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, there)
                self._by.own(there)

    def recover(self) -> None:
        """Start after a power cut: recovery, whose end is a checkpoint; remember it, and start for everybody."""
        sockets, self.sockets = self.sockets, self.folder / "recovery"
        self.start()
        self.stop()
        self.sockets = sockets
        self.remember_what_is_synced()
        self.start()

    def is_whole(self) -> bool:
        """Say whether every page of the stopped server has the checksum that it should have."""
        return self.run("pg_checksums", "--check", "-D", self.data, check=False).returncode == 0

    def double(self) -> "Server":
        """Start a synchronous standby of it: from now on a commit waits for both."""
        other = Server(self._by, None, **self._settings)
        self.run(
            "pg_basebackup",
            "-D",
            other.data,
            "-R",
            "-X",
            "stream",
            "--checkpoint=fast",
            "-U",
            "difusio",
            "-h",
            self.sockets,
        )
        other.start()
        self.tell("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.tell("SELECT pg_reload_conf()")
        wait_until(
            lambda: self.ask("SELECT sync_state FROM pg_stat_replication") == "sync",
            "the standby is synchronous",
        )
        return other

    def take_over(self) -> None:
        """Become the primary, alone."""
        self.tell("SELECT pg_promote()")
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write("synchronous_standby_names = ''\n")
        self.tell("SELECT pg_reload_conf()")

    def tell(self, statement: str) -> None:
        with psycopg.connect(self._own_url(), autocommit=True) as server:
            server.execute(statement)

    def ask(self, question: str) -> object:
        with psycopg.connect(self._own_url(), autocommit=True) as server:
            row = server.execute(question).fetchone()
        return row[0] if row else None

    def run(self, program: str, *arguments: object, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self._by.program(program), *map(str, arguments)],
            capture_output=True, text=True, check=check, cwd="/", env={"LC_ALL": "C", "TZ": "UTC"}, umask=0o077,
            user=self._by.uid, group=self._by.gid, extra_groups=self._by.groups,
        )  # fmt: skip

    def _own_url(self) -> str:
        return f"postgresql://difusio@/postgres?host={self.sockets}"

    def _answers(self) -> bool:
        assert self.is_running, (self.folder / "server.log").read_text("utf-8", "replace")[-2_000:]
        try:
            psycopg.connect(self._own_url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def own_server(place: Path | None = None, **settings: str) -> Iterator[Server]:
    """Give a new server; afterwards it is gone.  place: where its folder shall be."""
    server = Server(runner(), place, **settings)
    try:
        server.create()
        yield server
    finally:
        server.remove()


def _lose(path: Path, synced: Path, dice: Random, keeps: float) -> None:
    if not synced.exists():
        # A new file: its name was never synced either.
        if dice.random() >= keeps:
            path.unlink()
        return
    old, new = synced.read_bytes(), path.read_bytes()
    if old == new:
        return
    if not keeps:
        path.write_bytes(old)
        return
    kept = bytearray(new)
    # What the file had grown by and lost reads as noughts.
    was = old.ljust(len(new), b"\0")
    for begin in range(0, len(new), _SECTOR_BYTES):
        end = min(begin + _SECTOR_BYTES, len(new))
        if dice.random() >= keeps:
            kept[begin:end] = was[begin:end]
    path.write_bytes(kept)


@contextmanager
def standing_still(postmaster: int) -> Iterator[None]:
    """Stop every process of a server for a while, as a machine that hangs would."""
    family: list[int] = []
    try:
        family = _stop(postmaster)
        yield
    finally:
        # The first one last: it would clear away the ended ones, and their numbers might be given to others.
        for pid in reversed(family or [postmaster]):
            _signal(pid, signal.SIGCONT)


def _stop(postmaster: int) -> list[int]:
    """Stop a server's processes, the first one first: from then on none is born, and none that ends is cleared away."""
    _signal(postmaster, signal.SIGSTOP)
    family = _family(postmaster)
    for pid in family:
        _signal(pid, signal.SIGSTOP)
    return family


def _family(first: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in listed.stdout.splitlines()]
    return [first, *(int(pid) for pid, parent in pairs if int(parent) == first)]


def _signal(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, what)
