"""The command `whatsapp-simulator`."""

import asyncio
import contextlib
import logging
import re
import signal
import sys
from pathlib import Path

import click
import msgspec

from whatsapp_simulator import __version__
from whatsapp_simulator.loop import run
from whatsapp_simulator.page.files import PAGE
from whatsapp_simulator.scenario import Scenario, ScenarioError, placed, read_scenario
from whatsapp_simulator.simulator import PortTakenError, Simulator
from whatsapp_simulator.state import StateError

_logger = logging.getLogger(__name__)

_MISUSE = 2
_HIGHEST_PORT = 65_535
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")


class _PortFileError(Exception):
    """The file that was to hold the port cannot be written; the message says why."""


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
@click.option(
    "--state",
    "state_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep everything in this file and go on from it; the scenario counts for a new file only.",
)
@click.option(
    "--public-url",
    metavar="URL",
    default="",
    help="How others reach it, where that is not the address it listens on: for the files in webhooks.",
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
    state_file: Path | None,
    public_url: str,
) -> None:
    """Play Meta's WhatsApp Cloud API on this machine.

    Prints "listening on http://…" when it is ready and runs until SIGTERM or Ctrl-C.
    Exit codes: 0 stopped as asked, 2 wrong options, scenario, state or port.
    """
    if context.invoked_subcommand is not None:
        return
    if public_url and not _WEB_ADDRESS.fullmatch(public_url):
        _refuse(f"--public-url must be like https://simulator.example.com, not {public_url!r}.")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        scenario = read_scenario(scenario_file) if scenario_file else Scenario()
        if seed is not None:
            scenario = msgspec.structs.replace(scenario, seed=seed)
        simulator = Simulator(scenario, host=host, port=port, state=state_file, public_url=public_url)
        run(_serve(simulator, port_file))
    except ScenarioError as problem:
        _refuse(placed(problem, scenario_file) if scenario_file else str(problem))
    except (StateError, PortTakenError, _PortFileError) as problem:
        _refuse(str(problem))


def _refuse(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(_MISUSE)


async def _serve(simulator: Simulator, port_file: Path | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    # What goes wrong below the requests, such as too many open connections, is told in a line, not in a traceback.
    loop.set_exception_handler(lambda _, context: _logger.error("loop: %s", context["message"]))
    _allow_connections()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with simulator:
        if port_file is not None:
            _write_down(simulator.port, port_file)
        click.echo(f"listening on {simulator.url}")
        click.echo(f"look at {simulator.url}{PAGE}/")
        if simulator.goes_on:
            counts = simulator.world.counts
            click.echo(
                f"goes on after {counts.accepted} messages to {len(simulator.world.population)} people"
            )
        sys.stdout.flush()
        await stopped.wait()


def _write_down(port: int, file: Path) -> None:
    try:
        file.write_text(f"{port}\n")
    except OSError as problem:
        raise _PortFileError(f"The port cannot be written to {file}: {problem.strerror}.") from problem


def _allow_connections() -> None:
    """Raise the number of open files, and so of connections, as far as the system lets us."""
    try:
        import resource
    except ImportError:
        # Windows has no such limit.
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS calls it unlimited and refuses to set that.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


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
