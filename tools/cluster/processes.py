"""The cluster's processes: engines and simulator, started, killed and started again."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

_POLL_S = 0.05


class TooLong(Exception):
    """Something did not come to pass in time."""


def wait_until(is_so: Callable[[], object], what: str, *, timeout_s: float) -> None:
    """Ask again and again until it is so.  Raises TooLong."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TooLong(f"After {timeout_s:.0f} s still not so: {what}.")
        time.sleep(_POLL_S)


@dataclass(slots=True)
class Processes:
    """All of them by a name of their own, each with its log in the folder."""

    folder: Path
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _commands: dict[str, list[str]] = field(default_factory=dict)
    _serial: "count[int]" = field(default_factory=count)

    def start(self, name: str, *command: str) -> None:
        """Start a process of ours: a module of Python's and its options."""
        self._commands[name] = [sys.executable, "-m", *command]
        self.start_again(name)

    def start_again(self, name: str) -> None:
        """Start a process that was killed, as it was started before."""
        with (self.folder / f"{next(self._serial):03d}-{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                self._commands[name], stdout=log, stderr=log, env=os.environ, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def pid(self, name: str) -> int:
        """Give the system's number of a process."""
        return self._running[name].pid

    def fallen(self) -> list[str]:
        """Name those that ended though nobody killed them."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def close(self) -> None:
        """End them all; in order, and by force who does not follow."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
