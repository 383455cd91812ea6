"""Processes of their own that use a store: started, asked, ended and killed by the tests."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

import difusio

_REPOSITORY = Path(difusio.__file__).parents[1]
_WAIT_S = 60
_ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join([str(_REPOSITORY), *filter(None, sys.path)]),
    "PYTHONDONTWRITEBYTECODE": "1",
}
_USER = """
import sys
from pathlib import Path
from difusio.project.embedded_postgres import open_store
from difusio.project.postgres_programs import StoreError

try:
    store = open_store(Path(sys.argv[1]))
except StoreError as error:
    sys.exit(f"{type(error).__name__}: {error}")
print(store.url, flush=True)
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""


class StoreUser:
    """A process that opens the store of a home and keeps it until it is told to end, or is killed."""

    def __init__(
        self, home: Path, *, python: str = sys.executable, account: pwd.struct_passwd | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [python, "-c", _USER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=_ENVIRONMENT, cwd="/",
            user=account.pw_uid if account else None, group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )  # fmt: skip

    def url(self) -> str:
        """Wait until the store is open."""
        assert self.process.stdout is not None
        answer = self.process.stdout.readline().strip()
        if not answer:
            pytest.fail(f"the store did not open: {self.process.communicate(timeout=_WAIT_S)[1]}")
        return answer

    def does(self, line: str) -> None:
        """Run a line of Python in the process and wait until it is done."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def begins(self, line: str) -> None:
        """Run a line of Python in the process, without waiting for its end."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ends(self) -> str:
        """Let the process come to its end; give what it complained about."""
        return self.process.communicate(timeout=_WAIT_S)[1]

    def is_killed(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=_WAIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.is_killed()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def postmaster(data: Path) -> int:
    """The process id of the running server."""
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def kill_server(data: Path) -> None:
    """Kill the postmaster and all its children at once."""
    first = postmaster(data)
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    family = [int(pid) for pid, parent in map(str.split, listed.splitlines()) if int(parent) == first]
    for pid in (first, *family):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Ordinary:
    """An ordinary user of this machine, with a folder of its own and a Python that it can run."""

    folder: Path
    account: pwd.struct_passwd | None
    python: str

    def user(self, home: Path) -> StoreUser:
        return StoreUser(home, python=self.python, account=self.account)

    def runs(self, *command: str) -> None:
        """Run a program as this user; OSError where it may not."""
        subprocess.run(
            command, check=True, timeout=_WAIT_S, stdout=subprocess.DEVNULL, cwd="/", env={"LC_ALL": "C"},
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
        )  # fmt: skip


@contextlib.contextmanager
def ordinary_user(tmp_path: Path) -> Iterator[Ordinary]:
    """Give us ourselves, or, when we are root, the user `nobody`; what its servers leave behind is cleared away."""
    if os.geteuid() != 0:
        yield Ordinary(tmp_path, None, sys.executable)
        return
    nobody = pwd.getpwnam("nobody")
    python = _python_for(nobody)
    folder = Path(
        tempfile.mkdtemp(prefix="difusio-tests-", dir="/var/tmp")
    )  # root's temporary folders are shut
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    try:
        yield Ordinary(folder, nobody, python)
    finally:
        for running in folder.rglob("postmaster.pid"):
            kill_server(running.parent)
        shutil.rmtree(folder)


def _python_for(account: pwd.struct_passwd) -> str:
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        try:
            tried = subprocess.run(
                [python, "-c", "import difusio.project.embedded_postgres"],
                env=_ENVIRONMENT, cwd="/", check=False, timeout=_WAIT_S,
                capture_output=True, user=account.pw_uid, group=account.pw_gid, extra_groups=[],
            )  # fmt: skip
        except OSError:
            continue
        if tried.returncode == 0:
            return python
    pytest.skip(f"the user {account.pw_name} can run no {name} that finds Difusió's packages on this machine")
