"""Keep the processes of one machine running, and end them together."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from threading import Event

import structlog

from difusio.project.embedded_postgres import Store
from difusio.project.postgres_programs import StoreError

_POLL_S = 0.2
# A process that keeps dying is started again after this much longer each time, up to the most.
_FIRST_WAIT_S = 0.5
_MOST_WAIT_S = 30.0
# A sender may have a request in the air for its whole deadline.
_END_S = 20.0

_log = structlog.get_logger("difusio.supervisor")


class _Child:
    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self._arguments = arguments
        self._wait_s = _FIRST_WAIT_S
        self._start_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def keep_running(self, parent: int) -> None:
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            _log.warning("process.ended", process=self.name, code=self.process.returncode)
            ran_s = now - self._start_at
            self._wait_s = _FIRST_WAIT_S if ran_s > _MOST_WAIT_S else min(self._wait_s * 2, _MOST_WAIT_S)
            self._start_at = now + self._wait_s
            self.process = None
        if self.process is None and now >= self._start_at:
            self._start_at = now
            command = [sys.executable, "-m", "difusio", *self._arguments, "--parent", str(parent)]
            # A terminal's Ctrl-C reaches us; we end our children in order.
            self.process = subprocess.Popen(command, start_new_session=True)


def keep_store(store: Store, stop: Event) -> None:
    """Start the embedded server again whenever it is gone, until ``stop`` is set; its users wait for it meanwhile."""
    while not stop.wait(_POLL_S):
        try:
            if store.ensure_running():
                _log.warning("store.started_again")
        except StoreError as error:
            _log.error("store.not_started", error=type(error).__name__)
            stop.wait(_MOST_WAIT_S)


def supervise(processes: Mapping[str, Sequence[str]], stop: Event) -> None:
    """Run ``processes`` (name → arguments of our command) until ``stop`` is set; then end them all."""
    children = [_Child(name, arguments) for name, arguments in processes.items()]
    while not stop.is_set():
        for child in children:
            child.keep_running(os.getpid())
        stop.wait(_POLL_S)
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + _END_S
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
