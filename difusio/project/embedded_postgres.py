"""The PostgreSQL that comes with Difusió: started by the first process that needs it, stopped by the last.

Three locks that the kernel drops with their holders say what is true, whoever was killed:

- `start.lock`, held by one process while it joins or leaves;
- `users.lock`, shared by every process that uses the store: who can have it alone is the last;
- `server.lock`, inherited by PostgreSQL and its children: while it is held, somebody works on the data.

Process ids in files prove nothing (the number may belong to a stranger by now), so none is believed.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from difusio.project import postgres_server
from difusio.project.postgres_programs import SYSTEM_FOLDER, StoreError
from difusio.project.postgres_server import Site, as_sentences, folder_of

_STOP_S = 60.0
_POLL_S = 0.02
_ASK_AGAIN_S = 0.2


class StillInUse(StoreError):
    """Another process is using, starting or stopping the store: wait for it, or end it first."""


class DoesNotAnswer(StoreError):
    """PostgreSQL is there but did not answer in time: look at its log and at what keeps the machine busy."""


class DoesNotStop(StoreError):
    """PostgreSQL did not stop in time and goes on running: the next command will use it as it is."""


@dataclass(frozen=True, slots=True)
class Status:
    """What can be said of a store without starting it."""

    running: bool
    data: Path
    log: Path


@dataclass(frozen=True, slots=True)
class Store:
    """A running store, ours until `close`; its URL holds the password and is therefore not shown."""

    url: str = field(repr=False)
    data: Path
    log: Path
    _site: Site = field(repr=False)
    _users: int = field(repr=False)
    _pid: int = field(repr=False)
    _durable: bool = field(repr=False)

    def ensure_running(self, *, wait_s: float = 90.0) -> bool:
        """Start the server again if it is gone, at the same URL; say whether it was.

        Whoever uses the store waits for it to answer, and nobody else would start it.  Costs a lock of a file where all
        is well.  Raises StoreError in all its kinds.
        """
        if not _is_free(self._site):
            return False
        deadline = time.monotonic() + wait_s
        with as_sentences(self._site.home), _alone(self._site, wait_s):
            if self._users not in _open_here or not _is_free(self._site):
                return False  # we have left, or somebody was faster
            _ensure_running(self._site, durable=self._durable, deadline=deadline)
        return True

    def close(self) -> None:
        """Leave; the last process that leaves stops the server.  Repeating the call does nothing.

        Raises DoesNotStop.
        """
        atexit.unregister(self.close)
        if self._pid != os.getpid() or self._users not in _open_here:
            return  # a forked child shares its parent's lock: only the parent may stop the server
        _open_here.discard(self._users)
        try:
            with _alone(self._site, _STOP_S) as start_lock:
                os.close(self._users)
                _stop_if_unused(self._site, start_lock)
        except StillInUse:
            os.close(self._users)  # whoever is joining or leaving for so long will judge who is last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_open_here: set[int] = set()  # the users' locks of this process
_children: list["subprocess.Popen[bytes]"] = []  # servers we are the parent of, to be reaped when they end


def open_store(
    home: Path, *, durable: bool = True, wait_s: float = 90.0, system_folder: Path = SYSTEM_FOLDER
) -> Store:
    """Join the store of this home; make it and start its server where needed.

    home: the folder of one Difusió.  The data are in `home/postgres`, or, for root, in a folder of ours under
    `system_folder` that is named after home; the password is in `home/postgres.password`.
    durable: False switches fsync off, for tests only: a power cut then destroys the store.
    wait_s: the longest wait for a server that starts, recovers, or is being stopped by another process.
    A process that ends without `close` leaves at its exit; one that is killed has left.
    Raises StoreError in all its kinds.
    """
    deadline = time.monotonic() + wait_s
    with as_sentences(home):
        site = Site.of(home, system_folder)
        with _alone(site, wait_s) as start_lock:
            users = _lock(site.folder / "users.lock", fcntl.LOCK_SH)
            if users is None:
                raise StillInUse(f"({home})")
            try:
                _ensure_running(site, durable=durable, deadline=deadline)
                store = Store(
                    url=site.url(), data=site.data, log=site.log, _site=site, _users=users, _pid=os.getpid(),
                    _durable=durable,
                )  # fmt: skip
            except BaseException:
                os.close(users)
                _stop_if_unused(site, start_lock)
                raise
    _open_here.add(users)
    atexit.register(store.close)
    return store


def status(home: Path, *, system_folder: Path = SYSTEM_FOLDER) -> Status:
    """Say whether a server works on the store of this home, without starting one."""
    folder = folder_of(home, system_folder)
    running = False
    with suppress(FileNotFoundError):
        lock = _lock(folder / "server.lock", fcntl.LOCK_SH, create=False)
        running = lock is None
        if lock is not None:
            os.close(lock)
    return Status(running=running, data=folder / "data", log=folder / "server.log")


def remove_store(home: Path, *, wait_s: float = 60.0, system_folder: Path = SYSTEM_FOLDER) -> None:
    """Delete the store of this home with all its data; one that is not there is no error.

    Raises StillInUse, DoesNotStop.
    """
    if not folder_of(home, system_folder).exists():
        return
    with as_sentences(home):
        site = Site.of(home, system_folder)
        with _alone(site, wait_s) as start_lock:
            if not _stop_if_unused(site, start_lock):
                raise StillInUse(f"({home})")
            site.password_file.unlink(missing_ok=True)
            shutil.rmtree(site.folder)


def _ensure_running(site: Site, *, durable: bool, deadline: float) -> None:
    started: postgres_server.Started | None = None
    while True:
        server_lock = _lock(site.folder / "server.lock", fcntl.LOCK_EX)
        if server_lock is not None:
            try:
                if started is not None and not started.was_killed():
                    raise started.why_it_ended(site)
                started = postgres_server.start(site, lock=server_lock, durable=durable)
                _children.append(started.process)
            finally:
                os.close(server_lock)  # the server holds it now, if there is one
        # Else a server is there: ready, starting, recovering, the orphan of a killed owner, or the last
        # children of a killed server.  It answers, or its lock becomes free.
        left_s = deadline - time.monotonic()
        if postgres_server.is_ready(site, durable=durable, timeout_s=left_s):
            return
        if left_s < 0:
            raise DoesNotAnswer(f"({site.log})")
        time.sleep(_POLL_S)


def _stop_if_unused(site: Site, start_lock: int) -> bool:
    """Stop the server if no process uses the store; the caller holds the start lock, so none joins now."""
    alone = _lock(site.folder / "users.lock", fcntl.LOCK_EX)
    if alone is None:
        return False
    try:
        deadline = time.monotonic() + _STOP_S
        asked = False
        while not _is_free(site):
            if time.monotonic() > deadline:
                raise DoesNotStop(f"({site.log})")
            asked = asked or postgres_server.ask_to_stop(site, lock=start_lock)
            time.sleep(_POLL_S if asked else _ASK_AGAIN_S)
        postgres_server.drop_socket_folder(site)
    finally:
        os.close(alone)
        _children[:] = [child for child in _children if child.poll() is None]
    return True


def _is_free(site: Site) -> bool:
    lock = _lock(site.folder / "server.lock", fcntl.LOCK_SH)
    if lock is None:
        return False
    os.close(lock)
    return True


@contextmanager
def _alone(site: Site, wait_s: float) -> Iterator[int]:
    """Hold the start lock: while we join or leave, nobody else does."""
    deadline = time.monotonic() + wait_s
    path = site.folder / "start.lock"
    while True:
        site.make_folders()  # again and again: the store may be removed while we wait
        lock = _lock(path, fcntl.LOCK_EX)
        if lock is not None and _is_still(path, lock):
            break
        if lock is not None:
            os.close(lock)
        if time.monotonic() > deadline:
            raise StillInUse(f"({site.folder})")
        time.sleep(_POLL_S)
    try:
        yield lock
    finally:
        os.close(lock)


def _is_still(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False


def _lock(path: Path, kind: int, *, create: bool = True) -> int | None:
    """Take a lock without waiting: None while another has it.  The programs we start do not inherit it."""
    lock = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    return lock
