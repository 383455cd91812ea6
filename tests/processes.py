"""Processes of ours, started, killed and waited for, by tests and by the tools that prove the same at full size."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.size import sized

PATIENCE_S: Final = sized(90.0, full=900.0)
_POLL_S: Final = 0.02


class TooLong(AssertionError):
    """Something did not come to pass in time."""


def wait_until(is_so: Callable[[], object], what: str, *, timeout_s: float = PATIENCE_S) -> None:
    """Ask again and again until it is so; fail with what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TooLong(f"After {timeout_s:.0f} s still not so: {what}")
        time.sleep(_POLL_S)


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One process of the platform; its log is kept."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        self.name, self.log = name, log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command, stdout=file, stderr=file, env=dict(env), start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def end(self, *, within_s: float = 20.0) -> int:
        """Ask it to end; give its exit code."""
        self.ask_to_end()
        return self._process.wait(within_s)

    def ask_to_end(self) -> None:
        self._process.terminate()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)
