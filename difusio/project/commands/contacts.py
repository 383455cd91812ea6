"""Contacts, from the command line."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import (
    json_option,
    last_line,
    with_installation,
    workspace_option,
    workspace_or_only,
)

if TYPE_CHECKING:
    from difusio.project.start import Installation

_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_refused = click.option(
    "--refused",
    "refused_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where refused rows go; without it: beside the file.",
)


@click.group()
def contacts() -> None:
    """Bring people in, with what they bought and what they agreed to."""


@contacts.command("import")
@workspace_option
@_file
@_refused
@json_option
@with_installation
def import_contacts(
    _installation: "Installation",
    workspace_id: int | None,
    file: Path,
    refused_file: Path | None,
    as_json: bool,  # noqa: FBT001  # click hands options over by name
) -> None:
    """Import a CSV of people, with their consent if the file proves it.

    Without wording, source and time a row brings no consent: nobody is written to because they stood in a file.
    """
    from difusio.common.clock import now
    from difusio.imports.people import import_people
    from difusio.project.serving import collect_rarely

    collect_rarely()
    workspace = workspace_or_only(workspace_id)
    done = import_people(
        file,
        workspace_id=workspace,
        by="command line",
        at=now(),
        refused_to=refused_file,
    )
    click.echo(
        f"{done.rows} rows: {done.contacts_new} new people, {done.contacts_updated} changed, "
        f"{done.entries} consent entries."
    )
    _tell_refused(done.refused, done.refused_file)
    for note in done.notes:
        click.echo(note)
    if as_json:
        last_line(
            {
                "rows": done.rows,
                "taken": done.taken,
                "new": done.contacts_new,
                "entries": done.entries,
                "refused": done.refused,
            }
        )


@contacts.command("import-orders")
@workspace_option
@_file
@_refused
@click.option("--shift-days", default=0, help="Move every date by so many days, to try out an old history.")
@json_option
@with_installation
def import_order_history(
    _installation: "Installation",
    workspace_id: int | None,
    file: Path,
    refused_file: Path | None,
    shift_days: int,
    as_json: bool,  # noqa: FBT001  # click hands options over by name
) -> None:
    """Import a CSV of orders: its customers become contacts, its orders `bought` events."""
    from difusio.common.clock import now
    from difusio.imports.orders import import_orders
    from difusio.project.serving import collect_rarely

    collect_rarely()
    workspace = workspace_or_only(workspace_id)
    done = import_orders(
        file,
        workspace_id=workspace,
        by="command line",
        at=now(),
        shift=timedelta(days=shift_days),
        refused_to=refused_file,
    )
    click.echo(f"{done.rows} rows: {done.events_new} new events of {done.contacts_new} new people.")
    _tell_refused(done.refused, done.refused_file)
    for note in done.notes:
        click.echo(note)
    if as_json:
        last_line(
            {
                "rows": done.rows,
                "taken": done.taken,
                "new": done.contacts_new,
                "events": done.events_new,
                "refused": done.refused,
            }
        )


def _tell_refused(refused: int, file: Path | None) -> None:
    if refused:
        click.echo(f"{refused} rows were refused; each with its line and reason in {file}.")
