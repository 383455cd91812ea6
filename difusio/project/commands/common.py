"""What every command shares: a ready installation, errors as sentences, one JSON line at the end."""

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click
from django.core.exceptions import ImproperlyConfigured

from difusio.common.sentences import SentenceError

P = ParamSpec("P")

# What EX_SOFTWARE is among the system's exit codes: a fault of ours.
EXIT_FAILED = 70


def spoken(command: Callable[P, None]) -> Callable[P, None]:
    """Turn anticipated errors into their sentence on standard error and exit code 1."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (SentenceError, ImproperlyConfigured) as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    return wrapped


def with_installation(command: Callable[Concatenate[Any, P], None]) -> Callable[P, None]:
    """Start the installation, hand it over as the first argument, and leave the store afterwards."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        from difusio.common.store import STORE_AWAY, is_away
        from difusio.project.start import StoreWentAway, start

        try:
            installation = start()
            try:
                command(installation, *args, **kwargs)
            finally:
                installation.close()
        except STORE_AWAY as error:
            if not is_away(error):
                raise
            raise StoreWentAway(StoreWentAway.__doc__) from None

    return spoken(wrapped)


def engine(command: Callable[Concatenate[Any, P], None]) -> Callable[P, None]:
    """Like ``with_installation``, for processes that run for long: what nobody expected is logged without its words.

    An error's text may hold a phone number or a message; the log must not (design, invariant 11).
    """

    @functools.wraps(command)
    def wrapped(installation: Any, /, *args: P.args, **kwargs: P.kwargs) -> None:
        import structlog

        from difusio.metrics.keep import keeping
        from difusio.project.start import warn_of_store

        warn_of_store(installation)
        try:
            with keeping():
                command(installation, *args, **kwargs)
        except SentenceError:
            raise
        except Exception:  # noqa: BLE001  # the process ends; the log says where
            structlog.get_logger("difusio.engine").exception("engine.failed", engine=command.__name__)
            sys.exit(EXIT_FAILED)

    return with_installation(wrapped)


def workspace_or_only(workspace_id: int | None) -> int:
    """Give the workspace that was named, or the only one there is."""
    from difusio.accounts.models import Workspace

    known = dict(Workspace.objects.order_by("id").values_list("id", "name"))
    if workspace_id is not None:
        if workspace_id not in known:
            raise click.UsageError(f"There is no workspace {workspace_id}.")
        return workspace_id
    if not known:
        raise click.UsageError(
            "There is no workspace yet: open the pages (`difusio up`) and answer the first run."
        )
    if len(known) > 1:
        names = ", ".join(f"{key} {name}" for key, name in known.items())
        raise click.UsageError(f"Say which workspace with --workspace: {names}.")
    return next(iter(known))


def last_line(result: object) -> None:
    """Print one JSON object on the last line."""
    click.echo(json.dumps(result, default=_plain, ensure_ascii=False))


def write_lines(file: Path, rows: Iterable[Mapping[str, object]]) -> int:
    """Write rows as JSON lines into a file that only its owner can read; give how many."""
    written = 0
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as lines:
        os.fchmod(handle, 0o600)  # also where the file was there before
        for row in rows:
            lines.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")
            written += 1
    return written


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


workspace_option = click.option(
    "--workspace", "workspace_id", type=int, help="Which workspace, if there are several."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON object on the last line."
)
