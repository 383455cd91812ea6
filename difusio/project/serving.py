"""Listen and stop: what every process of ours shares."""

import errno
import gc
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

from difusio.common.sentences import SentenceError


class PortTaken(SentenceError):
    """Something else listens there already: choose another port with --port, or end the other program."""


class AddressUnusable(SentenceError):
    """This address cannot be listened on: check the host and that the port is allowed."""


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes any free one.  Raises PortTaken, AddressUnusable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, port))
        server.listen(2048)
    except OSError as error:
        server.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"Port {port} is taken. {PortTaken.__doc__}") from None
        raise AddressUnusable(f"{host}:{port} ({error.strerror}). {AddressUnusable.__doc__}") from None
    server.setblocking(False)
    return server


def stop_on_signals(stop: Callable[[], object]) -> None:
    """Call ``stop`` when asked to end, or when the terminal goes, instead of dying in the middle of something."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop())


def collect_rarely() -> None:
    """Keep Python's garbage collector out of a hot path, once everything is imported.

    A hundred thousand objects of Django's are walked again and again though they never die, and the requests in the air
    make it walk often: half of the sender's time (docs/reference/benchmarks.md).  Cycles still are collected.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def end_with(parent: int) -> None:
    """Ask this process to end when its parent is gone, even if the parent was killed."""
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
