"""Keep what is measured and what it talks to on cores apart, where the system allows it (Linux, two cores or more)."""

import os
import sys
from pathlib import Path


def take_one() -> None:
    """Keep this process on the first core: what it reaches is what one core does."""
    _keep_to(0, first=True)


def leave_one(pid: int = 0) -> None:
    """Keep a process, and those it starts from now on, off the first core.  pid: 0 for this one."""
    _keep_to(pid, first=False)


def leave_one_to_others(data: Path) -> None:
    """Keep the PostgreSQL server of this folder off the first core: its connections are processes that it starts."""
    leave_one(int((data / "postmaster.pid").read_text("ascii").splitlines()[0]))


def _keep_to(pid: int, *, first: bool) -> None:
    if sys.platform != "linux":
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(pid, cores[:1] if first else cores[1:])
