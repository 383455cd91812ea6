"""A simulator's state in a file: stopped and started again, or killed, it goes on where it stood.

One SQLite file holds the journals row by row, the files of messages, and one snapshot of everything else: account,
people, templates, counts, webhooks on their way and what is still to happen.  All are written in one transaction,
so that they always fit together.  The snapshot is a pickle that may name nothing but this package's own classes.
"""

import asyncio
import copyreg
import hashlib
import io
import logging
import pickle
import sqlite3
import time
import zlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from operator import attrgetter
from pathlib import Path
from types import MethodType
from typing import Any

from whatsapp_simulator import __version__, webhooks
from whatsapp_simulator.answering import Answering
from whatsapp_simulator.clock import Clock
from whatsapp_simulator.deeds import Deeds
from whatsapp_simulator.journal import Journal
from whatsapp_simulator.life import Life
from whatsapp_simulator.links import LinkFetcher
from whatsapp_simulator.media import File
from whatsapp_simulator.schedule import Schedule
from whatsapp_simulator.webhooks import Kind, Outbox
from whatsapp_simulator.world import World

_SHORTEST_PAUSE_S, _SHARE = 1.0, 20
_ROWS = 1000
_TABLES = """
CREATE TABLE IF NOT EXISTS snapshot (version TEXT NOT NULL, now REAL NOT NULL, rate REAL NOT NULL,
    monotonic REAL NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rows (journal TEXT NOT NULL, number INTEGER NOT NULL, crc INTEGER NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (journal, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL);
"""
# What a snapshot may name besides this package's classes: plain containers, and how msgspec's are put together.
_PLAIN = {
    ("array", "_array_reconstructor"), ("array", "array"), ("builtins", "dict"), ("builtins", "frozenset"),
    ("builtins", "set"), ("collections", "Counter"), ("collections", "defaultdict"), ("collections", "deque"),
    ("datetime", "date"), ("functools", "partial"), ("msgspec", "Raw"), ("msgspec._core", "Raw"),
    ("msgspec._utils", "rebuild"), ("time", "monotonic"),
}  # fmt: skip

_logger = logging.getLogger(__name__)


class StateError(Exception):
    """The state file cannot be used; the message says why and what to do."""


