"""Run an ASGI application on a socket that is open already."""

import socket
from collections.abc import Callable
from typing import Any, Literal

import click
import uvicorn

# After SIGTERM, so long may requests in the air take.
_GRACE_S = 5


def serve(
    application: str | Callable[..., Any],
    listening: socket.socket,
    *,
    ready: str,
    lifespan: Literal["on", "off"],
) -> None:
    """Serve until SIGTERM or SIGINT; say ``ready`` once requests are taken.

    lifespan: whether the application must be told of the start and the end, to finish what it holds.
    """
    click.echo(ready, err=True)
    make_server(application, lifespan=lifespan).run(sockets=[listening])


def make_server(application: str | Callable[..., Any], *, lifespan: Literal["on", "off"]) -> uvicorn.Server:
    """Make the server as every process of ours runs it."""
    config = uvicorn.Config(
        application,
        access_log=False,
        log_config=None,
        loop="uvloop",
        http="httptools",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        lifespan=lifespan,
    )
    return uvicorn.Server(config)
