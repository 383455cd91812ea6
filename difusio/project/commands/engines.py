"""The processes: pages, receiver, sender, drain, clock, work — each alone, or all with ``up``."""

import asyncio
import os
import socket as sockets
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import engine

if TYPE_CHECKING:
    from difusio.log.port import LogReader
    from difusio.project.start import Installation

WEB_PORT = 8400
RECEIVE_PORT = 8401
METRICS_PORT = 9464

_host = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
_parent = click.option("--parent", default=0, hidden=True, help="End when this process is gone.")


@click.command()
@_host
@click.option("--port", default=WEB_PORT, show_default=True, help="The pages' port.")
@_parent
@engine
def web(_installation: "Installation", host: str, port: int, parent: int) -> None:
    """Serve the pages."""
    from difusio.project.serving import end_with, listen
    from difusio.project.uvicorn_server import serve

    end_with(parent)
    serve(
        "difusio.project.asgi:application",
        listen(host, port),
        ready=f"Pages on http://{host}:{port}/",
        lifespan="off",
    )


@click.command()
@_host
@click.option("--port", default=RECEIVE_PORT, show_default=True, help="The webhooks' port.")
@_parent
@engine
def receive(installation: "Installation", host: str, port: int, parent: int) -> None:
    """Receive Meta's webhooks: verify, append, answer."""
    from difusio.project.receiving import receiver_application
    from difusio.project.serving import collect_rarely, end_with, listen
    from difusio.project.uvicorn_server import serve
    from difusio.project.webhook_log import refuse_unfit_log

    end_with(parent)
    refuse_unfit_log()
    listening = listen(host, port)
    collect_rarely()
    serve(
        receiver_application(installation.url),
        listening,
        ready=f"Webhooks on http://{host}:{port}/webhooks/whatsapp",
        lifespan="on",
    )


@click.command()
@_parent
@engine
def send(_installation: "Installation", parent: int) -> None:
    """Send for every number that no other sender has."""
    import uvloop

    from difusio.project.serving import collect_rarely, end_with, stop_on_signals
    from difusio.project.webhook_log import log_reader, refuse_unfit_log
    from difusio.sending.sender import run

    async def until_told(log: "LogReader") -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop_on_signals(lambda: loop.call_soon_threadsafe(stop.set))
        await run(owner=f"{sockets.gethostname()[:40]}:{os.getpid()}", log=log, stop=stop)

    end_with(parent)
    refuse_unfit_log()
    collect_rarely()
    with closing(log_reader()) as log:
        uvloop.run(until_told(log))


@click.command()
@_parent
@engine
def drain(_installation: "Installation", parent: int) -> None:
    """Fold received webhooks into the store."""
    from difusio.project.serving import collect_rarely, end_with, stop_on_signals
    from difusio.project.webhook_log import log_reader, refuse_unfit_log
    from difusio.receiving.drain import run

    stop = threading.Event()
    stop_on_signals(stop.set)
    end_with(parent)
    refuse_unfit_log()
    collect_rarely()
    with closing(log_reader()) as log:
        run(log, stop)


@click.command()
@_parent
@engine
def clock(_installation: "Installation", parent: int) -> None:
    """Do what falls due: expire, park, tidy up."""
    from difusio.clock.sweep import run
    from difusio.project.serving import end_with, stop_on_signals

    stop = threading.Event()
    stop_on_signals(stop.set)
    end_with(parent)
    run(stop)


@click.command()
@click.option("--urgent", is_flag=True, help="Only what cannot wait for an import: launches.")
@_parent
@engine
def work(_installation: "Installation", urgent: bool, parent: int) -> None:  # noqa: FBT001  # click hands options over by name
    """Do the long work that pages leave behind: launches, imports."""
    from difusio.project.serving import collect_rarely, end_with, stop_on_signals
    from difusio.work.worker import run

    stop = threading.Event()
    stop_on_signals(stop.set)
    end_with(parent)
    collect_rarely()
    run(stop, owner=f"{sockets.gethostname()[:40]}:{os.getpid()}", only_urgent=urgent)


@click.command()
@_host
@click.option("--port", default=METRICS_PORT, show_default=True, help="The port that is scraped.")
@_parent
@engine
def metrics(_installation: "Installation", host: str, port: int, parent: int) -> None:
    """Show Prometheus the figures of the whole installation, under /metrics."""
    from difusio.metrics.serve import serve
    from difusio.project.serving import end_with, listen, stop_on_signals
    from difusio.project.webhook_log import log_reader

    listen(host, port).close()
    stop = threading.Event()
    stop_on_signals(stop.set)
    end_with(parent)
    with closing(log_reader()) as log:
        serve(
            log,
            host=host,
            port=port,
            stop=stop,
            ready=lambda: click.echo(f"Figures on http://{host}:{port}/metrics", err=True),
        )


@click.command()
@_host
@click.option("--port", default=WEB_PORT, show_default=True, help="The pages' port.")
@click.option("--receive-port", default=RECEIVE_PORT, show_default=True, help="The webhooks' port.")
@click.option(
    "--metrics-port",
    type=int,
    help="Show Prometheus the figures on this port of 127.0.0.1; without it nobody does.",
)
@_parent
@engine
def up(
    installation: "Installation",
    host: str,
    port: int,
    receive_port: int,
    metrics_port: int | None,
    parent: int,
) -> None:
    """Run everything that one machine needs, until it is told to stop."""
    from difusio.project.serving import end_with, listen, stop_on_signals
    from difusio.project.supervisor import keep_store, supervise

    # Say it now, in one sentence, rather than from a child that is started again and again.
    for wanted in (port, receive_port, *([] if metrics_port is None else [metrics_port])):
        listen(host, wanted).close()
    # The pages tell a simulator beside us where the receiver listens.
    os.environ["DIFUSIO_RECEIVE_PORT"] = str(receive_port)
    stop = threading.Event()
    stop_on_signals(stop.set)
    end_with(parent)
    click.echo(
        f"Difusió: pages on http://{host}:{port}/, webhooks on http://{host}:{receive_port}/webhooks/whatsapp"
    )
    if installation.store is not None:
        threading.Thread(target=keep_store, args=(installation.store, stop), daemon=True).start()
    figures = {"metrics": ["metrics", "--port", str(metrics_port)]} if metrics_port is not None else {}
    supervise(
        {
            **figures,
            "web": ["web", "--host", host, "--port", str(port)],
            "receive": ["receive", "--host", host, "--port", str(receive_port)],
            "send": ["send"],
            "drain": ["drain"],
            "clock": ["clock"],
            "work": ["work"],
            # So that a launch waits for no import.
            "urgent": ["work", "--urgent"],
        },
        stop,
    )
