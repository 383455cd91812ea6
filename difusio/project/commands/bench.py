"""``difusio bench``: the figures that this program promises, measured on this machine."""

import signal
import sys
from importlib import import_module

import click

from difusio.project.bench import BENCHES
from difusio.project.commands.common import json_option, last_line, spoken


@click.command()
@click.argument("name", type=click.Choice(list(BENCHES)))
@click.option(
    "--size", type=click.IntRange(min=1), help="How many; without it: what runs within a minute on two cores."
)
@click.option(
    "--url",
    default="",
    help="A PostgreSQL server for a database of the bench's own; without it: an embedded one of its own.",
)
@json_option
@spoken
def bench(name: str, size: int | None, url: str, as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Measure a figure and, in the same run, a yardstick; ratio is figure by yardstick.

    It fills a store of its own, as durable as a real one, and removes it afterwards; yours is not touched.
    """
    from difusio.project.bench.store import own_store

    # Told to end in the middle, it still removes its store.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = BENCHES[name]
    with own_store(url) as installation:
        module = import_module(f"difusio.project.bench.{chosen.module}")
        figure = module.run(size or chosen.size, installation)
        document = figure.document(name, installation)
    click.echo(
        f"{name}: {document['figure']:g} {document['unit']}; yardstick {document['yardstick']:g}, "
        f"ratio {document['ratio']:g}; {document['peak_mb']} MB at most."
    )
    if as_json:
        last_line(document)
