"""The consent ledger, from the command line."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import (
    json_option,
    last_line,
    with_installation,
    workspace_option,
    workspace_or_only,
    write_lines,
)

if TYPE_CHECKING:
    from difusio.project.start import Installation


@click.group()
def consent() -> None:
    """Topics, proof, and whether the ledger is whole."""


@consent.command("add-topic")
@workspace_option
@click.argument("key")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["marketing", "service"]),
    required=True,
    help="A bare STOP ends all marketing.",
)
@click.option(
    "--at-most", help="What its wording promised, if it did: so many messages in so many days, as 1/30."
)
@with_installation
def new_topic(
    _installation: "Installation",
    workspace_id: int | None,
    key: str,
    name: str,
    kind: str,
    at_most: str | None,
) -> None:
    """Add a subject that people can agree to, as: offers "Ofertes" --kind marketing."""
    from difusio.common.clock import now
    from difusio.consent.models import TopicKind
    from difusio.consent.topics import Promise, TopicKnownError, add_topic

    workspace = workspace_or_only(workspace_id)
    promise = None
    if at_most is not None:
        messages, slash, days = at_most.partition("/")
        if not (slash and messages.isdecimal() and days.isdecimal() and int(messages) and int(days)):
            raise click.UsageError("Write --at-most as 1/30, one message in thirty days.")
        promise = Promise(int(messages), int(days))
    try:
        add_topic(
            workspace,
            key=key,
            name=name,
            kind=TopicKind(kind),
            by="command line",
            at=now(),
            promise=promise,
        )
    except TopicKnownError:
        click.echo(f"Topic {key} was there already.")
    else:
        click.echo(f"Topic {key} is there.")


@consent.command("export")
@workspace_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_installation
def export(_installation: "Installation", workspace_id: int | None, file: Path) -> None:
    """Write the whole ledger with its proof to FILE, one JSON object a line.  It names people: keep it safe."""
    from difusio.consent.export import export

    rows = write_lines(file, export(workspace_or_only(workspace_id)))
    click.echo(f"{rows} entries in {file}.")


@consent.command("verify")
@workspace_option
@json_option
@with_installation
def verify(_installation: "Installation", workspace_id: int | None, as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Check that every entry is as it was written."""
    from difusio.consent.verify import verify

    found = verify(workspace_or_only(workspace_id))
    if found.holds:
        click.echo("The chain holds: every entry is as it was written.")
    else:
        click.echo(
            f"Changed entries: {found.damaged_entries}; broken blocks: {found.damaged_blocks}", err=True
        )
    if as_json:
        last_line({"holds": found.holds, "entries": found.damaged_entries, "blocks": found.damaged_blocks})
    if not found.holds:
        raise SystemExit(1)
