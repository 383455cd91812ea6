"""The cluster's processes by name: engines and simulator, started, killed and started again."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.processes import Process


@dataclass(slots=True)
class Processes:
    """All of them by a name of their own, each with its log in the folder."""

    folder: Path
    _running: dict[str, Process] = field(default_factory=dict)
    _commands: dict[str, list[str]] = field(default_factory=dict)
    _serial: "count[int]" = field(default_factory=count)

    def start(self, name: str, *command: str) -> None:
        """Start a process of ours: a module of Python's and its options."""
        self._commands[name] = [sys.executable, "-m", *command]
        self.start_again(name)

    def start_again(self, name: str) -> None:
        """Start a process that was killed, as it was started before."""
        log = self.folder / f"{next(self._serial):03d}-{name}.log"
        self._running[name] = Process(name, self._commands[name], log, os.environ)

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        self._running.pop(name).kill()

    def pid(self, name: str) -> int:
        """Give the system's number of a process."""
        return self._running[name].pid

    def fallen(self) -> list[str]:
        """Name those that ended though nobody killed them."""
        return [name for name, process in self._running.items() if not process.is_running]

    def close(self) -> None:
        """End them all at once, by force who does not follow."""
        for process in self._running.values():
            process.ask_to_end()
        for process in self._running.values():
            try:
                process.end()
            except subprocess.TimeoutExpired:
                process.kill()
