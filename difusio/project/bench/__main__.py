"""One part of a bench: ``python -m difusio.project.bench MODULE ACT PLAN``; see ``part``."""

import json
import sys
from importlib import import_module

from difusio.project.commands.common import last_line
from difusio.project.serving import collect_rarely
from difusio.project.start import start


def main(module: str, act: str, plan: str) -> None:
    """Do the act with its plan and print what it gives; the store is the one that the environment names.

    Garbage is collected as rarely as in the engines themselves.
    """
    installation = start()
    try:
        part = getattr(import_module(f"{__package__}.{module}"), act)
        collect_rarely()
        last_line(part(installation, **json.loads(plan)))
    finally:
        installation.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