class StateFile:
    """The file, and how much of each journal it holds already."""

    def __init__(self, path: Path, world: World, life: Life) -> None:
        self._path = path
        self._world = world
        self._fixtures = _fixtures(world, life)
        self._journals = {
            "accepted": world.accepted,
            "inbound": world.inbound,
            "spool": world.outbox.spool,
        }
        self._held: dict[str, tuple[int, int]] = {}
        self._digest = b""
        self._database = _open(path)

    def load(self) -> bool:
        """Put the world where the file left it; false for a new file.  Raises StateError."""
        try:
            found = self._database.execute("SELECT * FROM snapshot").fetchone()
            if found is None:
                return False
            version, now, rate, monotonic, digest, body = found
            if version != __version__:
                raise StateError(
                    f"The state {self._path} was written by version {version}, this is {__version__}: start with "
                    "another file, or with the version that wrote it."
                )
            if hashlib.sha256(body).digest() != digest:
                raise _damaged(self._path)
            for name, journal in self._journals.items():
                self._fill(name, journal)
            told = _Unpickler(body, self._fixtures, self._content).load()
        except (sqlite3.DatabaseError, pickle.UnpicklingError, zlib.error, LookupError, TypeError) as problem:
            raise _damaged(self._path) from problem
        self._restore(told, now=now, rate=rate, stood=time.monotonic() - monotonic)
        return True

    def _restore(self, told: dict[str, Any], *, now: float, rate: float, stood: float) -> None:
        world = self._world
        vars(world).update(told["world"])
        world.clock.resume(at=now, rate=rate)
        world.schedule.restore(told["schedule"])
        world.outbox.restore(told["outbox"])
        world.links.restore(told["links"])
        # The stop took no time, neither by the simulated clock nor by that of limits.
        world.faults.move(stood)
        for line in world.lines.values():
            line.move(stood)

    async def keep(self) -> None:
        """Save for ever, every second or as often as it costs no more than a twentieth of the time."""
        while True:
            began = time.monotonic()
            try:
                await self.save()
            except sqlite3.Error as problem:
                _logger.warning("state.not_saved: %s", problem)
            except Exception:
                # A thing that cannot be written down must not end the saving in silence: it is told every time.
                _logger.exception("state.not_saved")
            took = time.monotonic() - began
            await asyncio.sleep(max(_SHORTEST_PAUSE_S, took * _SHARE))

    async def save(self) -> None:
        """Write what is new, all or nothing."""
        # Updates that are being packed stand nowhere else.
        async with self._world.outbox.packing:
            self._save()

    def _save(self) -> None:
        world, files = self._world, dict[str, bytes]()
        told = {
            "world": {name: value for name, value in vars(world).items() if name not in world.RUNTIME},
            "schedule": world.schedule.state(),
            "outbox": world.outbox.state(),
            "links": world.links.state(),
        }
        body = _pickled(told, self._fixtures, files)
        digest, times = hashlib.sha256(body).digest(), (world.clock.now(), world.clock.rate, time.monotonic())
        with self._database as database:
            held = {name: self._append(name, journal) for name, journal in self._journals.items()}
            if digest == self._digest:
                # Nothing happened, but the clocks went on.
                database.execute("UPDATE snapshot SET now = ?, rate = ?, monotonic = ?", times)
            else:
                self._keep_files(files)
                database.execute("DELETE FROM snapshot")
                database.execute(
                    "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?)", (__version__, *times, digest, body)
                )
        self._held, self._digest = held, digest

    def _append(self, name: str, journal: Journal) -> tuple[int, int]:
        cleared, held = self._held.get(name, (journal.cleared, 0))
        if cleared != journal.cleared:
            self._database.execute("DELETE FROM rows WHERE journal = ?", (name,))
            held = 0
        while held < len(journal):
            rows = journal.rows(after=held, limit=_ROWS)
            self._database.executemany(
                "INSERT INTO rows VALUES (?, ?, ?, ?)",
                [(name, number, zlib.crc32(row), row) for number, row in enumerate(rows, held + 1)],
            )
            held += len(rows)
        return journal.cleared, held

    def _fill(self, name: str, journal: Journal) -> None:
        rows = self._database.execute(
            "SELECT number, crc, body FROM rows WHERE journal = ? ORDER BY number", (name,)
        )
        journal.clear()
        for number, crc, body in rows:
            if zlib.crc32(body) != crc or journal.append(body) != number:
                raise _damaged(self._path)
        self._held[name] = (journal.cleared, len(journal))

    def _keep_files(self, files: dict[str, bytes]) -> None:
        database = self._database
        known = {sha256 for (sha256,) in database.execute("SELECT sha256 FROM files")}
        gone, new = known - files.keys(), files.keys() - known
        database.executemany("DELETE FROM files WHERE sha256 = ?", [(sha256,) for sha256 in gone])
        database.executemany("INSERT INTO files VALUES (?, ?)", [(sha256, files[sha256]) for sha256 in new])

    def _content(self, sha256: str) -> bytes:
        found = self._database.execute("SELECT content FROM files WHERE sha256 = ?", (sha256,)).fetchone()
        if found is None or hashlib.sha256(found[0]).hexdigest() != sha256:
            raise _damaged(self._path)
        content: bytes = found[0]
        return content

    def close(self) -> None:
        """Give the file back."""
        self._database.close()


def _open(path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(path, timeout=0)
    except sqlite3.Error as problem:
        raise StateError(f"The state {path} cannot be opened: {problem}.") from problem
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_TABLES)
        checked = database.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.OperationalError as problem:
        database.close()
        if "locked" in str(problem):
            raise StateError(f"The state {path} is in use by another simulator.") from problem
        raise StateError(f"The state {path} cannot be opened: {problem}.") from problem
    except sqlite3.DatabaseError as problem:
        database.close()
        raise _damaged(path) from problem
    if checked != "ok":
        database.close()
        raise _damaged(path)
    return database


