"""Long work asks here, every now and then, whether its process has been told to end.

The engine ``work`` says so; a job that gives way is begun again later, so it must be safe to repeat.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

_wanted = Event()


class GaveWay(Exception):
    """The process ends: what was not committed is undone, and the job is taken up again by another one."""


@contextmanager
def giving_way_when(stop: Event) -> Iterator[None]:
    """Let all work of this process give way once ``stop`` is set, as long as the context lasts."""
    global _wanted  # noqa: PLW0603  # one process has one order to end
    before, _wanted = _wanted, stop
    try:
        yield
    finally:
        _wanted = before


def give_way() -> None:
    """End the work here if the process has been told to end.  Raises GaveWay.  Costs nothing otherwise."""
    if _wanted.is_set():
        raise GaveWay(GaveWay.__doc__)
