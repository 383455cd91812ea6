"""The command ``difusio`` as a person types it, without a process for each: an installation, and what it said."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from click.testing import CliRunner, Result
from django.conf import settings

from difusio.project.cli import main
from tests.stores import own_database


@contextmanager
def installation(name: str) -> Iterator[str]:
    """Open an installation with a database of its own; commands and tests meet there."""
    usual = settings.DATABASE_URL
    with own_database(name) as url:
        settings.DATABASE_URL = url
        try:
            yield url
        finally:
            settings.DATABASE_URL = usual


def run(*arguments: object) -> Result:
    """Type a command.  Whatever is wrong, nobody sees a traceback."""
    try:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    finally:
        # The command's log went to the runner's streams, which are closed by now.
        logging.getLogger().handlers.clear()
        structlog.reset_defaults()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def said(*arguments: object) -> str:
    """Give what a command said that went well."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def figures(*arguments: object) -> dict[str, Any]:
    """Give the JSON object on the last line of a command that went well."""
    found: dict[str, Any] = json.loads(said(*arguments, "--json").strip().splitlines()[-1])
    return found


def complaint(*arguments: object) -> str:
    """Give the one sentence on standard error of a command that did not go well."""
    result = run(*arguments)
    assert result.exit_code in {1, 2}, result.output
    lines = [line for line in result.stderr.strip().splitlines() if line]
    return lines[-1]
