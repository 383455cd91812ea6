"""PostgreSQL's client programs (pg_dump, pg_restore, psql) at work on one database, without its password on view."""

import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from difusio.project.postgres_programs import MAJOR, StoreError, packaged_programs

_VERSION_S = 10
_LINES_SHOWN = 3
_PIECE_BYTES = 1_000_000


class ClientMissing(StoreError):
    """The PostgreSQL that comes with Difusió speaks no TLS, or is too old for your server or backup: install PostgreSQL's own client programs (on Debian: apt-get install postgresql-client)."""  # noqa: E501 - the docstring is the message


@dataclass(frozen=True, slots=True)
class Clients:
    """Where the client programs are, and how they find the database."""

    programs: Path
    major: int
    address: str

    def command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.programs / program), f"--dbname={self.address}", "--no-password", *arguments]


@contextmanager
def clients(url: str, connection: psycopg.Connection[Any], *, oldest: int = 0) -> Iterator[Clients]:
    """Choose programs that can talk to the server of this connection, and hand them the password in a private file.

    oldest: the oldest version of the programs that will do, as what pg_dump writes no older pg_restore reads.

    Raises ClientMissing.
    """
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    with tempfile.TemporaryDirectory(prefix="difusio-") as folder:
        if password is not None:
            secret = Path(folder) / "password"
            escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
            secret.touch(mode=0o600)
            secret.write_text(f"*:*:*:*:{escaped}\n")
            parts["passfile"] = str(secret)
        programs, major = _programs(connection, oldest)
        yield Clients(
            programs=programs,
            major=major,
            address=make_conninfo(**{name: str(part) for name, part in parts.items()}),
        )


@contextmanager
def running(
    command: list[str], *, wait_s: float, feeding: bool = False, reading: bool = False
) -> Iterator["Running"]:
    """Run a program beside us; it is killed after wait_s seconds, and when we leave it early."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE if feeding else subprocess.DEVNULL,
            stdout=subprocess.PIPE if reading else subprocess.DEVNULL,
            stderr=errors,
        ) as process,
    ):
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        alarm = threading.Timer(wait_s, end)
        alarm.daemon = True
        alarm.start()
        try:
            yield Running(process, errors, wait_s, late)
        finally:
            alarm.cancel()
            process.kill()  # nothing to one that has ended


@dataclass(frozen=True, slots=True)
class Running:
    """A client program at work."""

    process: "subprocess.Popen[bytes]"
    _errors: IO[bytes]
    _wait_s: float
    _late: threading.Event

    def feed(self, source: Iterable[bytes]) -> None:
        """Give the program all the pieces, as far as it takes them."""
        if (stdin := self.process.stdin) is None:
            return
        try:
            for piece in source:
                stdin.write(piece)
            stdin.close()
        except BrokenPipeError:
            self._end_input()  # it has ended early, and `complaint` says why
        except BaseException:
            # Before its input ends: one that is cut short must not pass for a whole one.
            self.process.kill()
            self.process.wait()
            self._end_input()
            raise

    def _end_input(self) -> None:
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def lines(self) -> Iterator[bytes]:
        """Read what the program writes, line by line."""
        yield from self.process.stdout or ()

    def pieces(self) -> Iterator[bytes]:
        """Read what the program writes, piece by piece."""
        if (stdout := self.process.stdout) is not None:
            yield from pieces(stdout)

    def complaint(self) -> str | None:
        """Wait for the end; None when all went well, else what the program said, without anybody's data."""
        if self.process.wait() == 0:
            return None
        self._errors.seek(0)
        if self._late.is_set():
            return f"It did not end within {self._wait_s:g} s."
        lines = self._errors.read().decode(errors="replace").splitlines()
        # The lines beside these (DETAIL, CONTEXT, the statement) quote rows.
        said = [
            line for line in lines if re.match(r"((pg_dump|pg_restore|psql)\S*: )?(error|ERROR|FATAL)", line)
        ]
        return "\n".join(said[:_LINES_SHOWN]) or f"It ended with code {self.process.returncode}."


def pieces(source: IO[bytes]) -> Iterator[bytes]:
    """Read a file to its end in pieces of bounded size."""
    while piece := source.read(_PIECE_BYTES):
        yield piece


def _programs(connection: psycopg.Connection[Any], oldest: int) -> tuple[Path, int]:
    oldest = max(oldest, connection.info.server_version // 10_000)
    # The packaged programs are built without TLS: they would fail, or worse, talk in the clear.
    if oldest <= MAJOR and not connection.pgconn.ssl_in_use:
        return packaged_programs(), MAJOR
    found = shutil.which("pg_dump")
    if found is None or (major := _major(found)) < oldest:
        raise ClientMissing(f"(Needed: version {oldest} or newer.)")
    return Path(found).parent, major


def _major(program: str) -> int:
    shown = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, timeout=_VERSION_S
    )
    found = re.search(r"\) (\d+)", shown.stdout)
    return int(found.group(1)) if found else 0
