"""The command ``difusio``."""

import click

from difusio import __version__
from difusio.project.lazy import LazyGroup

_COMMANDS = "difusio.project.commands"


@click.group(
    cls=LazyGroup,
    lazy={
        "demo": f"{_COMMANDS}.demo:demo",
        "up": f"{_COMMANDS}.engines:up",
        "web": f"{_COMMANDS}.engines:web",
        "receive": f"{_COMMANDS}.engines:receive",
        "send": f"{_COMMANDS}.engines:send",
        "drain": f"{_COMMANDS}.engines:drain",
        "clock": f"{_COMMANDS}.engines:clock",
        "work": f"{_COMMANDS}.engines:work",
        "metrics": f"{_COMMANDS}.engines:metrics",
        "members": f"{_COMMANDS}.members:members",
        "restraint": f"{_COMMANDS}.restraint:restraint",
        "numbers": f"{_COMMANDS}.numbers:numbers",
        "contacts": f"{_COMMANDS}.contacts:contacts",
        "consent": f"{_COMMANDS}.consent:consent",
        "segments": f"{_COMMANDS}.segments:segments",
        "templates": f"{_COMMANDS}.templates:templates",
        "rates": f"{_COMMANDS}.rates:rates",
        "campaign": f"{_COMMANDS}.campaign:campaign",
        "log": f"{_COMMANDS}.log:log",
        "bench": f"{_COMMANDS}.bench:bench",
        "doctor": f"{_COMMANDS}.doctor:doctor",
        "backup": f"{_COMMANDS}.backup:backup",
        "restore": f"{_COMMANDS}.backup:restore",
        "release": f"{_COMMANDS}.release:release",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="difusio")
def main() -> None:
    """Difusió: WhatsApp broadcasts to people who agreed, on Meta's official platform.

    `difusio demo` tells the whole story on this machine, without an account at Meta.
    """
