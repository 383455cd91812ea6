"""``difusio demo``: the whole story on this machine, with made-up people and a simulated Meta."""

import os
import signal
import sys
import threading
from pathlib import Path

import click

from difusio.project.commands.common import last_line, spoken
from difusio.project.commands.engines import RECEIVE_PORT, WEB_PORT


@click.command()
@click.option("--once", is_flag=True, help="End after the story instead of going on serving.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the figures as one JSON object on the last line."
)
@click.option(
    "--orders",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV of orders; without it the demo makes a shop up.",
)
@click.option("--seed", default=7, show_default=True, help="The same seed makes up the same people.")
@click.option("--port", default=WEB_PORT, show_default=True, help="The pages' port.")
@click.option("--receive-port", default=RECEIVE_PORT, show_default=True, help="The webhooks' port.")
@spoken
def demo(
    *,
    once: bool,
    as_json: bool,
    orders: Path | None,
    seed: int,
    port: int,
    receive_port: int,
) -> None:
    """Tell the whole story: a shop's purchase history in, consent, segment, campaign, replies, leavings, report.

    The demo has a store of its own, made anew each time; yours is not touched.
    """
    from difusio.project.serving import listen

    # Told to end at any moment, it still ends what it started.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda told, _: sys.exit(128 + told))
    for wanted in (port, receive_port):
        listen("127.0.0.1", wanted).close()
    home = _own_home()
    from difusio.project.start import start

    installation = start()
    from difusio.project.demo.story import EMAIL, Plot, Stage, tell

    stage = Stage(
        plot=Plot(home, seed, orders, port, receive_port),
        say=click.echo,
    )
    try:
        figures = tell(stage)
        click.echo(
            f"\n  Pages     http://127.0.0.1:{port}/\n  Sign in   {EMAIL}\n  Password  {stage.password}\n"
        )
        if as_json:
            last_line(figures)
        sys.stdout.flush()
        if not once:
            _serve()
        elif not stage.holds:
            sys.exit(1)
    finally:
        stage.close()
        installation.close()


def _own_home() -> Path:
    """Give the demo an empty home beside the real one: its people are made up, so nothing of it is kept."""
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "difusio.project.settings")
    home = Path(settings.DIFUSIO_HOME) / "demo"
    import shutil

    from difusio.project.embedded_postgres import remove_store

    remove_store(home)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True)
    # The engines are processes of their own: they find the demo's home where we do.
    os.environ["DIFUSIO_HOME"] = str(home)
    os.environ["DATABASE_URL"] = ""
    os.environ["DIFUSIO_KEYS_FILE"] = str(home / "keys.json")
    settings.DIFUSIO_HOME = home
    settings.DIFUSIO_KEYS_FILE = home / "keys.json"
    settings.DATABASE_URL = ""
    return home


def _serve() -> None:
    from difusio.project.serving import stop_on_signals

    stop = threading.Event()
    stop_on_signals(stop.set)
    click.echo("  Ctrl-C ends it.")
    stop.wait()
