"""The command `whatsapp-simulator`."""

import asyncio
import logging
import signal
import sys
from pathlib import Path

import click
import msgspec

from whatsapp_simulator import __version__
from whatsapp_simulator.loop import run
from whatsapp_simulator.page.files import PAGE
from whatsapp_simulator.scenario import Scenario, ScenarioError, read_scenario
from whatsapp_simulator.simulator import PortTakenError, Simulator

_MISUSE = 2
_HIGHEST_PORT = 65_535


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=4400,
    show_default=True,
    type=click.IntRange(0, _HIGHEST_PORT),
    help="Port; 0 takes a free one.",
)
@click.option(
    "--port-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the port there once it listens.",
)
@click.option(
    "--seed", type=int, help="People, delays and mishaps come from it: the same seed, the same story."
)
@click.option(
    "--scenario",
    "scenario_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON with seed, setup, habits, people, faults and clock.",
)
@click.version_option(__version__, message="whatsapp-simulator %(version)s")
@click.pass_context
def main(
    context: click.Context,
    *,
    host: str,
    port: int,
    port_file: Path | None,
    seed: int | None,
    scenario_file: Path | None,
) -> None:
    """Play Meta's WhatsApp Cloud API on this machine.

    Prints "listening on http://…" when it is ready and runs until SIGTERM or Ctrl-C.
    Exit codes: 0 stopped as asked, 2 wrong options, scenario or port.
    """
    if context.invoked_subcommand is not None:
        return
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        scenario = read_scenario(scenario_file) if scenario_file else Scenario()
        if seed is not None:
            scenario = msgspec.structs.replace(scenario, seed=seed)
        run(_serve(Simulator(scenario, host=host, port=port), port_file))
    except (ScenarioError, PortTakenError) as problem:
        click.echo(str(problem), err=True)
        sys.exit(_MISUSE)


async def _serve(simulator: Simulator, port_file: Path | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with simulator:
        if port_file is not None:
            port_file.write_text(f"{simulator.port}\n")  # noqa: ASYNC240 - one line, once, before the first request
        click.echo(f"listening on {simulator.url}")
        click.echo(f"look at {simulator.url}{PAGE}/")
        sys.stdout.flush()
        await stopped.wait()


@main.command(context_settings={"max_content_width": 100})
@click.option(
    "--seconds", default=10.0, show_default=True, type=click.FloatRange(1, 3600), help="How long to send."
)
@click.option("--connections", default=64, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--people",
    default=50_000,
    show_default=True,
    type=click.IntRange(1_000, 1_000_000),
    help="How many people it writes to, in turn.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
def bench(*, seconds: float, connections: int, people: int, as_json: bool) -> None:
    """Measure how many sends a second one process takes, all webhooks delivered.

    A simulator of its own runs on one core, the sender and the receiver on the others; beside it stands an aiohttp
    server that answers the same bytes with nothing behind.
    """
    from whatsapp_simulator.bench.load import UnexpectedAnswerError
    from whatsapp_simulator.bench.measure import Result, in_words, measure

    told: list[Result] = []

    async def _measure() -> None:
        told.append(await measure(seconds=seconds, connections=connections, people=people))

    try:
        run(_measure())
    except UnexpectedAnswerError as problem:
        raise click.ClickException(f"The measurement broke off: {problem}.") from problem
    click.echo(msgspec.json.encode(told[0]).decode() if as_json else in_words(told[0]))