def _damaged(path: Path) -> StateError:
    return StateError(
        f"The state {path} is damaged, or not a simulator's: start with another file, or take this one away."
    )


def _fixtures(world: World, life: Life) -> dict[str, Any]:
    """Name what stands in every simulator and is never written: the parts that act, and the kinds of updates."""
    parts = {
        "world": world,
        "clock": world.clock,
        "schedule": world.schedule,
        "outbox": world.outbox,
        "links": world.links,
        "life": life,
        "deeds": life.deeds,
        "answering": life.answering,
    }
    return {**parts, **{name: kind for name, kind in vars(webhooks).items() if isinstance(kind, Kind)}}


def _pickled(told: object, fixtures: dict[str, Any], files: dict[str, bytes]) -> bytes:
    names = {id(part): name for name, part in fixtures.items()}

    def by_name(part: object) -> tuple[Any, ...]:
        return _fixture, (names[id(part)],)

    def by_content(file: File) -> tuple[Any, ...]:
        files[file.sha256] = file.content
        return _file, (file.id, file.mime_type, file.sha256, file.phone_number_id, file.expires_at)

    written = io.BytesIO()
    pickler = pickle.Pickler(written, protocol=5)
    acting = (World, Clock, Schedule, Outbox, LinkFetcher, Life, Deeds, Answering, Kind)
    pickler.dispatch_table = _Reducers(copyreg.dispatch_table)
    pickler.dispatch_table |= dict.fromkeys(acting, by_name)
    pickler.dispatch_table |= {File: by_content, MethodType: _by_owner}
    pickler.dump(told)
    return written.getvalue()


def _by_owner(method: MethodType) -> tuple[Any, ...]:
    return _method, (method.__self__, method.__name__)


class _Reducers(dict[type, Callable[[Any], Any]]):
    """How objects are taken apart; ten times as fast for dataclasses with slots as what these bring along."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        if not is_dataclass(kind) or "__slots__" not in vars(kind):
            raise KeyError(kind)
        names = [one.name for one in fields(kind)]
        read = attrgetter(*names) if len(names) > 1 else lambda one: (getattr(one, names[0]),)
        self[kind] = lambda one: (_put_together, (kind, read(one)))
        return self[kind]


def _put_together(kind: type, values: tuple[Any, ...]) -> Any:
    """Make a dataclass with slots again."""
    made: Any = object.__new__(kind)
    for one, value in zip(fields(kind), values, strict=True):
        object.__setattr__(made, one.name, value)
    return made


def _fixture(name: str) -> Any:
    """Stand for a fixture in a snapshot; the unpickler puts another function here."""
    raise LookupError(name)


def _file(*_facts: Any) -> File:
    """Stand for a file, as above."""
    raise LookupError


def _method(part: object, name: str) -> Callable[..., Any]:
    """Find a method again that something will call."""
    found = getattr(type(part), name, None)
    if not type(part).__module__.startswith("whatsapp_simulator.") or found is None:
        raise pickle.UnpicklingError(name)
    method: Callable[..., Any] = getattr(part, name)
    return method


class _Unpickler(pickle.Unpickler):
    """Reads a snapshot, and refuses whatever a simulator would not have written."""

    def __init__(self, body: bytes, fixtures: dict[str, Any], content: Callable[[str], bytes]) -> None:
        super().__init__(io.BytesIO(body))
        self._fixtures = fixtures
        self._content = content

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__:
            return {
                "_fixture": self._fixtures.__getitem__,
                "_file": self._read_file,
                "_method": _method,
                "_put_together": _put_together,
            }[name]
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        # Asked before anything is imported; a dot would lead through a module to what that one imports.
        if module.startswith("whatsapp_simulator.") and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name}")

    def _read_file(
        self, file_id: str, mime_type: str, sha256: str, phone_number_id: str, expires_at: float
    ) -> File:
        return File(file_id, mime_type, self._content(sha256), sha256, phone_number_id, expires_at)
